package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a client of Cohere's dialect sees on a real socket, whoever answers. */
class CohereScenario {
  private static final String TOOLS =
      """
      [{"type": "function", "function": {"name": "get_weather", "parameters":
         {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
      """;

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              openai: { kind: sim, preface: true }
              anthropic: { kind: sim, dialect: anthropic, verify: true, preface: true }
              gemini: { kind: sim, dialect: gemini, verify: true, preface: true }
              cohere: { kind: sim, dialect: cohere, preface: true }
              refusing: { kind: sim, stop: refusal }
              cut: { kind: sim, dialect: anthropic, fault: error_mid_stream }
              away: { kind: openai, url: 'http://127.0.0.1:1/v1', key: none }
            models:
              fast: { targets: [ openai/m ] }
              away: { targets: [ away/m ], retry: { attempts: 1 } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static ObjectNode ask(String model, boolean stream) {
    ObjectNode body = Json.object().put("model", model).put("stream", stream);
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "What is the weather in Paris?");
    return body;
  }

  @ParameterizedTest
  @CsvSource({
    "openai, false", "openai, true", "anthropic, false", "anthropic, true",
    "gemini, false", "gemini, true", "cohere, false", "cohere, true"
  })
  void a_tool_loop_with_thinking_comes_through_whoever_answers(String provider, boolean stream) {
    ObjectNode body = ask(provider + "/m", stream);
    body.set("tools", Json.parse(TOOLS));
    body.put("tool_choice", "REQUIRED");
    if (!provider.equals("anthropic")) {
      body.putObject("thinking").put("type", "enabled").put("token_budget", 1024);
    } else {
      body.remove("tool_choice");
      body.putObject("thinking").put("type", "enabled").put("token_budget", 1024);
    }
    for (int turn = 0; turn < 2; turn++) {
      ObjectNode message = answer(body, stream);
      assertThat(message.path("tool_calls")).as(message.toPrettyString()).isNotEmpty();
      assertThat(message.path("tool_plan").asString("")).startsWith("I will ask the tools");
      ArrayNode messages = (ArrayNode) body.get("messages");
      messages.add(message);
      for (JsonNode call : message.path("tool_calls")) {
        assertThat(Json.parse(call.path("function").path("arguments").asString()).isObject())
            .isTrue();
        messages
            .addObject()
            .put("role", "tool")
            .put("tool_call_id", call.path("id").asString())
            .putArray("content")
            .addObject()
            .put("type", "document")
            .putObject("document")
            .putObject("data")
            .put("temperature", "21");
      }
      body.remove("tool_choice");
      ObjectNode said = answer(body, stream);
      assertThat(said.path("content").toString()).contains("The tools answered", "21");
      messages.add(said);
      messages.addObject().put("role", "user").put("content", "And the weather in Rome?");
    }
  }

  /** The assistant's message, put together as an SDK would. */
  private static ObjectNode answer(ObjectNode body, boolean stream) {
    HttpResponse<String> response = gateway.post("/v2/chat", Json.text(body));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    if (!stream) {
      return (ObjectNode) Json.parse(response.body()).path("message");
    }
    assertThat(response.body()).endsWith("data: [DONE]\n\n");
    ObjectNode message = Json.object().put("role", "assistant");
    var open = new ArrayList<String>();
    for (String line : response.body().lines().filter(l -> l.startsWith("data: {")).toList()) {
      JsonNode event = Json.parse(line.substring(6));
      JsonNode delta = event.path("delta").path("message");
      String type = event.path("type").asString();
      switch (type) {
        case "content-start" -> {
          assertThat(open).isEmpty();
          open.add(type);
          message.withArray("/content").add(delta.path("content").deepCopy());
        }
        case "content-delta" -> {
          ArrayNode content = message.withArray("/content");
          var item = (ObjectNode) content.get(content.size() - 1);
          String field = item.path("type").asString();
          item.put(
              field, item.path(field).asString() + delta.path("content").path(field).asString());
        }
        case "tool-plan-delta" ->
            message.put(
                "tool_plan",
                message.path("tool_plan").asString("") + delta.path("tool_plan").asString());
        case "tool-call-start" -> {
          assertThat(open).isEmpty();
          open.add(type);
          message.withArray("/tool_calls").add(delta.path("tool_calls").deepCopy());
        }
        case "tool-call-delta" -> {
          ArrayNode calls = message.withArray("/tool_calls");
          var function = (ObjectNode) calls.get(calls.size() - 1).path("function");
          function.put(
              "arguments",
              function.path("arguments").asString("")
                  + delta.path("tool_calls").path("function").path("arguments").asString());
        }
        case "content-end", "tool-call-end" -> open.clear();
        default -> {}
      }
    }
    assertThat(open).isEmpty();
    return message;
  }

