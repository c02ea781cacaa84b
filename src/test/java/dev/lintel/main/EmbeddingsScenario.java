package dev.lintel.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Vectors over real sockets: any client's language, any provider's, merged and divided. */
class EmbeddingsScenario {
  private static final String SIMS =
      """
      providers:
        o: { kind: sim }
        g: { kind: sim, dialect: gemini }
        c: { kind: sim, dialect: cohere }
        b: { kind: sim, dialect: bedrock }
        a: { kind: sim, dialect: anthropic }
      models:
        chat-first: { targets: [ a/large, o/embed ] }
      """;

  private static List<Float> floats(JsonNode values) {
    var list = new ArrayList<Float>();
    if (values.isString()) {
      var bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(values.asString()))
              .order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        list.add(bytes.getFloat());
      }
    }
    for (JsonNode value : values) {
      list.add(value.decimalValue().floatValue());
    }
    return list;
  }

  private static JsonNode ask(TestGateway gateway, String path, String body) {
    HttpResponse<String> reply = gateway.post(path, body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static JsonNode stats(TestGateway gateway, String provider) {
    URI url = gateway.lintel().providers().get(provider).url();
    return Json.parse(
        gateway.send(HttpRequest.newBuilder(url.resolve("/sim/stats")).GET().build()).body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"o", "g", "c", "b"})
  void every_client_gets_the_same_vectors_from_every_provider(String provider) {
    try (var gateway = TestGateway.of(SIMS)) {
      String model = provider + "/embed+input_tokens=5";
      String openai =
          "{\"model\":\"" + model + "\",\"input\":[\"a beam\",\"a load\"],\"dimensions\":64%s}";
      JsonNode plain = ask(gateway, "/v1/embeddings", openai.formatted(""));
      List<Float> beam = floats(plain.at("/data/0/embedding"));
      List<Float> load = floats(plain.at("/data/1/embedding"));
      assertThat(beam).hasSize(64).isNotEqualTo(load);

      JsonNode packed =
          ask(gateway, "/embeddings", openai.formatted(",\"encoding_format\":\"base64\""));
      assertThat(packed.at("/data/1/embedding").isString()).isTrue();
      assertThat(floats(packed.at("/data/1/embedding"))).isEqualTo(load);
      assertThat(packed.at("/data/1/index").asInt()).isEqualTo(1);

      JsonNode cohere =
          ask(
              gateway,
              "/v2/embed",
              "{\"model\":\""
                  + model
                  + "\",\"texts\":[\"a beam\",\"a load\"],\"input_type\":\"search_query\","
                  + "\"embedding_types\":[\"float\",\"base64\"],\"output_dimension\":64}");
      assertThat(floats(cohere.at("/embeddings/float/0"))).isEqualTo(beam);
      assertThat(floats(cohere.at("/embeddings/base64/1"))).isEqualTo(load);

      String one = "{\"content\":{\"parts\":[{\"text\":\"a beam\"}]},\"outputDimensionality\":64}";
      assertThat(
              floats(
                  ask(gateway, "/v1beta/models/" + model + ":embedContent", one)
                      .at("/embedding/values")))
          .isEqualTo(beam);
      assertThat(
              floats(
                  ask(
                          gateway,
                          "/v1/models/" + model + ":batchEmbedContents",
                          "{\"requests\":[" + one.replace("beam", "load") + "," + one + "]}")
                      .at("/embeddings/0/values")))
          .isEqualTo(load);
    }
  }

  @Test
  void what_a_provider_takes_one_by_one_is_asked_so_and_counted_together() {
    try (var gateway = TestGateway.of(SIMS)) {
      String texts = "\"t0\"";
      for (int i = 1; i < 30; i++) {
        texts += ",\"t" + i + "\"";
      }
      String body = "{\"model\":\"%s\",\"input\":[" + texts + "]}";
      JsonNode one = ask(gateway, "/v1/embeddings", body.formatted("b/embed+input_tokens=3"));
      JsonNode all = ask(gateway, "/v1/embeddings", body.formatted("o/embed"));
      assertThat(one.at("/data")).hasSize(30);
      for (int i = 0; i < 30; i++) {
        assertThat(floats(one.at("/data/" + i + "/embedding")))
            .isEqualTo(floats(all.at("/data/" + i + "/embedding")));
      }
      assertThat(one.at("/usage/prompt_tokens").asInt()).isEqualTo(90);
      assertThat(stats(gateway, "b").at("/answered").asInt()).isEqualTo(30);
    }
  }

  @Test
  void who_has_no_vectors_is_passed_over_or_says_so() {
    try (var gateway = TestGateway.of(SIMS)) {
      var reply = gateway.post("/v1/embeddings", "{\"model\":\"chat-first\",\"input\":\"a beam\"}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("o/embed");
      var none = gateway.post("/v1/embeddings", "{\"model\":\"a/large\",\"input\":\"a beam\"}");
      assertThat(none.statusCode()).isEqualTo(400);
      assertThat(Json.parse(none.body()).at("/error/param").asString()).isEqualTo("model");
    }
  }

  @Test
  void errors_speak_the_callers_language() {
    try (var gateway = TestGateway.of(SIMS)) {
      var openai = gateway.post("/v1/embeddings", "{\"model\":\"o/embed\",\"input\":[]}");
      assertThat(openai.statusCode()).isEqualTo(400);
      assertThat(Json.parse(openai.body()).at("/error/param").asString()).isEqualTo("input");
      var cohere =
          gateway.post(
              "/v2/embed",
              "{\"model\":\"c/embed+fault=429_ms+retry_after=1ms\",\"texts\":[\"a\"],"
                  + "\"input_type\":\"search_query\"}");
      assertThat(cohere.statusCode()).isEqualTo(429);
      assertThat(Json.parse(cohere.body()).at("/lintel/kind").asString())
          .isEqualTo("upstream_rate_limited");
      assertThat(Json.parse(cohere.body()).at("/message").isString()).isTrue();
      var gemini = gateway.post("/v1beta/models/g/embed:embedContent", "{\"content\":{}}");
      assertThat(gemini.statusCode()).isEqualTo(400);
      assertThat(Json.parse(gemini.body()).at("/error/status").asString())
          .isEqualTo("INVALID_ARGUMENT");
      var unknown = gateway.post("/v2/embed", "{\"model\":\"nope\",\"texts\":[\"a\"]}");
      assertThat(unknown.statusCode()).isEqualTo(404);
    }
  }

  @Test
  void reranking_goes_both_ways() {
    try (var gateway = TestGateway.of(SIMS)) {
      String ask =
          "{\"model\":\"%s/rank\",\"query\":\"heavy beam\",\"documents\":[\"a small cat\",\"the heavy beam holds\"],\"top_n\":1%s}";
      for (String provider : List.of("o", "c")) {
        JsonNode jina =
            ask(gateway, "/v1/rerank", ask.formatted(provider, ",\"return_documents\":true"));
        assertThat(jina.at("/results")).hasSize(1);
        assertThat(jina.at("/results/0/index").asInt()).isEqualTo(1);
        assertThat(jina.at("/results/0/document/text").asString())
            .isEqualTo("the heavy beam holds");
        JsonNode cohere = ask(gateway, "/v2/rerank", ask.formatted(provider, ""));
        assertThat(cohere.at("/results/0/index").asInt()).isEqualTo(1);
        assertThat(cohere.at("/results/0/relevance_score"))
            .isEqualTo(jina.at("/results/0/relevance_score"));
      }
      JsonNode counted = ask(gateway, "/rerank", ask.formatted("c", ""));
      assertThat(counted.at("/meta/billed_units/search_units").asInt()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"o", "g", "a"})
  void completions_are_answered_by_every_provider(String provider) {
    try (var gateway = TestGateway.of(SIMS)) {
      String body =
          "{\"model\":\""
              + provider
              + "/small+tokens=8\",\"prompt\":\"Say gates\",\"max_tokens\":50%s}";
      JsonNode whole = ask(gateway, "/v1/completions", body.formatted(""));
      assertThat(whole.at("/object").asString()).isEqualTo("text_completion");
      assertThat(whole.at("/choices/0/text").asString()).contains("gates");
      assertThat(whole.at("/usage/completion_tokens").asInt()).isPositive();

      TestGateway.Raw stream =
          gateway.raw(
              "/completions",
              body.formatted(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
      assertThat(stream.complete()).isTrue();
      var text = new StringBuilder();
      stream
          .body()
          .lines()
          .filter(line -> line.startsWith("data: {"))
          .map(line -> Json.parse(line.substring(6)))
          .forEach(event -> text.append(event.at("/choices/0/text").asString("")));
      assertThat(text.toString()).isEqualTo(whole.at("/choices/0/text").asString());
      assertThat(stream.body()).contains("\"total_tokens\"").endsWith("data: [DONE]\n\n");

      TestGateway.Raw broken =
          gateway.raw(
              "/v1/completions",
              body.formatted(",\"stream\":true").replace("tokens=8", "fault=reset_mid_stream"));
      assertThat(broken.complete()).isFalse();
      assertThat(broken.body()).contains("\"error\"").doesNotContain("[DONE]");
    }
  }

  /** A provider that keeps every request and answers it as the test says. */
  private record Counting(HttpServer server, List<JsonNode> seen) implements AutoCloseable {
    /**
     * @param answer the reply, or a status of three digits alone
     */
    static Counting of(Function<JsonNode, String> answer) throws IOException {
      var server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      var seen = new CopyOnWriteArrayList<JsonNode>();
      server.createContext(
          "/",
          exchange -> {
            byte[] sent = exchange.getRequestBody().readAllBytes();
            ObjectNode body = (ObjectNode) Json.parse(new String(sent, UTF_8));
            body.put("path", exchange.getRequestURI().getPath());
            seen.add(body);
            String reply = answer.apply(body);
            boolean status = reply.length() == 3;
            byte[] bytes =
                (status ? "{\"error\":{\"message\":\"no path\"}}" : reply).getBytes(UTF_8);
            int code =
                status ? Integer.parseInt(reply) : reply.startsWith("{\"error\"") ? 400 : 200;
            exchange.getResponseHeaders().set("content-type", "application/json");
            exchange.sendResponseHeaders(code, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
      return new Counting(server, seen);
    }

    String yaml(String more) {
      return "providers:\n  p: { kind: openai, url: 'http://127.0.0.1:"
          + server.getAddress().getPort()
          + "/v1', key: k }\nmodels:\n  m: { targets: [ p/x ]"
          + more
          + " }\n  p/x: { targets: [ p/x ]"
          + more
          + " }\n"
          + "tenants:\n  t1: { apps: { a: { keys: [ sk-test-0001 ] } } }\n"
          + "  t2: { apps: { a: { keys: [ sk-two ], own_keys: true } } }\n";
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  /** A number for each input, and a token for each character. */
  private static String numbers(JsonNode body) {
    ObjectNode reply = Json.object().put("model", "x");
    ArrayNode data = reply.putArray("data");
    int tokens = 0;
    for (JsonNode input :
        body.path("input").isArray() ? body.get("input") : List.of(body.get("input"))) {
      if (input.asString().equals("poison")) {
        return "{\"error\":{\"message\":\"poison in "
            + body.get("input").size()
            + "\",\"param\":\"input\"}}";
      }
      data.addObject()
          .put("index", data.size() - 1)
          .putArray("embedding")
          .add(input.asString().length());
      tokens += input.asString().length();
    }
    reply.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return reply.toString();
  }

  private static CompletableFuture<HttpResponse<String>> later(
      TestGateway gateway, String key, String text) {
    return CompletableFuture.supplyAsync(
        () ->
            gateway.send(
                HttpRequest.newBuilder(gateway.url().resolve("/v1/embeddings"))
                    .header("authorization", "Bearer " + key)
                    .POST(
                        HttpRequest.BodyPublishers.ofString(
                            "{\"model\":\"m\",\"input\":\"" + text + "\"}"))
                    .build()),
        task -> Thread.ofVirtual().start(task));
  }

  @Test
  void concurrent_callers_of_two_tenants_share_one_request_and_each_pays_its_own()
      throws Exception {
    try (var provider = Counting.of(EmbeddingsScenario::numbers);
        var gateway = TestGateway.of(provider.yaml(", batch: { window: 5s, size: 20 }"))) {
      var replies = new ArrayList<CompletableFuture<HttpResponse<String>>>();
      for (int i = 1; i <= 20; i++) {
        replies.add(later(gateway, i % 2 == 0 ? "sk-two" : TestGateway.KEY, "x".repeat(i)));
      }
      int paid = 0;
      for (int i = 1; i <= 20; i++) {
        var reply = replies.get(i - 1).join();
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        JsonNode body = Json.parse(reply.body());
        assertThat(body.at("/data")).hasSize(1);
        assertThat(body.at("/data/0/embedding/0").asInt()).isEqualTo(i);
        assertThat(body.at("/data/0/index").asInt()).isZero();
        assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("1");
        paid += body.at("/usage/prompt_tokens").asInt();
      }
      assertThat(provider.seen()).as("one request").hasSize(1);
      assertThat(provider.seen().getFirst().at("/input")).hasSize(20);
      assertThat(paid).isEqualTo(210);
    }
  }

  @Test
  void a_poisoned_request_spoils_nobody_elses() throws Exception {
    try (var provider = Counting.of(EmbeddingsScenario::numbers);
        var gateway = TestGateway.of(provider.yaml(", batch: { window: 5s, size: 4 }"))) {
      var replies =
          List.of(
              later(gateway, TestGateway.KEY, "a"),
              later(gateway, "sk-two", "poison"),
              later(gateway, TestGateway.KEY, "bb"),
              later(gateway, "sk-two", "ccc"));
      assertThat(replies.stream().map(reply -> reply.join().statusCode()))
          .containsExactly(200, 400, 200, 200);
      assertThat(replies.get(1).join().body()).contains("poison in 0").doesNotContain("in 4");
      assertThat(provider.seen()).hasSize(5);
    }
  }

  @Test
  void own_keys_are_never_merged() throws Exception {
    try (var provider = Counting.of(EmbeddingsScenario::numbers);
        var gateway = TestGateway.of(provider.yaml(", batch: { window: 5s, size: 2 }"))) {
      var request =
          HttpRequest.newBuilder(gateway.url().resolve("/v1/embeddings"))
              .header("authorization", "Bearer sk-two")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"model\":\"p/x\",\"input\":\"mine\",\"api_key\":\"sk-mine\"}"))
              .build();
      assertThat(gateway.send(request).statusCode()).isEqualTo(200);
      assertThat(provider.seen()).hasSize(1);
    }
  }

  @Test
  void a_server_without_completions_is_asked_for_a_chat_and_remembered() throws Exception {
    Function<JsonNode, String> chats =
        body ->
            body.get("path").asString().endsWith("/chat/completions")
                ? "{\"choices\":[{\"message\":{\"content\":\"gates\"},\"finish_reason\":\"stop\"}]}"
                : "404";
    try (var provider = Counting.of(chats);
        var gateway = TestGateway.of(provider.yaml(""))) {
      for (int i = 0; i < 2; i++) {
        JsonNode reply = ask(gateway, "/v1/completions", "{\"model\":\"m\",\"prompt\":\"hi\"}");
        assertThat(reply.at("/choices/0/text").asString()).isEqualTo("gates");
      }
      assertThat(provider.seen().stream().map(body -> body.get("path").asString()))
          .containsExactly("/v1/completions", "/v1/chat/completions", "/v1/chat/completions");
      var vectors = gateway.post("/v1/embeddings", "{\"model\":\"m\",\"input\":\"x\"}");
      assertThat(vectors.statusCode()).isEqualTo(404);
      assertThat(vectors.body()).contains("no path");
    }
  }
}
