package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.WebSocketHandshakeException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Live conversations go through with keys, model lists, failover and a record each. */
@Tag("threads")
class RealtimeScenario {
  private TestGateway gateway;
  private boolean ended;

  @BeforeEach
  void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              claude: { kind: sim, dialect: anthropic }
              dead: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
            models:
              voice: demo/small
              mute: claude/large
              safe: { targets: [ dead/x, claude/large, demo/small ] }
            tenants:
              t:
                apps:
                  a: { keys: [ sk-test-0001 ] }
                  narrow: { keys: [ sk-narrow ], models: [ mute ] }
            """);
  }

  @AfterEach
  void stop() {
    if (!ended) {
      gateway.close();
    }
  }

  /** Every line of the log, for which the gateway has to end. */
  private String log() {
    gateway.close();
    ended = true;
    return gateway.log();
  }

  @Test
  void a_conversation_goes_both_ways() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/realtime?model=voice", "sk-test-0001");
    assertThat(talk.next().path("session").path("model").asString("")).isEqualTo("small");
    talk.say("{\"type\":\"response.create\",\"response\":{\"instructions\":\"Hello there\"}}");
    var said = new StringBuilder();
    JsonNode event = talk.next();
    while (event.path("type").asString("").equals("response.output_text.delta")) {
      said.append(event.path("delta").asString(""));
      event = talk.next();
    }
    assertThat(said).hasToString("You said: Hello there");
    assertThat(event.path("type").asString("")).isEqualTo("response.done");
    talk.leave();
    assertThat(log()).contains("\"model\":\"voice\"").contains("\"input\":15");
  }

  @Test
  void a_connection_counts_as_open_until_its_conversation_is_over() throws Exception {
    double before = connections();
    var one = new Talk(gateway.url(), "/v1/realtime?model=voice", "sk-test-0001");
    var other = new Talk(gateway.url(), "/v1/realtime?model=voice", "sk-test-0001");
    one.next();
    other.next();
    Soon.until(() -> connections() == before + 2);
    one.leave();
    Soon.until(() -> connections() == before + 1);
    other.leave();
    Soon.until(() -> connections() == before);
  }

  private double connections() {
    return gateway
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("lintel_connections "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void usage_of_all_answers_is_added_up() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/realtime?model=voice", "sk-test-0001");
    talk.next();
    for (int i = 0; i < 2; i++) {
      talk.say("{\"type\":\"response.create\",\"response\":{\"instructions\":\"Again\"}}");
      while (!talk.next().path("type").asString("").equals("response.done")) {}
    }
    talk.leave();
    assertThat(log()).contains("\"input\":30").contains("\"cache_read\":10");
  }

  /** Each answer of it costs 0.0002 USD. */
  private static final String PAID =
      """
      providers: { demo: { kind: sim } }
      prices: { demo/small: { input: 10.00, output: 0, cache_read: 10.00 } }
      tenants: { t: { apps: { a: { keys: [ sk-test-0001 ], limits: { concurrent: 1 }, budget: { total: %s USD } } } } }
      """;

  private static void ask(Talk talk) throws InterruptedException {
    talk.say("{\"type\":\"response.create\",\"response\":{\"instructions\":\"Again\"}}");
    while (!talk.next().path("type").asString("").equals("response.done")) {}
  }

  private static void assertEnded(Talk talk) throws Exception {
    JsonNode error = talk.next();
    assertThat(error.path("type").asString("")).isEqualTo("error");
    assertThat(error.at("/error/lintel/kind").asString("")).isEqualTo("budget_exceeded");
    assertThat(talk.closed()).isEqualTo(1008);
  }

  private static JsonNode budget(TestGateway gateway) {
    return Json.parse(gateway.admin("GET", "/admin/v1/budgets", "").body()).at("/data/0");
  }

  @Test
  void each_answer_is_paid_for_when_it_is_there_and_a_spent_budget_ends_the_session()
      throws Exception {
    TestGateway recorded;
    try (var paid = TestGateway.of(PAID.formatted("0.001"))) {
      recorded = paid;
      var talk = new Talk(paid.url(), "/v1/realtime?model=demo/small", "sk-test-0001");
      talk.next();
      for (int i = 1; i <= 5; i++) {
        ask(talk);
        String spent = i == 5 ? "0.001" : "0.000" + 2 * i;
        Soon.until(() -> budget(paid).path("spent").asString().equals(spent));
        if (i == 3) {
          assertRefused(paid, "/v1/realtime?model=demo/small", "sk-test-0001", 429);
        }
      }
      assertEnded(talk);
      Soon.until(() -> budget(paid).path("reserved").asString().equals("0"));
      assertThat(budget(paid).path("spent").asString()).isEqualTo("0.001");
      assertRefused(paid, "/v1/realtime?model=demo/small", "sk-test-0001", 429);
    }
    assertThat(recorded.log()).contains("\"kind\":\"budget_exceeded\"", "\"cost_usd\":\"0.001\"");
  }

  @Test
  void a_session_ends_once_it_has_cost_what_it_may() throws Exception {
    try (var paid = TestGateway.of(PAID.formatted("1"))) {
      var talk =
          new Talk(
              paid.url(),
              "/v1/realtime?model=demo/small",
              "sk-test-0001",
              Map.of("x-lintel-max-cost-usd", "0.0003"));
      talk.next();
      ask(talk);
      ask(talk);
      assertEnded(talk);
      Soon.until(() -> budget(paid).path("reserved").asString().equals("0"));
      assertThat(budget(paid).path("spent").asString()).isEqualTo("0.0004");
    }
  }

  @Test
  void a_target_that_cannot_talk_gives_way_before_the_caller_is_accepted() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/realtime?model=safe", "sk-test-0001");
    assertThat(talk.next().path("session").path("model").asString("")).isEqualTo("small");
    talk.leave();
  }

  @Test
  void an_unknown_key_is_refused_on_the_upgrade() {
    assertRefused("/v1/realtime?model=voice", "sk-wrong", 401);
  }

  @Test
  void a_model_that_the_app_may_not_use_is_refused_on_the_upgrade() {
    assertRefused("/v1/realtime?model=voice", "sk-narrow", 403);
    assertRefused("/v1/realtime?model=nothing", "sk-test-0001", 404);
  }

  @Test
  void a_provider_without_such_an_endpoint_is_said_to_have_none() {
    assertRefused("/v1/realtime?model=mute", "sk-test-0001", 400);
  }

  @Test
  void a_provider_that_is_away_is_a_real_status() {
    assertRefused("/v1/realtime?model=dead/x", "sk-test-0001", 502);
  }

  @Test
  void a_plain_request_is_told_to_upgrade() {
    var reply = gateway.get("/v1/realtime?model=voice");
    assertThat(reply.statusCode()).isEqualTo(426);
    assertThat(reply.headers().firstValue("upgrade")).contains("websocket");
  }

  @Test
  void a_browser_may_give_its_key_as_a_protocol() throws Exception {
    var talk =
        new Talk(
            gateway.url(),
            "/v1/realtime?model=voice",
            "",
            "realtime",
            "openai-insecure-api-key.sk-test-0001");
    assertThat(talk.next().path("type").asString("")).isEqualTo("session.created");
    talk.leave();
  }

  @Test
  void a_caller_who_vanishes_ends_the_provider_side_too() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/realtime?model=voice", "sk-test-0001");
    talk.next();
    talk.vanish();
    assertThat(log()).contains("\"kind\":\"cancelled\"");
  }

  private void assertRefused(String path, String key, int status) {
    assertRefused(gateway, path, key, status);
  }

  private static void assertRefused(TestGateway gateway, String path, String key, int status) {
    assertThatThrownBy(() -> new Talk(gateway.url(), path, key))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            refused -> assertThat(refused.getResponse().statusCode()).isEqualTo(status));
  }
}
