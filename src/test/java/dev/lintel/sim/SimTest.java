package dev.lintel.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Route;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class SimTest {
  private static final Prompt PROMPT = Prompts.user("Tell me of gates.");

  private static JsonNode ask(Sim sim, String path, String body) throws Exception {
    var exchange = new FakeExchange("POST", path, Map.of("model", "m"), Map.of(), body);
    return Json.parse(exchange.servedBy(Prompts.post(sim, path)).text());
  }

  private static JsonNode get(Sim sim, String path, Map<String, String> headers) throws Exception {
    var exchange = new FakeExchange("GET", path, Map.of(), headers, "");
    return Json.parse(exchange.servedBy(Prompts.endpoint(sim, "GET", path)).text());
  }

  @Test
  void every_vendors_paths_are_served() {
    var sim =
        new Sim(
            List.of(
                new FakeDialect("openai", PROMPT),
                new FakeDialect("anthropic", PROMPT),
                new FakeDialect("gemini", PROMPT)),
            SimOptions.USUAL);
    assertThat(sim.routes().stream().map(Route::path))
        .contains(
            "/v1/chat/completions",
            "/v1/embeddings",
            "/v1/messages",
            "/v1beta/models/{model}:generateContent",
            "/v1/models/{model}:streamGenerateContent",
            "/v1beta/models/{model}:embedContent",
            "/v1/models",
            "/v1beta/models",
            "/sim/stats",
            "/sim/requests")
        .doesNotHaveDuplicates();
  }

  @Test
  void a_dialect_that_nobody_simulates_is_left_aside() {
    assertThat(Prompts.sim("klingon", PROMPT).routes())
        .extracting(dev.lintel.Route::method)
        .containsOnly("GET");
  }

  @ParameterizedTest
  @CsvSource({
    "openai, /v1/chat/completions, /error/type, invalid_request_error",
    "anthropic, /v1/messages, /error/type, invalid_request_error",
    "gemini, /v1beta/models/{model}:generateContent, /error/status, INVALID_ARGUMENT"
  })
  void a_wrong_request_is_refused_as_the_vendor_would(
      String dialect, String path, String pointer, String word) throws Exception {
    Sim sim = Prompts.sim(dialect, PROMPT);
    JsonNode error = ask(sim, path, "{\"model\":7}");
    assertThat(error.at(pointer).asString()).isEqualTo(word);
    assertThat(error.at("/error/message").asString()).contains("'model'");
    assertThat(sim.stats()).isEqualTo(new Sim.Stats(1, 0, 0, 1, 0, 0, 0));
  }

  @Test
  void an_unknown_option_is_refused_with_a_list_of_the_known_ones() throws Exception {
    JsonNode error =
        ask(
            Prompts.sim("openai", PROMPT),
            "/v1/chat/completions",
            FakeExchange.body("small+speed=9", false));
    assertThat(error.at("/error/message").asString()).contains("'speed'", "tokens_per_second");
  }

  @ParameterizedTest
  @CsvSource({"ttft,5", "ttft,-5ms", "tokens,1.5", "tokens,1000000", "image,yes", "stop,never"})
  void a_value_that_makes_no_sense_is_refused_by_its_options_name(String name, String value) {
    assertThatThrownBy(() -> SimOptions.of(Map.of(name, value)))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("'" + name + "'");
  }

  @Test
  void an_answer_takes_its_time_to_the_first_byte_and_keeps_its_pace() throws Exception {
    Sim sim = Prompts.sim("openai", PROMPT);
    for (boolean stream : new boolean[] {true, false}) {
      String model = "small+ttft=60ms+tokens=11+tokens_per_second=100";
      var exchange =
          new FakeExchange("POST", "/", Map.of(), Map.of(), FakeExchange.body(model, stream));
      long start = System.nanoTime();
      exchange.servedBy(Prompts.post(sim, "/v1/chat/completions"));
      assertThat((System.nanoTime() - start) / 1_000_000).isBetween(160L, 20_000L);
    }
  }

  @Test
  void received_requests_are_shown_with_a_fingerprint_in_their_keys_place() throws Exception {
    Sim sim = Prompts.sim("openai", PROMPT);
    String body = "{\"model\":\"small\",\"api_key\":\"sk-secret\"}";
    for (String name : List.of("authorization", "x-api-key")) {
      String value = name.equals("authorization") ? "Bearer sk-secret" : "sk-secret";
      new FakeExchange("POST", "/v1/chat/completions", Map.of(), Map.of(name, value), body)
          .servedBy(Prompts.post(sim, "/v1/chat/completions"));
    }
    JsonNode seen = get(sim, "/sim/requests", Map.of()).get("data");
    assertThat(seen.toString()).doesNotContain("sk-secret");
    String bearer = seen.get(0).at("/headers/authorization").asString();
    assertThat(bearer).isEqualTo("Bearer " + seen.get(1).at("/headers/x-api-key").asString());
    assertThat(seen.get(0).at("/body/model").asString()).isEqualTo("small");
    assertThat(seen.get(0).get("outcome").asString()).isEqualTo("answered");
    assertThat(get(sim, "/sim/stats", Map.of()).get("answered").asInt()).isEqualTo(2);
  }

  @Test
  void models_are_listed_in_the_dialect_of_who_asks() throws Exception {
    var sim =
        new Sim(
            List.of(new FakeDialect("openai", PROMPT), new FakeDialect("anthropic", PROMPT)),
            SimOptions.USUAL);
    assertThat(get(sim, "/v1/models", Map.of()).get("models").asString()).startsWith("openai[");
    assertThat(get(sim, "/v1/models", Map.of("anthropic-version", "2023-06-01")).toString())
        .contains("anthropic[");
  }

  @Test
  void openai_embeddings_are_unit_vectors_in_the_order_and_size_asked_for() throws Exception {
    Sim sim = Prompts.sim("openai", PROMPT);
    JsonNode reply =
        ask(
            sim,
            "/v1/embeddings",
            "{\"model\":\"embed\",\"input\":[\"old stone gate\",\"old stone door\",\"fish\"],"
                + "\"dimensions\":64}");
    assertThat(reply.get("data")).hasSize(3);
    assertThat(reply.at("/data/2/index").asInt()).isEqualTo(2);
    float[] gate = vector(reply.at("/data/0/embedding"));
    float[] door = vector(reply.at("/data/1/embedding"));
    float[] fish = vector(reply.at("/data/2/embedding"));
    assertThat(gate).hasSize(64);
    assertThat(dot(gate, gate)).isCloseTo(1.0, within(1e-4));
    assertThat(dot(gate, door)).isGreaterThan(dot(gate, fish) + 0.2);
    assertThat(reply.at("/usage/total_tokens").asInt()).isPositive();
  }

  @Test
  void openai_embeddings_in_base64_are_the_same_floats() throws Exception {
    Sim sim = Prompts.sim("openai", PROMPT);
    String ask = "{\"model\":\"embed\",\"input\":\"gate\",\"dimensions\":8";
    float[] plain = vector(ask(sim, "/v1/embeddings", ask + "}").at("/data/0/embedding"));
    String packed =
        ask(sim, "/v1/embeddings", ask + ",\"encoding_format\":\"base64\"}")
            .at("/data/0/embedding")
            .asString();
    float[] unpacked = new float[8];
    ByteBuffer.wrap(Base64.getDecoder().decode(packed))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(unpacked);
    assertThat(unpacked).containsExactly(plain);
  }

  @Test
  void gemini_embeds_one_content_or_several() throws Exception {
    Sim sim = Prompts.sim("gemini", PROMPT);
    String one = "{\"content\":{\"parts\":[{\"text\":\"gate\"}]},\"outputDimensionality\":16}";
    JsonNode single = ask(sim, "/v1beta/models/{model}:embedContent", one);
    assertThat(single.at("/embedding/values")).hasSize(16);
    JsonNode several =
        ask(
            sim,
            "/v1beta/models/{model}:batchEmbedContents",
            "{\"requests\":[" + one + "," + one + "]}");
    assertThat(several.get("embeddings")).hasSize(2);
    assertThat(several.at("/embeddings/1")).isEqualTo(single.get("embedding"));
  }

  @Test
  void an_embedding_fails_as_it_is_asked_to() throws Exception {
    Sim sim = Prompts.sim("openai", PROMPT);
    var exchange =
        new FakeExchange(
            "POST",
            "/v1/embeddings",
            Map.of(),
            Map.of("x-sim-fault", "503"),
            "{\"model\":\"embed\",\"input\":\"gate\"}");
    assertThat(exchange.servedBy(Prompts.post(sim, "/v1/embeddings")).done)
        .containsExactly("answer 503");
  }

  private static float[] vector(JsonNode array) {
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = array.get(i).floatValue();
    }
    return vector;
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
