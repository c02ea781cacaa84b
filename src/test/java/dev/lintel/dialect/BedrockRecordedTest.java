package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Recordings that stand beside the checkout go through the common model without a loss. */
class BedrockRecordedTest {
  private static final BedrockConverse DIALECT = new BedrockConverse();

  @TestFactory
  Stream<DynamicTest> replies_keep_everything() throws IOException {
    return files()
        .filter(file -> !file.getFileName().toString().startsWith("rerank"))
        .map(file -> dynamicTest(file.getFileName().toString(), () -> reply(file)));
  }

  private static void reply(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    boolean stream = file.toString().endsWith(".bin");
    var reader = DIALECT.reader(chat(stream));
    var chunks = new ArrayList<Chunk>();
    if (stream) {
      for (Frame frame : Bedrocks.frames(bytes)) {
        chunks.add(reader.event(frame));
      }
      reader.end();
      assertThat(reader.done()).isTrue();
      assertThat(stream(chunks)).isEqualTo(bytes);
    } else {
      chunks.add(reader.whole(bytes));
      assertThat(whole(chunks)).isEqualTo(bytes);
    }
    List<Part> parts = chunks.stream().flatMap(chunk -> chunk.parts().stream()).toList();
    chunks.replaceAll(chunk -> new Chunk(chunk.parts(), Frame.NONE));
    JsonNode rewritten = Json.parse(new String(whole(chunks), UTF_8));
    if (!stream) {
      JsonNode passed = Json.parse(new String(bytes, UTF_8));
      for (String field : List.of("output", "stopReason")) {
        assertThat(rewritten.path(field)).as(field).isEqualTo(passed.path(field));
      }
      for (String count : List.of("inputTokens", "outputTokens", "cacheWriteInputTokens")) {
        assertThat(rewritten.path("usage").path(count).asLong(0))
            .as(count)
            .isEqualTo(passed.path("usage").path(count).asLong(0));
      }
    }
    // What a client makes of the stream written anew is what it makes of the reply written whole.
    var again = new ArrayList<Chunk>();
    var second = DIALECT.reader(chat(true));
    for (Frame frame : Bedrocks.frames(stream(chunks))) {
      again.add(new Chunk(second.event(frame).parts(), Frame.NONE));
    }
    second.end();
    JsonNode folded = Json.parse(new String(whole(again), UTF_8));
    ((ObjectNode) folded).remove("metrics");
    ((ObjectNode) rewritten).remove("metrics");
    assertThat(folded).isEqualTo(rewritten);
    assertThat(parts).isNotEmpty();
  }

  private static byte[] whole(List<Chunk> chunks) {
    return DIALECT.writer(chat(false), Fakes.trail()).whole(chunks);
  }

  private static byte[] stream(List<Chunk> chunks) {
    var out = new Bytes(256);
    var writer = DIALECT.writer(chat(true), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return out.take();
  }

  private static Chat chat(boolean stream) {
    byte[] body =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]}".getBytes(UTF_8);
    String method = stream ? "converse-stream" : "converse";
    return (Chat)
        DIALECT.read(
            new Inbound(
                Map.of("model", "m", "method", method), Map.of(), Headers.NONE, Body.scan(body)));
  }

  private static Stream<Path> files() throws IOException {
    Path found =
        Stream.of("../shared", "../../shared")
            .map(parent -> Path.of(parent, "recorded", "replies/bedrock"))
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    try (var list = Files.list(found)) {
      return list.sorted().toList().stream();
    }
  }
}
