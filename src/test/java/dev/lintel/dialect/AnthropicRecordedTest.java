package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
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
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Recordings that stand beside the checkout go through the common model without a loss. */
class AnthropicRecordedTest {
  private static final AnthropicMessages DIALECT = new AnthropicMessages();

  @TestFactory
  Stream<DynamicTest> requests_keep_everything() throws IOException {
    return files("requests/messages")
        .map(file -> dynamicTest(file.getFileName().toString(), () -> request(file)));
  }

  @TestFactory
  Stream<DynamicTest> replies_keep_everything() throws IOException {
    return files("replies/anthropic")
        .filter(file -> !file.getFileName().toString().startsWith("count_tokens"))
        .map(file -> dynamicTest(file.getFileName().toString(), () -> reply(file)));
  }

  private static void request(Path file) throws IOException {
    byte[] body = Files.readAllBytes(file);
    Chat chat = read(body);
    var trail = new Trail("req", Instant.EPOCH, 0);
    var target = new Target(provider(), chat.model());
    assertThat(DIALECT.write(chat, target, new Adaptation(trail, true)).body()).isEqualTo(body);
    byte[] written =
        DIALECT.write(chat.with(chat.prompt()), target, new Adaptation(trail, true)).body();
    assertThat(trail.adapted()).isEmpty();
    assertThat(Json.parse(new String(written, UTF_8)))
        .isEqualTo(blocks(Json.parse(new String(body, UTF_8))));
  }

  private static void reply(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    var reader = DIALECT.reader(read(REQUEST));
    var chunks = new ArrayList<Chunk>();
    if (bytes[0] == '{') {
      chunks.add(reader.whole(bytes));
      assertThat(whole(chunks)).isEqualTo(Json.parse(new String(bytes, UTF_8)));
    } else {
      var events = new EventStream("anthropic");
      events.put(bytes);
      events.end();
      for (Frame frame = events.next(); frame != null; frame = events.next()) {
        chunks.add(reader.event(frame));
      }
      reader.end();
      assertThat(parsed(stream(chunks))).isEqualTo(parsed(new String(bytes, UTF_8)));
    }
    JsonNode passed = whole(chunks);
    chunks.replaceAll(chunk -> new Chunk(chunk.parts(), Frame.NONE));
    JsonNode rewritten = whole(chunks);
    for (String field : List.of("id", "model", "content", "stop_reason", "stop_sequence")) {
      assertThat(rewritten.path(field)).as(field).isEqualTo(passed.path(field));
    }
    for (String field :
        List.of(
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens")) {
      assertThat(rewritten.path("usage").path(field).asLong(0))
          .as(field)
          .isEqualTo(passed.path("usage").path(field).asLong(0));
    }
    assertThat(content(stream(chunks))).isEqualTo(passed.path("content"));
  }

  private static final byte[] REQUEST =
      "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
          .getBytes(UTF_8);

  private static JsonNode whole(List<Chunk> chunks) {
    byte[] body = DIALECT.writer(read(REQUEST), Fakes.trail()).whole(chunks);
    return Json.parse(new String(body, UTF_8));
  }

  private static String stream(List<Chunk> chunks) {
    var out = new Bytes(256);
    var writer = DIALECT.writer(read(REQUEST), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return new String(out.take(), UTF_8);
  }

  private static List<JsonNode> parsed(String wire) {
    var events = new EventStream("");
    events.put(wire.getBytes(UTF_8));
    var list = new ArrayList<JsonNode>();
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      list.add(Json.parse(frame.text()));
    }
    return list;
  }

  /** What a client makes of a stream, read by the dialect's own reader. */
  private static JsonNode content(String wire) {
    var events = new EventStream("");
    events.put(wire.getBytes(UTF_8));
    var reader = DIALECT.reader(read(REQUEST));
    var chunks = new ArrayList<Chunk>();
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(new Chunk(reader.event(frame).parts(), Frame.NONE));
    }
    reader.end();
    return whole(chunks).path("content");
  }

  /** The request with every content that is a string as the block it stands for. */
  private static JsonNode blocks(JsonNode request) {
    for (JsonNode message : request.path("messages")) {
      string((ObjectNode) message, "content");
      for (JsonNode block : message.path("content")) {
        string((ObjectNode) block, "content");
      }
    }
    string((ObjectNode) request, "system");
    return request;
  }

  private static void string(ObjectNode holder, String field) {
    if (holder.path(field).isString()) {
      ArrayNode blocks = Json.array();
      blocks.addObject().put("type", "text").put("text", holder.get(field).asString());
      holder.set(field, blocks);
    }
  }

  private static Chat read(byte[] body) {
    return (Chat) DIALECT.read(new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body)));
  }

  private static Provider provider() {
    return new Provider(
        "claude",
        DIALECT,
        URI.create("http://127.0.0.1:1"),
        Provider.Auth.NONE,
        List.of(Credential.NONE),
        Map.of(),
        Provider.Transport.PLAIN,
        Provider.Quirks.NONE);
  }

  private static Stream<Path> files(String folder) throws IOException {
    Path found =
        Stream.of("../shared", "../../shared")
            .map(parent -> Path.of(parent, "recorded", folder))
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    try (var list = Files.list(found)) {
      return list.sorted().toList().stream();
    }
  }
}
