package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.math.BigDecimal;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Limits, budgets and scopes hold on every path, and each is charged once, what it cost. */
class EveryPathScenario {
  private static final String HELLO = "'messages':[{'role':'user','content':'Hello'}]";
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              resp: { kind: sim, dialect: responses }
              slow: { kind: sim, ttft: 300ms }
              picky: { kind: sim }
            models:
              tiny: demo/small
              answers: resp/small
              vectors: { targets: [ demo/small ], batch: { window: 30ms, size: 8 } }
              mirrored: { targets: [ demo/small ], shadow: { to: picky/small, percent: 100 } }
              hedged: { targets: [ slow/small, demo/small ], strategy: in_order, hedge: { after: 20ms, share: 100%% } }
              joined: { targets: [ slow/small ], coalesce: true }
              falls: { targets: [ "picky/small+fault=503" ], retry: { attempts: 1 }, fallback: { any: [ tiny ] } }
            unknown_price: allow
            prices:
              demo/small: { input: 1.00, output: 2.00, units: { image: 0.04, second: 0.001, page: 0.002, search: 0.01 } }
              resp/small: { input: 1.00, output: 2.00 }
              slow/small: { input: 1.00, output: 2.00 }
              picky/small: { input: 1.00, output: 2.00 }
            policies:
              users: { budgets: [ { amount: 1 USD, window: total, per: user }, { amount: 1 USD, window: total, per: tag }, { amount: 1 USD, window: total, per: model } ] }
            tenants:
              t:
                apps:
                  %s
                  spent: { keys: [ sk-spent ], budget: { total: 0.000000000001 USD } }
                  asked: { keys: [ sk-asked ], limits: { requests: 1/hour } }
                  narrow: { keys: [ sk-narrow ], models: [ vectors ] }
                  users: { keys: [ sk-users ], policy: users }
                  line: { keys: [ sk-line ], budget: { total: 0.0001 USD } }
            """
                .formatted(
                    String.join(
                        "\n      ",
                        IntStream.range(0, 60)
                            .mapToObj(i ->
                                "p%d: { keys: [ sk-p%d ], budget: { total: 5 USD }, limits: { requests: 1/hour } }"
                                    .formatted(i, i))
                            .toList())));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /** What is asked on one path, of a model that costs something. */
  record Path(String path, String body) {
    @Override
    public String toString() {
      return path + (body.contains("stream") ? " as a stream" : "");
    }
  }

  static List<Path> paths() {
    return Arrays.asList(
        new Path("/v1/chat/completions", "{'model':'tiny'," + HELLO + "}"),
        new Path("/v1/chat/completions", "{'model':'tiny','stream':true," + HELLO + "}"),
        new Path("/v1/chat", "{'model':'tiny'," + HELLO + "}"),
        new Path("/v1/completions", "{'model':'tiny','prompt':'Hello'}"),
        new Path("/v1/messages", "{'model':'tiny','max_tokens':20," + HELLO + "}"),
        new Path("/v1/messages", "{'model':'tiny','max_tokens':20,'stream':true," + HELLO + "}"),
        new Path("/v1/responses", "{'model':'tiny','input':'Hello'}"),
        new Path("/v1/responses", "{'model':'answers','stream':true,'input':'Hello'}"),
        new Path("/v1beta/models/tiny:generateContent", "{'contents':[{'parts':[{'text':'x'}]}]}"),
        new Path(
            "/v1beta/models/tiny:streamGenerateContent?alt=sse",
            "{'contents':[{'parts':[{'text':'stream'}]}]}"),
        new Path("/v2/chat", "{'model':'tiny'," + HELLO + "}"),
        new Path(
            "/model/tiny/converse", "{'messages':[{'role':'user','content':[{'text':'Hello'}]}]}"),
        new Path("/openai/deployments/tiny/chat/completions?api-version=1", "{" + HELLO + "}"),
        new Path("/v1/embeddings", "{'model':'tiny','input':'Hello'}"),
        new Path("/v1/embeddings", "{'model':'vectors','input':'Hello'}"),
        new Path("/v1/rerank", "{'model':'tiny','query':'a','documents':['b','c']}"),
        new Path("/v1/images/generations", "{'model':'tiny','prompt':'red'}"),
        new Path("/provider/demo/chat/completions", "{'model':'small'," + HELLO + "}"),
        new Path(
            "/provider/demo/chat/completions",
            " {'model':'small','stream':true,'stream_options':{'include_usage':true},"
                + HELLO
                + "}"));
  }

  private static HttpResponse<String> post(
      String key, String path, String body, Map<String, String> headers) {
    var request = gateway.request(path).setHeader("authorization", "Bearer " + key);
    headers.forEach(request::setHeader);
    return gateway.send(request.POST(BodyPublishers.ofString(body.replace('\'', '"'))).build());
  }

  private static JsonNode admin(String path) {
    return Json.parse(gateway.admin("GET", "/admin/v1" + path, "").body());
  }

  /** Records are there a moment after their calls. */
  private static JsonNode record(String id) {
    JsonNode record = admin("/calls/" + id);
    for (int i = 0; i < 200 && !record.has("request_id"); i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      record = admin("/calls/" + id);
    }
    return record;
  }

  private static JsonNode budget(String account) {
    for (JsonNode row : admin("/budgets").path("data")) {
      if (row.path("account").asString().equals(account)) {
        return row;
      }
    }
    throw new AssertionError(account);
  }

  private static BigDecimal spent(String account) {
    for (int i = 0; i < 100 && !budget(account).path("reserved").asString().equals("0"); i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    JsonNode row = budget(account);
    assertThat(row.path("reserved").asString()).isEqualTo("0");
    return new BigDecimal(row.path("spent").asString());
  }

  private static String id(HttpResponse<String> answer) {
    return answer.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("paths")
  void a_call_is_charged_once_what_its_record_says_and_counts_as_one(Path path) {
    int number = NUMBER.getAndIncrement();
    String key = "sk-p" + number;
    var answer = post(key, path.path, path.body, Map.of());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode record = record(id(answer));
    assertThat(record.path("app").asString()).isEqualTo("p" + number);
    var cost = new BigDecimal(record.path("cost_usd").asString("0"));
    assertThat(cost).as(record.toString()).isPositive();
    assertThat(spent("t/p" + number + "|usd|total")).isEqualByComparingTo(cost);
    var again = post(key, path.path, path.body, Map.of());
    assertThat(again.statusCode()).as(again.body()).isEqualTo(429);
    assertThat(again.headers().firstValue("retry-after")).isPresent();
    assertThat(again.headers().firstValue("x-ratelimit-remaining-requests")).contains("0");
    assertThat(spent("t/p" + number + "|usd|total")).isEqualByComparingTo(cost);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void nothing_is_asked_where_no_money_is(Path path) {
    int before = gateway.visits("demo").size() + gateway.visits("resp").size();
    var answer = post("sk-spent", path.path, path.body, Map.of());
    assertThat(answer.statusCode()).as(answer.body()).isIn(402, 429);
    JsonNode record = record(id(answer));
    assertThat(record.path("kind").asString()).isEqualTo("budget_exceeded");
    assertThat(record.path("attempts")).isEmpty();
    assertThat(gateway.visits("demo").size() + gateway.visits("resp").size()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void a_model_that_is_not_the_apps_is_refused(Path path) {
    if (!path.body.contains("vectors")) {
      var answer = post("sk-narrow", path.path, path.body, Map.of());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(403);
    }
  }

  @Test
  void sockets_are_held_to_limits_and_budgets_too() throws Exception {
    for (String path : List.of("/v1/realtime?model=tiny")) {
      try {
        new Talk(gateway.url(), path, "sk-spent").leave();
        throw new AssertionError(path);
      } catch (CompletionException refused) {
        assertThat(refused).hasMessageContaining("Handshake");
      }
    }
    String create =
        "{\"type\":\"response.create\",\"model\":\"answers\",\"input\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    var poor = new Talk(gateway.url(), "/v1/responses", "sk-spent");
    poor.say(create);
    assertThat(poor.next().toString()).contains("budget_exceeded");
    poor.leave();
    var talk = new Talk(gateway.url(), "/v1/responses", "sk-p50");
    talk.say(create);
    JsonNode event = talk.next();
    while (!event.path("type").asString().equals("response.completed")) {
      event = talk.next();
    }
    String id = event.at("/response/metadata/lintel_request_id").asString();
    talk.say(create);
    assertThat(talk.next().toString()).contains("rate_limited");
    talk.leave();
    assertThat(spent("t/p50|usd|total"))
        .isPositive()
        .isEqualByComparingTo(new BigDecimal(record(id).path("cost_usd").asString()));
  }

  @Test
  void to_count_costs_nothing_and_is_a_request() {
    String body = "{'model':'tiny','max_tokens':20," + HELLO + "}";
    var counted = post("sk-p51", "/v1/messages/count_tokens", body, Map.of());
    assertThat(counted.statusCode()).as(counted.body()).isEqualTo(200);
    assertThat(spent("t/p51|usd|total")).isZero();
    assertThat(post("sk-p51", "/v1/messages/count_tokens", body, Map.of()).statusCode())
        .isEqualTo(429);
    assertThat(post("sk-spent", "/v1/messages/count_tokens", body, Map.of()).statusCode())
        .isEqualTo(200);
  }

  @Test
  void a_replay_is_charged_to_nobody_and_a_refusal_is_not_kept() {
    String body = "{'model':'tiny'," + HELLO + "}";
    var first = post("sk-users", "/v1/chat/completions", body, Map.of("idempotency-key", "one"));
    assertThat(first.statusCode()).isEqualTo(200);
    BigDecimal once = spent("t/users|model=tiny|usd|total");
    var again = post("sk-users", "/v1/chat/completions", body, Map.of("idempotency-key", "one"));
    assertThat(again.headers().firstValue("x-lintel-replayed")).contains("true");
    assertThat(spent("t/users|model=tiny|usd|total")).isEqualByComparingTo(once);

    Map<String, String> kept = Map.of("idempotency-key", "two");
    assertThat(post("sk-spent", "/v1/chat/completions", body, kept).statusCode()).isIn(402, 429);
    var refused = post("sk-spent", "/v1/chat/completions", body, kept);
    assertThat(refused.headers().firstValue("x-lintel-replayed")).isEmpty();
    assertThat(refused.statusCode()).isIn(402, 429);
  }

  @Test
  void shadows_are_free_losers_are_not_and_who_joins_pays_nothing() {
    BigDecimal mirrored =
        costOf(post("sk-p52", "/v1/chat/completions", chat("mirrored"), Map.of()));
    assertThat(spent("t/p52|usd|total")).isEqualByComparingTo(mirrored);
    BigDecimal hedged = costOf(post("sk-p53", "/v1/chat/completions", chat("hedged"), Map.of()));
    assertThat(spent("t/p53|usd|total")).isEqualByComparingTo(hedged);
    BigDecimal fell = costOf(post("sk-p54", "/v1/chat/completions", chat("falls"), Map.of()));
    assertThat(spent("t/p54|usd|total")).isEqualByComparingTo(fell);
  }

  private static String chat(String model) {
    return "{'model':'" + model + "'," + HELLO + "}";
  }

  private static BigDecimal costOf(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new BigDecimal(record(id(answer)).path("cost_usd").asString());
  }

  @Test
  void a_fallback_is_charged_to_the_model_that_answered() {
    assertThat(
            post("sk-users", "/v1/chat/completions", chat("falls"), Map.of("x-lintel-tags", "x,y"))
                .statusCode())
        .isEqualTo(200);
    assertThat(spent("t/users|tag=x|usd|total"))
        .isPositive()
        .isEqualByComparingTo(spent("t/users|tag=y|usd|total"));
    assertThat(spent("t/users|model=tiny|usd|total")).isPositive();
    for (JsonNode row : admin("/budgets").path("data")) {
      if (row.path("account").asString().equals("t/users|model=falls|usd|total")) {
        assertThat(row.path("spent").asString()).isEqualTo("0");
      }
    }
  }

  @Test
  void a_user_is_told_apart_however_it_is_said() {
    for (String user : List.of("ann", "a|b", "\u00fc-\ud83d\ude00", "x".repeat(200))) {
      String body =
          "{'model':'tiny','lintel':{'user':"
              + Json.text(Json.MAPPER.valueToTree(user))
              + "},"
              + HELLO
              + "}";
      assertThat(post("sk-users", "/v1/chat/completions", body, Map.of()).statusCode())
          .as(user)
          .isEqualTo(200);
    }
    long users =
        admin("/budgets")
            .path("data")
            .valueStream()
            .filter(row -> row.path("account").asString().contains("|user="))
            .filter(row -> !row.path("spent").asString().equals("0"))
            .count();
    assertThat(users).isGreaterThanOrEqualTo(4);
    for (String odd : List.of("a\\u0000b", "a\\nb", "\\ud800")) {
      for (String member :
          List.of("'lintel':{'user':'" + odd + "'},'model':'tiny'", "'model':'" + odd + "'")) {
        var answer =
            post("sk-users", "/v1/chat/completions", "{" + member + "," + HELLO + "}", Map.of());
        assertThat(answer.statusCode()).as(member + answer.body()).isIn(400, 404);
        assertThat(record(id(answer)).path("status").asInt())
            .as(member)
            .isEqualTo(answer.statusCode());
      }
    }
  }

  @Test
  void lines_of_a_batch_are_charged_one_by_one_until_nothing_is_left() {
    String line =
        "{\"custom_id\":\"c%d\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"tiny\",\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}}\n";
    var content = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      content.append(line.formatted(i));
    }
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
            + content
            + "\r\n--XX--\r\n";
    var file =
        post(
            "sk-line",
            "/v1/files",
            form,
            Map.of("content-type", "multipart/form-data; boundary=XX"));
    assertThat(file.statusCode()).as(file.body()).isEqualTo(200);
    var made =
        post(
            "sk-line",
            "/v1/batches",
            "{'input_file_id':'"
                + Json.parse(file.body()).path("id").asString()
                + "','endpoint':'/v1/chat/completions','completion_window':'24h'}",
            Map.of());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    JsonNode batch = Json.parse(made.body());
    for (int i = 0; i < 600 && !batch.path("status").asString().equals("completed"); i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      batch = get("/v1/batches/" + batch.path("id").asString());
    }
    assertThat(batch.path("status").asString()).as(batch.toString()).isEqualTo("completed");
    int answered = batch.at("/request_counts/completed").asInt();
    assertThat(answered).as(batch.toString()).isBetween(1, 11);
    assertThat(batch.at("/request_counts/failed").asInt()).isEqualTo(12 - answered);
    List<BigDecimal> costs = Soon.found(EveryPathScenario::costs, all -> all.size() == answered);
    assertThat(spent("t/line|usd|total"))
        .isEqualByComparingTo(costs.stream().reduce(BigDecimal.ZERO, BigDecimal::add))
        .isLessThanOrEqualTo(new BigDecimal("0.0001"));
  }

  /** Of calls of the app that were answered. */
  private static List<BigDecimal> costs() {
    return admin("/calls?app=line&limit=100")
        .path("data")
        .valueStream()
        .filter(call -> call.path("kind").isNull())
        .map(call -> new BigDecimal(call.path("cost_usd").asString("0")))
        .toList();
  }

  private static JsonNode get(String path) {
    return Json.parse(
        gateway
            .send(gateway.request(path).setHeader("authorization", "Bearer sk-line").build())
            .body()
            .toString());
  }

  @Test
  void a_key_in_the_query_is_logged_nowhere() {
    var answer =
        gateway.send(
            java.net.http.HttpRequest.newBuilder(
                    gateway.url().resolve("/v1/chat/completions?key=sk-unknown-c0ffee"))
                .POST(BodyPublishers.ofString("{}"))
                .build());
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.body().toLowerCase(Locale.ROOT)).doesNotContain("c0ffee");
    assertThat(record(id(answer)).toString()).doesNotContain("c0ffee");
    assertThat(gateway.log()).doesNotContain("c0ffee");
  }
}
