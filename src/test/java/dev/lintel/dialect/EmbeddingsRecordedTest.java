package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import dev.lintel.dialect.Exchanges.Sent;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;

/**
 * What real providers were asked and answered beside chat, where the recordings stand beside the
 * checkout.
 */
class EmbeddingsRecordedTest {
  private static final Dialect OPENAI = new OpenAiEmbeddings();

  @TestFactory
  Stream<DynamicTest> recorded_embeddings_survive() throws IOException {
    return cassettes("embeddings-", EmbeddingsRecordedTest::embeddings);
  }

  @TestFactory
  Stream<DynamicTest> recorded_completions_survive() throws IOException {
    return cassettes("completion-", EmbeddingsRecordedTest::completion);
  }

  private interface Check {
    void run(String request, int status, String reply);
  }

  private static Stream<DynamicTest> cassettes(String prefix, Check check) throws IOException {
    Path folder = recorded("openai-cassettes");
    try (var list = Files.list(folder)) {
      return list
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList()
          .stream()
          .map(file -> dynamicTest(file.getFileName().toString(), () -> run(file, check)));
    }
  }

  private static void run(Path file, Check check) throws IOException {
    var root =
        (Map<?, ?>)
            new Load(LoadSettings.builder().setCodePointLimit(50_000_000).build())
                .loadFromString(Files.readString(file));
    for (Object each : (List<?>) root.get("interactions")) {
      var interaction = (Map<?, ?>) each;
      var response = (Map<?, ?>) interaction.get("response");
      check.run(
          (String) ((Map<?, ?>) interaction.get("request")).get("body"),
          (int) response.get("code"),
          (String) response.get("body"));
    }
  }

  private static void embeddings(String request, int status, String reply) {
    if (status != 200) {
      Failure failure = OPENAI.failure(status, Headers.NONE, reply.getBytes(UTF_8));
      assertThat(failure.kind()).isEqualTo(Failure.Kind.NOT_FOUND);
      return;
    }
    Sent sent = Exchanges.send(OPENAI, OPENAI, request);
    var expected = ((tools.jackson.databind.node.ObjectNode) Json.parse(request)).deepCopy();
    assertThat(sent.body()).isEqualTo(expected.put("model", "target-model"));
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);

    Chunk read = sent.chunk(reply, Map.of());
    JsonNode given = Json.parse(reply);
    assertThat(((Usage) read.parts().getLast()).input())
        .isEqualTo(given.at("/usage/prompt_tokens").asLong());
    // Rewritten, the values are the same, and so they are after a turn through the other format.
    Embed embed = (Embed) sent.request();
    var bare = List.of(new Chunk(read.parts(), Frame.NONE));
    JsonNode again = Json.parse(new String(OPENAI.writer(embed, sent.trail()).whole(bare), UTF_8));
    assertThat(again.at("/data")).isEqualTo(given.at("/data"));
    var vector = (Part.Vector) read.parts().get(1);
    Embed.Format other =
        vector.format() == Embed.Format.FLOAT ? Embed.Format.BASE64 : Embed.Format.FLOAT;
    var turned = new Part.Vector(0, other, Floats.in(other, List.of(vector)).orElseThrow());
    assertThat(Floats.in(Embed.Format.BASE64, List.of(turned)))
        .isEqualTo(Floats.in(Embed.Format.BASE64, List.of(vector)));
  }

  private static void completion(String request, int status, String reply) {
    Dialect dialect = new OpenAiCompletions();
    if (status != 200) {
      assertThat(dialect.failure(status, Headers.NONE, reply.getBytes(UTF_8)).kind())
          .isEqualTo(Failure.Kind.NOT_FOUND);
      return;
    }
    Sent sent = Exchanges.send(dialect, dialect, request);
    if (!reply.startsWith("data:")) {
      assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);
      assertThat(((Usage) sent.chunk(reply, Map.of()).parts().getLast()).total())
          .isEqualTo(Json.parse(reply).at("/usage/total_tokens").asLong());
      return;
    }
    var reader = dialect.reader(sent.request());
    var events = new EventStream(dialect.name());
    var chunks = new ArrayList<Chunk>();
    events.put(reply.getBytes(UTF_8));
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
    reader.end();
    var out = new dev.lintel.Bytes(1024);
    var writer = dialect.writer(sent.request(), sent.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    assertThat(new String(out.take(), UTF_8).strip()).isEqualTo(reply.strip());
  }

  @Test
  void replies_of_other_vendors_are_read() throws IOException {
    Dialect cohere = new CohereEmbeddings();
    Sent bedrock =
        Exchanges.send(
            OPENAI,
            cohere,
            Exchanges.bedrock(),
            false,
            Exchanges.read(OPENAI, text("requests/embeddings/array.json")));
    assertThat(
            bedrock.answer(text("replies/bedrock-cohere/embeddings.json")).at("/data/1/embedding"))
        .isEqualTo(Json.parse("[0.4,0.5,0.6]"));
    Sent google = Exchanges.send(OPENAI, OPENAI, text("requests/embeddings/cohere-v4.json"));
    String reply = text("replies/openai/gemini-embeddings.json");
    assertThat(google.bytes(reply, Map.of())).isEqualTo(reply);
  }

  @Test
  void recorded_reranking_is_read() throws IOException {
    Sent sent =
        Exchanges.send(new JinaRerank(), new CohereRerank(), text("requests/rerank/basic.json"));
    JsonNode answer = sent.answer(text("replies/cohere/rerank.json"));
    assertThat(answer.at("/results/0/index").asInt()).isEqualTo(2);
    assertThat(answer.at("/results/1/relevance_score").decimalValue()).isEqualByComparingTo("0.42");
    assertThatThrownBy(() -> sent.answer(text("replies/bedrock/rerank.json")))
        .as("another language")
        .isInstanceOf(Failure.class);
    Sent extra =
        Exchanges.send(
            new CohereRerank(),
            new CohereRerank(),
            text("requests/rerank/passthrough-fields.json"));
    assertThat(extra.body().at("/truncation").asString()).isEqualTo("END");
  }

  private static String text(String file) throws IOException {
    return Files.readString(recorded(file));
  }

  private static Path recorded(String name) {
    Path found =
        Stream.of("../shared/recorded", "../../shared/recorded")
            .map(place -> Path.of(place).resolve(name))
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    return found;
  }
}
