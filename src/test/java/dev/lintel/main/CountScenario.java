package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** How many tokens a prompt has, and what a reply is said to have used where nobody counted. */
class CountScenario {
  private static final String SOURCE = "x-lintel-usage-source";
  private static final String ANTHROPIC =
      "{\"model\":\"%s\",\"system\":\"Be short.\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}";
  private static final String GEMINI =
      "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"%s\"}]}]}";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              o: { kind: sim }
              a: { kind: sim, dialect: anthropic }
              g: { kind: sim, dialect: gemini }
              c: { kind: sim, dialect: cohere }
              r: { kind: sim, dialect: responses }
            models:
              mixed: { targets: [ o/m, a/m ] }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({"a/m, false", "g/m, false", "o/m, true", "c/m, true", "mixed, true"})
  void every_model_counts_by_its_own_counter_or_by_an_estimate(String model, boolean estimated) {
    HttpResponse<String> anthropic =
        gateway.post(
            "/v1/messages/count_tokens", ANTHROPIC.formatted(model, "How many are these?"));
    HttpResponse<String> gemini =
        gateway.post(
            "/v1beta/models/" + model + ":countTokens", GEMINI.formatted("How many are these?"));

    assertThat(anthropic.statusCode()).as(anthropic.body()).isEqualTo(200);
    assertThat(json(anthropic).path("input_tokens").asInt()).isBetween(5, 40);
    assertThat(gemini.statusCode()).as(gemini.body()).isEqualTo(200);
    assertThat(json(gemini).path("totalTokens").asInt()).isBetween(4, 40);
    for (HttpResponse<String> response : List.of(anthropic, gemini)) {
      assertThat(response.headers().firstValue(SOURCE))
          .isEqualTo(estimated ? Optional.of("estimate") : Optional.empty());
    }
  }

  @ParameterizedTest
  @CsvSource({"a/m, false", "g/m, false", "o/m, true", "c/m, true", "r/m, true", "mixed, true"})
  void input_tokens_of_responses_are_counted_for_every_model(String model, boolean estimated) {
    HttpResponse<String> reply =
        gateway.post(
            "/v1/responses/input_tokens",
            "{\"model\":\"%s\",\"instructions\":\"Be short.\",\"input\":\"How many are these?\"}"
                .formatted(model));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(json(reply).path("object").asString()).isEqualTo("response.input_tokens");
    assertThat(json(reply).path("input_tokens").asInt()).isBetween(5, 40);
    assertThat(reply.headers().firstValue(SOURCE))
        .isEqualTo(estimated ? Optional.of("estimate") : Optional.empty());
  }

  @Test
  void a_response_that_is_kept_elsewhere_is_not_counted_as_nothing() {
    HttpResponse<String> reply =
        gateway.post(
            "/v1/responses/input_tokens",
            "{\"model\":\"o/m\",\"input\":\"Hi\",\"previous_response_id\":\"resp_1\"}");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(json(reply).path("error").path("param").asString())
        .isEqualTo("previous_response_id");
  }

