package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Frame;
import dev.lintel.upstream.AwsFraming;
import java.util.ArrayList;
import java.util.List;

/** Bedrock's binary streams in a form that people read: a line an event, its name and its JSON. */
final class Bedrocks {
  private Bedrocks() {}

  static byte[] binary(String lines) {
    var out = new Bytes(1024);
    for (String line : lines.strip().split("\n")) {
      int space = line.indexOf(' ');
      String name = line.substring(0, space);
      AwsEvent event =
          name.startsWith("exception/")
              ? AwsEvent.exception(name.substring(name.indexOf('/') + 1))
              : AwsEvent.named(name);
      event.write(line.substring(space + 1).getBytes(UTF_8), out);
    }
    return out.take();
  }

  static List<Frame> frames(byte[] bytes) {
    var framing = new AwsFraming(BedrockWords.NAME);
    var frames = new ArrayList<Frame>();
    framing.put(bytes);
    framing.end();
    for (Frame frame = framing.next(); frame != null; frame = framing.next()) {
      frames.add(frame);
    }
    return frames;
  }

  static Frame frame(String line) {
    return frames(binary(line)).getFirst();
  }

  static List<String> lines(byte[] bytes) {
    return frames(bytes).stream().map(frame -> frame.event() + " " + frame.text()).toList();
  }
}
