package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Bytes;
import dev.lintel.Frame;
import dev.lintel.Json;
import java.util.Base64;
import tools.jackson.databind.JsonNode;

/**
 * What Bedrock's InvokeModel streams: events in the model's own words, each in base64 within one of
 * AWS's.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 */
final class BedrockChunk {
  private static final String CHUNK = "chunk";
  private static final byte[] EVENT = "event: ".getBytes(UTF_8);
  private static final byte[] DATA = "\ndata: ".getBytes(UTF_8);
  private static final byte[] END = "\n\n".getBytes(UTF_8);

  private BedrockChunk() {}

  static boolean is(Frame frame) {
    return frame.event().equals(CHUNK);
  }

  /** The event within, framed as its own vendor frames it. */
  static Frame unwrapped(Frame frame) {
    JsonNode wrapped = Json.parse(frame.data(), frame.dataOffset(), frame.dataLength());
    byte[] data = Base64.getDecoder().decode(wrapped.path("bytes").asString(""));
    String type = Json.parse(data, 0, data.length).path("type").asString("");
    byte[] name = type.getBytes(UTF_8);
    byte[] raw =
        new Bytes(data.length + name.length + 16)
            .add(EVENT)
            .add(name)
            .add(DATA)
            .add(data)
            .add(END)
            .take();
    int at = EVENT.length + name.length + DATA.length;
    return new Frame(frame.dialect(), false, type, raw, at, data.length, raw, 0, raw.length);
  }
}
