package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.WebSocketHandshakeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Responses over one WebSocket, as Codex speaks it. */
@Tag("threads")
class ResponsesSocketScenario {
  private TestGateway gateway;
  private boolean ended;

  @BeforeEach
  void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              openai-sim: { kind: sim }
              responses-sim: { kind: sim, dialect: responses }
              anthropic-sim: { kind: sim, dialect: anthropic }
            """);
  }

  @AfterEach
  void stop() {
    if (!ended) {
      gateway.close();
    }
  }

  private Talk talk() {
    return new Talk(gateway.url(), "/v1/responses", TestGateway.KEY);
  }

  private static String create(String model, String input, String more) {
    return "{\"type\":\"response.create\",\"model\":\""
        + model
        + "\",\"store\":false,\"input\":[{\"role\":\"user\",\"content\":\""
        + input
        + "\"}]"
        + more
        + "}";
  }

  /** All frames of a turn. */
  private static List<JsonNode> turn(Talk talk, String message) throws Exception {
    talk.say(message);
    var frames = new ArrayList<JsonNode>();
    String type;
    do {
      frames.add(talk.next());
      type = frames.getLast().path("type").asString("");
    } while (!type.equals("response.completed")
        && !type.equals("response.incomplete")
        && !type.equals("error"));
    return frames;
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai-sim", "responses-sim", "anthropic-sim"})
  void frames_are_what_a_stream_of_events_holds(String provider) throws Exception {
    String model = provider + "/small";
    var talk = talk();
    List<JsonNode> frames = turn(talk, create(model, "Hello gates", ""));
    var plain =
        gateway.post(
            "/v1/responses",
            "{\"model\":\""
                + model
                + "\",\"store\":false,\"stream\":true,\"input\":[{\"role\":\"user\",\"content\":\"Hello gates\"}]}");
    List<JsonNode> events =
        plain
            .body()
            .lines()
            .filter(line -> line.startsWith("data: "))
            .map(line -> Json.parse(line.substring(6)))
            .toList();
    assertThat(frames)
        .extracting(ResponsesSocketScenario::plain)
        .containsExactlyElementsOf(events.stream().map(ResponsesSocketScenario::plain).toList());
    talk.leave();
  }

  /** Without what differs between any two replies. */
  private static String plain(JsonNode event) {
    ObjectNode copy = (ObjectNode) event.deepCopy();
    copy.remove(List.of("item_id", "obfuscation"));
    for (String part : List.of("response", "item")) {
      if (copy.get(part) instanceof ObjectNode inner) {
        inner.remove(List.of("id", "created_at", "completed_at", "metadata"));
        inner.path("output").forEach(item -> ((ObjectNode) item).remove("id"));
      }
    }
    return copy.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai-sim", "responses-sim", "anthropic-sim"})
  void a_turn_goes_on_from_the_last_reply_though_nobody_stored_it(String provider)
      throws Exception {
    String model = provider + "/small";
    var talk = talk();
    JsonNode first = turn(talk, create(model, "First stone", "")).getLast().path("response");
    String previous = ",\"previous_response_id\":\"" + first.path("id").asString() + "\"";
    JsonNode second =
        turn(talk, create(model, "Second stone", previous)).getLast().path("response");
    assertThat(second.path("status").asString("")).isEqualTo("completed");
    turn(
        talk,
        create(
            model,
            "Third stone",
            ",\"previous_response_id\":\"" + second.path("id").asString() + "\""));
    String asked = gateway.visits(provider).getFirst().path("body").toString();
    assertThat(asked).contains("First stone", "Second stone", "Third stone").contains("You asked");
    assertThat(asked).doesNotContain("previous_response_id");
    talk.leave();
  }

  @Test
  void a_warm_up_is_answered_here_and_can_be_gone_on_from() throws Exception {
    var talk = talk();
    JsonNode warm =
        turn(talk, create("anthropic-sim/small", "Rules of the house", ",\"generate\":false"))
            .getLast();
    assertThat(warm.path("response").path("output")).isEmpty();
    assertThat(gateway.visits("anthropic-sim")).isEmpty();
    turn(
        talk,
        create(
            "anthropic-sim/small",
            "Open the door",
            ",\"previous_response_id\":\"" + warm.path("response").path("id").asString() + "\""));
    assertThat(gateway.visits("anthropic-sim").getFirst().path("body").toString())
        .contains("Rules of the house", "Open the door");
    talk.leave();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          no json                                                                   | 400 | invalid_request
          ["response.create"]                                                       | 400 | invalid_request
          {"type":"response.dance"}                                                 | 400 | invalid_request
          {"type":"response.create","input":"x"}                                    | 400 | invalid_request
          {"type":"response.create","model":"nobody/none","input":"x"}              | 404 | not_found
          {"type":"response.create","model":"openai-sim/x","input":"x","previous_response_id":"resp_1"} | 400 | invalid_request
          {"type":"response.create","model":"openai-sim/x+fault=429_ms+retry_after=1ms","input":"x"} | 429 | upstream_rate_limited
          """)
  void what_is_wrong_is_an_error_frame_and_the_connection_goes_on(
      String message, int status, String kind) throws Exception {
    var talk = talk();
    talk.say(message);
    JsonNode error = talk.next();
    assertThat(error.path("type").asString("")).isEqualTo("error");
    assertThat(error.path("status").asInt()).isEqualTo(status);
    assertThat(error.path("error").path("lintel").path("kind").asString("")).isEqualTo(kind);
    assertThat(
            turn(talk, create("openai-sim/small", "Hello", "")).getLast().path("type").asString())
        .isEqualTo("response.completed");
    talk.leave();
  }

  @Test
  void a_reply_that_breaks_ends_with_an_error_and_never_completes() throws Exception {
    var talk = talk();
    List<JsonNode> frames =
        turn(talk, create("anthropic-sim/small+fault=reset_mid_stream", "Hello", ""));
    assertThat(frames.size()).isGreaterThan(2);
    JsonNode last = frames.getLast();
    assertThat(last.path("type").asString("")).isEqualTo("error");
    assertThat(last.path("error").path("lintel").path("request_id").asString(""))
        .startsWith("req_");
    assertThat(
            turn(talk, create("openai-sim/small", "Hello", "")).getLast().path("type").asString())
        .isEqualTo("response.completed");
    talk.leave();
  }

  @Test
  void every_turn_is_a_call_with_its_own_record() throws Exception {
    var talk = talk();
    var ids = new ArrayList<String>();
    for (String provider : List.of("openai-sim", "responses-sim")) {
      JsonNode response =
          turn(talk, create(provider + "/small", "Hello", "")).getLast().path("response");
      ids.add(response.path("metadata").path("lintel_request_id").asString());
    }
    talk.leave();
    gateway.close();
    ended = true;
    assertThat(ids)
        .doesNotHaveDuplicates()
        .allSatisfy(id -> assertThat(gateway.log()).contains(id));
  }

  @Test
  void a_message_of_twenty_megabytes_is_refused_in_words() throws Exception {
    var talk = talk();
    talk.say(create("openai-sim/small", "x".repeat(20 << 20), ""));
    assertThat(talk.next().path("status").asInt()).isEqualTo(413);
    assertThat(talk.closed()).isEqualTo(1009);
  }

  @Test
  void a_connection_keeps_no_longer_conversation_than_one_message_may_be() throws Exception {
    var talk = talk();
    String words = ("x".repeat(1000) + " ").repeat(9 << 10);
    JsonNode first =
        turn(talk, create("anthropic-sim/small", words, "")).getLast().path("response");
    JsonNode second =
        turn(talk, create("anthropic-sim/small", words, previous(first)))
            .getLast()
            .path("response");
    assertThat(second.path("status").asString("")).isEqualTo("completed");
    JsonNode refused =
        turn(talk, create("anthropic-sim/small", "Go on", previous(second))).getLast();
    assertThat(refused.path("error").path("param").asString("")).isEqualTo("previous_response_id");
    talk.leave();
  }

  private static String previous(JsonNode response) {
    return ",\"previous_response_id\":\"" + response.path("id").asString() + "\"";
  }

  @Test
  void who_vanishes_in_the_middle_ends_the_providers_work() throws Exception {
    var talk = talk();
    talk.say(create("openai-sim/small+tokens=10000+tokens_per_second=50", "Hello", ""));
    while (!talk.next().path("type").asString("").equals("response.output_text.delta")) {}
    talk.vanish();
    Soon.until(() -> stat("cancelled") == 1);
  }

  private long stat(String name) {
    URI base = gateway.lintel().providers().get("openai-sim").url();
    var reply = gateway.send(HttpRequest.newBuilder(base.resolve("/sim/stats")).build());
    return Json.parse(reply.body()).path(name).asLong();
  }

  @Test
  void a_bad_key_is_refused_on_the_upgrade() {
    assertThatThrownBy(() -> new Talk(gateway.url(), "/v1/responses", "sk-wrong"))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            refused -> assertThat(refused.getResponse().statusCode()).isEqualTo(401));
  }

  @Test
  void a_plain_request_is_told_to_upgrade() {
    assertThat(gateway.get("/v1/responses").statusCode()).isEqualTo(426);
  }
}