  @Test
  void errors_have_cohere_s_envelope_with_the_gateways_object() {
    HttpResponse<String> bad = gateway.post("/v2/chat", "{\"model\":\"fast\"}");
    HttpResponse<String> unknown = gateway.post("/v2/chat", Json.text(ask("nobody", false)));
    HttpResponse<String> away = gateway.post("/v2/chat", Json.text(ask("away", true)));
    HttpResponse<String> stranger =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v2/chat"))
                .header("authorization", "Bearer nobody")
                .POST(HttpRequest.BodyPublishers.ofString(Json.text(ask("fast", false))))
                .build());
    HttpResponse<String> nowhere = gateway.post("/v2/nothing", "{}");

    assertEnvelope(bad, 400, "invalid_request");
    assertEnvelope(unknown, 404, "not_found");
    assertEnvelope(away, 502, "upstream_unavailable");
    assertEnvelope(stranger, 401, "authentication");
    assertEnvelope(nowhere, 404, "not_found");
  }

  private static void assertEnvelope(HttpResponse<String> response, int status, String kind) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode body = Json.parse(response.body());
    assertThat(body.propertyNames()).containsExactlyInAnyOrder("message", "id", "lintel");
    assertThat(body.path("message").asString()).isNotEmpty();
    assertThat(body.path("lintel").path("kind").asString()).isEqualTo(kind);
    assertThat(body.path("id")).isEqualTo(body.path("lintel").path("request_id"));
  }

  @Test
  void a_stream_that_breaks_ends_with_an_error_and_without_done() {
    TestGateway.Raw reply = gateway.raw("/v2/chat", Json.text(ask("cut/m", true)));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.complete()).isFalse();
    String last = reply.body().strip().lines().toList().getLast();
    JsonNode end = Json.parse(last.substring(6));
    assertThat(end.path("type").asString()).isEqualTo("message-end");
    assertThat(end.path("delta").path("finish_reason").asString()).isEqualTo("ERROR");
    assertThat(end.path("delta").path("error").asString()).isNotEmpty();
    assertThat(end.path("lintel").path("kind").asString()).isEqualTo("upstream_overloaded");
    assertThat(reply.body()).doesNotContain("[DONE]");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_refusal_is_its_text_and_named_in_the_head(boolean stream) {
    HttpResponse<String> response = gateway.post("/v2/chat", Json.text(ask("refusing/m", stream)));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("COMPLETE");
    assertThat(response.headers().firstValue("x-lintel-adapted").orElse(""))
        .contains("change:refusal->COMPLETE");
  }

  @Test
  void cohere_s_sdk_lists_models_in_its_own_form() {
    HttpResponse<String> list =
        gateway.send(
            gateway
                .request("/v1/models?endpoint=chat")
                .header("X-Fern-SDK-Name", "cohere")
                .GET()
                .build());

    assertThat(Json.parse(list.body()).path("models").path(0).path("name").asString())
        .isEqualTo("fast");
    assertThat(
            Json.parse(
                    gateway
                        .send(
                            gateway
                                .request("/v1/models/fast")
                                .header("X-Fern-SDK-Name", "cohere-ai")
                                .GET()
                                .build())
                        .body())
                .path("name")
                .asString())
        .isEqualTo("fast");
  }

  @Test
  void a_provider_is_asked_at_its_path_with_its_key() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer("200 OK", "", WireScenario.Speech.COHERE.whole);
            });
        var own =
            TestGateway.of(
                "providers: { cohere: { url: 'http://127.0.0.1:"
                    + provider.port()
                    + "', key: secret } }")) {
      HttpResponse<String> response =
          own.post("/v1/chat/completions", Json.text(ask("cohere/command-a", false)));

      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(provider.heads().getFirst())
          .startsWith("post /v2/chat http/1.1")
          .contains("authorization: bearer secret");
    }
  }
}