  @Test
  void openais_own_counter_is_sent_nothing_that_it_does_not_know() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer(
                    "200 OK", "", "{\"object\":\"response.input_tokens\",\"input_tokens\":7}");
              }
            });
        var own =
            TestGateway.of(
                "providers: { p: { kind: responses, url: \"http://127.0.0.1:%s/v1\", key: none } }"
                    .formatted(provider.port()))) {
      HttpResponse<String> reply =
          own.post(
              "/v1/responses/input_tokens",
              "{\"model\":\"p/m\",\"input\":\"Hi\",\"store\":false,\"temperature\":0.5}");
      assertThat(json(reply).path("input_tokens").asInt()).isEqualTo(7);
      assertThat(reply.headers().firstValue(SOURCE)).isEmpty();
      assertThat(provider.heads().getFirst())
          .contains("post /v1/responses/input_tokens ")
          .contains("content-length: " + "{\"model\":\"m\",\"input\":\"Hi\"}".length());
    }
  }

  @Test
  void a_whole_request_of_gemini_is_counted_with_its_system_text() {
    String alone = GEMINI.formatted("Hi");
    String whole =
        "{\"generateContentRequest\":{\"model\":\"models/m\",\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}],"
            + "\"systemInstruction\":{\"parts\":[{\"text\":\"Be as short as you can be, and be kind.\"}]}}}";

    for (String model : List.of("g/m", "o/m")) {
      int less = total(gateway.post("/v1beta/models/" + model + ":countTokens", alone));
      int more = total(gateway.post("/v1beta/models/" + model + ":countTokens", whole));
      assertThat(more).isGreaterThan(less + 5);
    }
  }

  private static int total(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json(response).path("totalTokens").asInt();
  }

  @Test
  void a_bad_request_is_refused_in_the_callers_words() {
    HttpResponse<String> empty = gateway.post("/v1/messages/count_tokens", "{\"model\":\"a/m\"}");
    HttpResponse<String> unknown =
        gateway.post("/v1/messages/count_tokens", ANTHROPIC.formatted("nobody", "Hi"));
    HttpResponse<String> role =
        gateway.post(
            "/v1/messages/count_tokens",
            "{\"model\":\"o/m\",\"messages\":[{\"role\":\"boss\",\"content\":\"x\"}]}");

    assertThat(empty.statusCode()).isEqualTo(400);
    assertThat(json(empty).path("type").asString()).isEqualTo("error");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(role.statusCode()).isEqualTo(400);
    assertThat(role.body()).contains("messages.0.role");
  }

  @Test
  void a_stranger_counts_nothing() {
    HttpResponse<String> response =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/messages/count_tokens"))
                .header("x-api-key", "wrong")
                .POST(HttpRequest.BodyPublishers.ofString(ANTHROPIC.formatted("a/m", "Hi")))
                .build());

    assertThat(response.statusCode()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 405, 500, 529})
  void a_counter_that_fails_is_replaced_by_an_estimate(int status) throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer(status + " No", "", "{\"type\":\"error\",\"error\":{}}");
              }
            });
        var own = at("anthropic", provider)) {
      HttpResponse<String> response =
          own.post("/v1/messages/count_tokens", ANTHROPIC.formatted("p/m", "Hi"));

      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue(SOURCE)).hasValue("estimate");
      assertThat(provider.heads().getFirst()).startsWith("post /v1/messages/count_tokens ");
    }
  }

  @Test
  void what_the_provider_refuses_of_the_prompt_is_refused() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer(
                  "400 Bad",
                  "",
                  "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"No.\"}}");
            });
        var own = at("anthropic", provider)) {
      assertThat(
              own.post("/v1/messages/count_tokens", ANTHROPIC.formatted("p/m", "Hi")).statusCode())
          .isEqualTo(400);
    }
  }

  private static TestGateway at(String kind, RawProvider provider) {
    String url = "http://127.0.0.1:" + provider.port() + (kind.equals("openai") ? "/v1" : "");
    return TestGateway.of(
        "providers: { p: { kind: "
            + kind
            + ", url: '"
            + url
            + "', key: k } }\nmodels: { m: { targets: [ p/m ], retry: { attempts: 1 } } }");
  }

  private static final String DELTA =
      "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n";
  private static final String EVENTS =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  private static final String WHOLE =
      "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"x\",\"choices\":[{\"index\":0,"
          + "\"message\":{\"role\":\"assistant\",\"content\":\"The answer is forty-two.\",\"reasoning_content\":\"Let me think.\"},\"finish_reason\":\"stop\"}]}";

  private static void stream(RawProvider.Visit visit, boolean complete) throws Exception {
    visit.read();
    visit.write(
        EVENTS
            + DELTA.formatted("{\"reasoning_content\":\"Let me think.\"}", "null")
            + DELTA.formatted("{\"content\":\"The answer \"}", "null")
            + DELTA.formatted("{\"content\":\"is forty-two.\"}", "null")
            + (complete ? DELTA.formatted("{}", "\"stop\"") + "data: [DONE]\n\n" : ""));
  }

  @Test
  void a_reply_without_usage_has_the_same_estimate_whole_and_streamed() throws Exception {
    String ask =
        "{\"model\":\"m\",\"stream\":%s,\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"What is the answer?\"}]}";
    JsonNode whole;
    JsonNode streamed;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer("200 OK", "", WHOLE);
            });
        var own = at("openai", provider)) {
      HttpResponse<String> response = own.post("/v1/messages", ask.formatted("false"));
      assertThat(response.headers().firstValue(SOURCE)).hasValue("estimate");
      whole = json(response).path("usage");
    }
    try (var provider = new RawProvider(visit -> stream(visit, true));
        var own = at("openai", provider)) {
      String events = own.post("/v1/messages", ask.formatted("true")).body();
      int at = events.indexOf("event: message_delta");
      streamed =
          Json.parse(events.substring(events.indexOf('{', at), events.indexOf('\n', at + 30)))
              .path("usage");
    }

    assertThat(whole.path("input_tokens").asInt()).isBetween(8, 16);
    assertThat(whole.path("output_tokens").asInt()).isBetween(9, 13);
    assertThat(whole.path("output_tokens_details").path("thinking_tokens").asInt()).isEqualTo(4);
    assertThat(streamed).isEqualTo(whole);
  }

  @Test
  void bytes_that_pass_through_still_do_and_the_head_says_estimate() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer("200 OK", "", WHOLE);
            });
        var own = at("openai", provider)) {
      HttpResponse<String> response =
          own.post(
              "/v1/chat/completions",
              "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");

      assertThat(response.body()).isEqualTo(WHOLE);
      assertThat(response.headers().firstValue(SOURCE)).hasValue("estimate");
    }
  }

  @Test
  void a_stream_that_asks_for_usage_gets_the_estimate_where_the_provider_gave_none()
      throws Exception {
    try (var provider = new RawProvider(visit -> stream(visit, true));
        var own = at("openai", provider)) {
      String events =
          own.post(
                  "/v1/chat/completions",
                  "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
              .body();

      assertThat(events)
          .contains("\"choices\":[],\"usage\":{\"prompt_tokens\":")
          .endsWith("data: [DONE]\n\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void the_record_of_a_cut_or_abandoned_stream_is_an_estimate(boolean abandoned) throws Exception {
    String log;
    try (var provider =
        new RawProvider(visit -> {
          stream(visit, false);
          if (abandoned) {
            visit.hold();
          }
        })) {
      TestGateway own = at("openai", provider);
      String ask =
          "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
      if (abandoned) {
        try (var socket = own.open("/v1/chat/completions", ask)) {
          byte[] seen = new byte[1];
          int got = socket.getInputStream().read(seen);
          assertThat(got).isEqualTo(1);
        }
      } else {
        assertThat(own.raw("/v1/chat/completions", ask).complete()).isFalse();
      }
      for (int i = 0; i < 300 && !own.log().contains("request_id"); i++) {
        java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
      }
      own.close();
      log = own.log();
    }
    JsonNode line = Json.parse(log.strip().lines().toList().getLast());
    assertThat(line.toString()).contains("\"estimate\"");
  }

  @Test
  void what_the_provider_counts_is_no_estimate() {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"o/m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue(SOURCE)).isEmpty();
  }

  private static JsonNode json(HttpResponse<String> response) {
    return Json.parse(response.body());
  }
}
