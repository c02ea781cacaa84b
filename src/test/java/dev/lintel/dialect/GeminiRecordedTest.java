package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What providers and clients really sent, where the recordings stand beside the checkout. */
class GeminiRecordedTest {
  private final Gemini gemini = new Gemini();

  @Test
  void recorded_requests_lose_nothing_when_they_are_rewritten() throws IOException {
    for (Path file : recorded("requests/gemini")) {
      byte[] bytes = Files.readAllBytes(file);
      Chat chat = chat("generateContent", bytes);
      assertThat(write(chat)).as("passed through: " + file).isEqualTo(bytes);
      byte[] rewritten = write(chat.with(chat.prompt()));
      var lost = leaves(Json.parse(bytes, 0, bytes.length));
      leaves(Json.parse(rewritten, 0, rewritten.length)).forEach(lost::remove);
      assertThat(lost).as("lost of " + file).isEmpty();
    }
  }

  @Test
  void recorded_replies_lose_nothing_when_they_are_rewritten() throws IOException {
    for (Path file : recorded("replies/vertex-gemini")) {
      byte[] bytes = Files.readAllBytes(file);
      boolean stream = new String(bytes, UTF_8).startsWith("data:");
      Chat chat = chat(stream ? "streamGenerateContent" : "generateContent", bytes("{}"));
      var chunks = new ArrayList<Chunk>();
      var before = new ArrayList<String>();
      try {
        if (stream) {
          var reader = gemini.reader(chat);
          for (Frame frame : frames(bytes)) {
            chunks.add(reader.event(frame));
            before.addAll(leaves(Json.parse(frame.text())));
          }
          reader.end();
        } else {
          chunks.add(gemini.reader(chat).whole(bytes));
          before.addAll(leaves(Json.parse(bytes, 0, bytes.length)));
        }
      } catch (Failure refused) {
        assertThat(file.getFileName().toString()).isEqualTo("blocked.json");
        assertThat(refused.kind()).isEqualTo(Failure.Kind.CONTENT_BLOCKED);
        continue;
      }
      chunks.replaceAll(chunk -> new Chunk(chunk.parts(), Frame.NONE));
      var writer = gemini.writer(chat, Fakes.trail());
      var after = new ArrayList<String>();
      if (stream) {
        var out = new Bytes(64);
        chunks.forEach(chunk -> writer.event(chunk, out));
        writer.end(out);
        for (JsonNode event : Json.parse(new String(out.take(), UTF_8))) {
          after.addAll(leaves(event));
        }
      } else {
        byte[] body = writer.whole(chunks);
        after.addAll(leaves(Json.parse(body, 0, body.length)));
      }
      after.forEach(before::remove);
      assertThat(before).as("lost of " + file).isEmpty();
    }
  }

  private static List<Path> recorded(String folder) throws IOException {
    for (String shared : List.of("../shared/recorded", "../../shared/recorded")) {
      Path path = Path.of(shared, folder);
      if (Files.isDirectory(path)) {
        try (var files = Files.list(path)) {
          return files.sorted().toList();
        }
      }
    }
    assumeThat(false).as("no recordings beside the checkout").isTrue();
    return List.of();
  }

  /** Every scalar with the name it stands under; schemas write their types in either case. */
  private static List<String> leaves(JsonNode node) {
    var list = new ArrayList<String>();
    leaves("", node, list);
    return list;
  }

  private static void leaves(String name, JsonNode node, List<String> list) {
    if (node.isObject() && !node.isEmpty()) {
      node.properties().forEach(field -> leaves(field.getKey(), field.getValue(), list));
    } else if (node.isArray() && !node.isEmpty()) {
      node.forEach(element -> leaves(name + "[]", element, list));
    } else if (!name.equals("role")) {
      // Neighbouring turns of one role are merged into one.
      list.add((name + "=" + node).toLowerCase(Locale.ROOT));
    }
  }

  private Chat chat(String method, byte[] body) {
    byte[] asked = new String(body, UTF_8).equals("{}") ? bytes("{\"contents\":[{}]}") : body;
    return Chat.of(
        gemini.read(
            new Inbound(
                Map.of("model", "m", "method", method), Map.of(), Headers.NONE, Body.scan(asked))));
  }

  private byte[] write(Chat chat) {
    var provider =
        new Provider(
            "p",
            gemini,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    var adaptation = new Adaptation(new Trail("r", Instant.EPOCH, 0), true);
    return gemini.write(chat, new Target(provider, "m"), adaptation).body();
  }

  private static List<Frame> frames(byte[] bytes) {
    var stream = new EventStream("gemini");
    var frames = new ArrayList<Frame>();
    stream.put(bytes);
    stream.end();
    for (Frame frame = stream.next(); frame != null; frame = stream.next()) {
      frames.add(frame);
    }
    return frames;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
