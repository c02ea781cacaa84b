package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A caller that may ask is told why its call went where it went. */
class ExplainScenario {
  private static final String CHAT =
      "\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
  private static final String CONTENTS = "\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]";
  @TempDir private static Path data;
  private static TestGateway gateway;

  /** No app is configured, so that the first start's caller calls, who may ask. */
  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              openai: { kind: sim }
              claude: { kind: sim, dialect: anthropic }
              gem: { kind: sim, dialect: gemini }
              coh: { kind: sim, dialect: cohere }
              bed: { kind: sim, dialect: bedrock }
            models:
              openai: { targets: [ "openai/a+fault=503", openai/b ] }
              claude: { targets: [ "claude/a+fault=503", claude/b ] }
              gem: { targets: [ "gem/a+fault=503", gem/b ] }
              coh: { targets: [ "coh/a+fault=503", coh/b ] }
              bed: { targets: [ "bed/a+fault=503", bed/b ] }
              bad: { targets: [ "openai/a+fault=503", "openai/b+fault=500" ] }
            tenants: {}
            data: %s
            """
                .formatted(data));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "/v1/chat/completions; openai; " + CHAT,
        "/v1/chat/completions; claude; " + CHAT,
        "/openai/deployments/openai/chat/completions; openai; " + CHAT,
        "/v1/responses; openai; 'input':'Hello'",
        "/v1/responses; gem; 'input':'Hello'",
        "/v1/messages; claude; " + CHAT,
        "/v1/messages; openai; " + CHAT,
        "/v1beta/models/gem:generateContent; gem; " + CONTENTS,
        "/v1beta/models/claude:generateContent; claude; " + CONTENTS,
        "/v2/chat; coh; " + CHAT,
        "/v2/chat; openai; " + CHAT,
        "/model/bed/converse; bed; 'messages':[{'role':'user','content':[{'text':'Hello'}]}]",
        "/model/openai/converse; openai; 'messages':[{'role':'user','content':[{'text':'Hello'}]}]",
        "/v1/completions; openai; 'prompt':'Hello'",
        "/v1/embeddings; openai; 'input':'Hello'",
        "/v2/embed; coh; 'texts':['Hello'],'input_type':'search_query','embedding_types':['float']",
        "/v1/chat; openai; " + CHAT,
        "/v1/moderations; openai; 'input':'Hello'",
      })
  void a_whole_reply_of_every_dialect_has_the_decision_and_nothing_else_changes(
      String path, String model, String rest) {
    String fields = rest.strip().replace('\'', '"');
    String body =
        path.startsWith("/model/") || path.startsWith("/v1beta/")
            ? "{" + fields + "}"
            : "{\"model\":\"" + model + "\"," + fields + "}";
    var plain = ask(path, body, null);
    assertThat(plain.statusCode()).as(plain.body()).isEqualTo(200);
    assertThat(Json.parse(plain.body()).has("lintel")).isFalse();
    var told = ask(path, body, "true");
    assertThat(told.statusCode()).as(told.body()).isEqualTo(200);
    var reply = (ObjectNode) Json.parse(told.body());
    JsonNode decision = reply.path("lintel").path("decision");
    String provider = decision.path(1).path("target").asString("");
    assertThat(provider).isEqualTo(model + "/b");
    assertThat(decision.path(0).propertyNames())
        .containsExactly("target", "excluded", "score", "order");
    assertThat(told.headers().firstValue("x-lintel-target")).contains(provider);
    reply.remove("lintel");
    assertThat(reply.propertyNames())
        .containsExactlyElementsOf(Json.parse(plain.body()).propertyNames());
  }

  @Test
  void a_providers_bytes_stay_as_they_are_around_it() throws Exception {
    String reply =
        "{ \"id\":\"x\", \"object\":\"chat.completion\",\"created\":1.0, \"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\\u0041\"},\"finish_reason\":\"stop\"}], \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2},\"odd\" : 1e2 }\n";
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer("200 OK", "", reply);
              }
            });
        var raw =
            TestGateway.of(
                "providers: { p: { kind: openai, url: \"http://127.0.0.1:"
                    + provider.port()
                    + "/v1\", key: k } }\nmodels: { m: p/m }\ntenants: {}\n")) {
      var told = ask(raw, "/v1/chat/completions", "{\"model\":\"m\"," + CHAT + "}", "true");
      assertThat(told.body())
          .contains("\"id\":\"x\"", "\"created\":1.0", "Hi\\u0041", "\"odd\" : 1e2")
          .endsWith(
              ",\"lintel\":{\"decision\":[{\"target\":\"p/m\",\"excluded\":null,\"score\":0.0,\"order\":1}]}}");
      assertThat(provider.heads()).allSatisfy(head -> assertThat(head).doesNotContain("explain"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/chat/completions", "/v1/messages"})
  void a_failure_has_the_decision_too(String path) {
    var told = ask(path, "{\"model\":\"bad\"," + CHAT + "}", "true");
    assertThat(told.statusCode()).as(told.body()).isGreaterThanOrEqualTo(500);
    JsonNode lintel = Json.parse(told.body()).path("error").path("lintel");
    assertThat(lintel.path("decision")).hasSize(2);
    assertThat(lintel.path("attempts")).isNotEmpty();
    var plain = ask(path, "{\"model\":\"bad\"," + CHAT + "}", "false");
    assertThat(Json.parse(plain.body()).path("error").path("lintel").has("decision")).isFalse();
  }

  @Test
  void a_stream_stays_as_it_is() {
    var told =
        ask("/v1/chat/completions", "{\"model\":\"openai\",\"stream\":true," + CHAT + "}", "true");
    assertThat(told.statusCode()).isEqualTo(200);
    assertThat(told.body()).contains("[DONE]").doesNotContain("decision");
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "", "1"})
  void a_value_that_makes_no_sense_is_refused_by_the_headers_name(String value) {
    var told = ask("/v1/chat/completions", "{\"model\":\"openai\"," + CHAT + "}", value);
    assertThat(told.statusCode()).isEqualTo(400);
    assertThat(told.body()).contains("x-lintel-explain");
  }

  @Test
  void it_is_no_term_of_the_body() {
    var told =
        ask(
            "/v1/chat/completions",
            "{\"model\":\"openai\",\"lintel\":{\"explain\":true}," + CHAT + "}",
            null);
    assertThat(told.statusCode()).isEqualTo(400);
    assertThat(told.body()).contains("lintel.explain");
  }

  @Test
  void an_app_of_the_file_may_ask_where_the_file_says_so() {
    try (var open =
        TestGateway.of(
            "providers: { p: { kind: sim } }\nmodels: { m: p/m }\ntenants: { t: { apps: { a: { keys: [ "
                + TestGateway.KEY
                + " ], explain: true } } } }\n")) {
      var reply =
          open.send(
              open.request("/v1/chat/completions")
                  .header("x-lintel-explain", "true")
                  .POST(BodyPublishers.ofString("{\"model\":\"m\"," + CHAT + "}"))
                  .build());
      assertThat(Json.parse(reply.body()).path("lintel").path("decision")).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "yes"})
  void an_app_that_may_not_ask_is_answered_as_if_it_had_not(String asked) {
    try (var closed = TestGateway.of("providers: { p: { kind: sim } }\nmodels: { m: p/m }\n")) {
      var reply =
          closed.send(
              closed
                  .request("/v1/chat/completions")
                  .header("x-lintel-explain", asked)
                  .POST(BodyPublishers.ofString("{\"model\":\"m\"," + CHAT + "}"))
                  .build());
      assertThat(reply.statusCode()).isEqualTo(200);
      assertThat(Json.parse(reply.body()).has("lintel")).isFalse();
    }
  }

  /** A reply that is given again was decided upon another time. */
  @Test
  void a_reply_that_is_given_again_has_nobodys_decision() {
    String body = "{\"model\":\"openai\"," + CHAT + "}";
    var first = keyed(body, "true");
    assertThat(Json.parse(first.body()).has("lintel")).isTrue();
    for (String explain : new String[] {"false", "true"}) {
      var again = keyed(body, explain);
      assertThat(again.headers().firstValue("x-lintel-replayed")).contains("true");
      assertThat(Json.parse(again.body()).has("lintel")).isFalse();
      assertThat(Json.parse(again.body()).path("id"))
          .isEqualTo(Json.parse(first.body()).path("id"));
    }
  }

  private static HttpResponse<String> keyed(String body, String explain) {
    return gateway.send(
        to(gateway, "/v1/chat/completions", body)
            .header("idempotency-key", "once")
            .header("x-lintel-explain", explain)
            .build());
  }

  private static HttpResponse<String> ask(String path, String body, String explain) {
    return ask(gateway, path, body, explain);
  }

  private static HttpResponse<String> ask(
      TestGateway asked, String path, String body, String explain) {
    var request = to(asked, path, body);
    if (explain != null) {
      request.header("x-lintel-explain", explain);
    }
    return asked.send(request.build());
  }

  private static HttpRequest.Builder to(TestGateway asked, String path, String body) {
    return HttpRequest.newBuilder(URI.create(asked.url() + path))
        .header("authorization", "Bearer " + TestGateway.STORED_KEY)
        .header("content-type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }
}
