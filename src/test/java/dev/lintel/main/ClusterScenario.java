package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.ledger.RealRedis;
import dev.lintel.store.RealPostgres;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Three gateways in processes of their own that share a PostgreSQL and a Redis; each of them dies,
 * stands still or goes away at some time. The third one refuses what it cannot count.
 */
class ClusterScenario {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterScenario.class);

  /** Seconds that a machine which does much else may need besides; the log says what it took. */
  private static final double BUSY = 20;

  private static final String CHAT = "/v1/chat/completions";

  /** A call costs 0.01 USD, whatever it asks. Each test has apps of its own. */
  private static final String YAML =
      """
      listen: 127.0.0.1:0
      database: %s
      shared: { url: "%s", when_away: %s }
      providers:
        even: { kind: sim, input_tokens: 4000, output_tokens: 3000, ttft: 5ms }
        held: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
      models: { even: even/m, held: held/m }
      prices:
        even/m: { input: 1.00, output: 2.00 }
        held/m: { input: 1.00, output: 2.00 }
      tenants:
        t:
          apps:
            crowd: { keys: [ sk-crowd ], budget: { total: 1 USD } }
            dies: { keys: [ sk-dies ], budget: { total: 100 USD }, limits: { concurrent: 500 } }
            stands: { keys: [ sk-stands ], budget: { total: 1 USD } }
            changes: { keys: [ sk-changes ], budget: { total: 0.02 USD } }
            rated: { keys: [ sk-rated ], limits: { requests: 60/min } }
            together: { keys: [ sk-together ], limits: { concurrent: 3 } }
            poor: { keys: [ sk-poor ], budget: { total: 0.05 USD } }
            hourly: { keys: [ sk-hourly ], limits: { requests: 30/hour } }
            half: { keys: [ sk-half ], budget: { total: 0.33 USD } }
            spools: { keys: [ sk-spools ], budget: { total: 10 USD } }
            once: { keys: [ sk-once ] }
            storm: { keys: [ sk-storm ], budget: { total: 1 USD } }
            alone: { keys: [ sk-alone ], budget: { total: 1 USD } }
      """;

  private static final String ANSWER =
      """
      {"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4000,"completion_tokens":3000,"total_tokens":7000}}\
      """;

  @TempDir private static Path folder;

  /** A call at the provider that is held goes on with one of them. */
  private static final Semaphore ANSWERS = new Semaphore(0);

  private static final AtomicInteger ASKED = new AtomicInteger();

  private static RealPostgres.Own postgres;
  private static RealRedis redis;
  private static RawProvider provider;
  private static final List<Node> NODES = new ArrayList<>();

  @BeforeAll
  static void three_nodes_start_at_once_on_an_empty_database() throws Exception {
    postgres = new RealPostgres.Own(folder.resolve("postgres"));
    redis = RealRedis.own();
    provider =
        new RawProvider(visit -> {
          while (visit.read()) {
            ASKED.incrementAndGet();
            ANSWERS.acquire();
            visit.answer("200 OK", "", ANSWER);
          }
        });
    long begun = System.nanoTime();
    for (int i = 1; i <= 3; i++) {
      String whenAway = i == 3 ? "refuse" : "share";
      NODES.add(
          new Node(
              folder.resolve("node-" + i),
              YAML.formatted(postgres.url(), redis.url(), whenAway, provider.port())));
    }
    NODES.forEach(Node::listening);
    told("three nodes listen", begun);
  }

  @AfterAll
  static void stop() throws IOException {
    NODES.forEach(Node::close);
    redis.close();
    postgres.close();
    provider.close();
  }

  @BeforeEach
  void all_are_well() {
    ANSWERS.drainPermits();
    for (Node node : NODES) {
      until("well", 30, () -> well(node));
    }
  }

  private static boolean well(Node node) {
    JsonNode health = node.health();
    return health.path("shared").path("state").asString("").equals("connected")
        && health.path("database").path("state").asString("").equals("open");
  }

  private static Node node(int number) {
    return NODES.get(number - 1);
  }

  private static void told(String what, long since) {
    LOG.info("{}: {} ms", what, (System.nanoTime() - since) / 1_000_000);
  }

  private static long until(String what, double seconds, BooleanSupplier holds) {
    long begun = System.nanoTime();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime() - begun)
          .as("%s within %s s", what, seconds)
          .isLessThan((long) ((seconds + BUSY) * 1e9));
      LockSupport.parkNanos(2_000_000);
    }
    told(what, begun);
    return System.nanoTime() - begun;
  }

  private static String body(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  private static int call(Node node, String key) {
    return node.post(CHAT, key, body("even")).statusCode();
  }

  private static List<Thread> parallel(int count, java.util.function.IntConsumer call) {
    return IntStream.range(0, count)
        .mapToObj(i -> Thread.ofVirtual().start(() -> call.accept(i)))
        .toList();
  }

  private static void join(Collection<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode budget(Node node, String app) {
    JsonNode all = node.admin("/budgets");
    for (JsonNode row : all.path("data")) {
      if (row.path("app").asString("").equals(app)) {
        return row;
      }
    }
    throw new AssertionError(all.toString());
  }

  private static BigDecimal spent(Node node, String app) {
    return new BigDecimal(budget(node, app).path("spent").asString());
  }

  private static boolean reserved(Node node, String app) {
    var reserved = new BigDecimal(budget(node, app).path("reserved").asString());
    assertThat(reserved.signum()).isGreaterThanOrEqualTo(0);
    return reserved.signum() > 0;
  }

  private static JsonNode usage(Node node, String app) {
    // Of a store that comes back just now there is nothing yet.
    JsonNode all = Json.parse(node.get("/admin/v1/usage?group_by=app", Node.ADMIN).body());
    for (JsonNode row : all.path("data")) {
      if (row.path("app").asString("").equals(app)) {
        return row;
      }
    }
    return Json.object();
  }

  private static BigDecimal cost(Node node, String app) {
    return new BigDecimal(usage(node, app).path("cost_usd").asString("-1"));
  }

  private static List<JsonNode> records(Node node, String app) {
    var all = new ArrayList<JsonNode>();
    String next = "";
    do {
      JsonNode page = node.admin("/calls?limit=1000&tenant=t&app=" + app + next);
      page.path("data").forEach(all::add);
      next = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
    } while (!next.isEmpty());
    return all;
  }

  private static List<String> ids(Node node, String app) {
    return records(node, app).stream().map(record -> record.path("request_id").asString()).toList();
  }

  @Test
  void of_500_calls_over_three_nodes_100_are_answered_and_1_USD_is_spent() throws Exception {
    Queue<String> answered = new ConcurrentLinkedQueue<>();
    Queue<String> refused = new ConcurrentLinkedQueue<>();
    long begun = System.nanoTime();
    join(
        parallel(
            500,
            i -> {
              var reply = NODES.get(i % 3).post(CHAT, "sk-crowd", body("even"));
              assertThat(reply.statusCode()).isIn(200, 429);
              (reply.statusCode() == 200 ? answered : refused).add(id(reply));
            }));
    told("500 calls", begun);
    assertThat(answered).hasSize(100);
    assertThat(refused).hasSize(400);
    for (Node node : NODES) {
      until(
          "settled",
          2,
          () -> spent(node, "crowd").compareTo(BigDecimal.ONE) == 0 && !reserved(node, "crowd"));
    }
    var all = new HashSet<>(answered);
    all.addAll(refused);
    for (Node node : NODES) {
      until("records", 3, () -> ids(node, "crowd").size() == 500);
      assertThat(ids(node, "crowd")).containsExactlyInAnyOrderElementsOf(all);
      assertThat(
              records(node, "crowd").stream()
                  .filter(record -> record.path("kind").isNull())
                  .map(record -> record.path("request_id").asString()))
          .containsExactlyInAnyOrderElementsOf(answered);
      until("usage", 3, () -> usage(node, "crowd").path("calls").asInt(0) == 500);
      assertThat(cost(node, "crowd")).isEqualByComparingTo("1");
    }
  }

  @Test
  void
      a_node_that_is_killed_and_one_that_stands_still_hold_nothing_lose_nothing_and_count_nothing_twice()
          throws Exception {
    // Held by the provider: of the second node until its death, of the third beyond its pause.
    int before = ASKED.get();
    List<Thread> ofTheDead =
        parallel(
            10, i -> broken(node(2).request(CHAT, "sk-dies").header("idempotency-key", "d" + i)));
    Queue<Integer> late = new ConcurrentLinkedQueue<>();
    List<Thread> ofThePaused =
        parallel(10, i -> late.add(node(3).post(CHAT, "sk-stands", body("held")).statusCode()));
    until("asked", 10, () -> ASKED.get() == before + 20);
    var ending = new AtomicBoolean();
    Set<String> delivered = java.util.concurrent.ConcurrentHashMap.newKeySet();
    List<Thread> busy =
        parallel(
            20,
            i -> {
              while (!ending.get()) {
                try {
                  var reply =
                      Node.send(
                          node(2)
                              .request(CHAT, "sk-dies")
                              .POST(BodyPublishers.ofString(body("even")))
                              .build());
                  assertThat(reply.statusCode()).isEqualTo(200);
                  delivered.add(id(reply));
                } catch (IOException dead) {
                  return;
                }
              }
            });
    until("work", 10, () -> delivered.size() > 150);
    assertThat(reserved(node(1), "dies")).isTrue();
    assertThat(reserved(node(1), "stands")).isTrue();
    long killed = System.nanoTime();
    node(2).kill();
    node(3).pause();
    ending.set(true);
    join(busy);
    join(ofTheDead);
    until("free after a death", 15, () -> !reserved(node(1), "dies"));
    until("free after a pause", 15, () -> !reserved(node(1), "stands"));
    told("free again", killed);
    // What the paused one had reserved is others' now.
    join(parallel(150, i -> call(node(1), "sk-stands")));
    assertThat(spent(node(1), "stands")).isEqualByComparingTo("1");

    node(3).resume();
    node(2).launch();
    node(2).listening();
    ANSWERS.release(30);
    until(
        "an idempotency key of the dead is free",
        20,
        () -> keyed(node(1), "sk-dies", "d0").statusCode() == 200);
    join(ofThePaused);
    assertThat(late).hasSize(10).containsOnly(200);
    until("delivered have records", 12, () -> ids(node(1), "dies").containsAll(delivered));
    all_are_well();
    until("paid", 5, () -> spent(node(3), "stands").compareTo(new BigDecimal("1.1")) == 0);
    until("released", 5, () -> !reserved(node(3), "stands") && !reserved(node(2), "dies"));
    for (Node node : NODES) {
      assertThat(ids(node, "dies")).doesNotHaveDuplicates();
      until(
          "spent is what records say",
          3,
          () -> spent(node, "stands").compareTo(cost(node, "stands")) == 0);
      // Of the busy ones some may have been counted when they died, and not recorded yet: what
      // nobody was answered is never spent again, but by no more than was on its way.
      until(
          "no more is spent than records say and was on its way",
          3,
          () -> {
            BigDecimal more = spent(node, "dies").subtract(cost(node, "dies"));
            return more.signum() >= 0 && more.compareTo(new BigDecimal("0.2")) <= 0;
          });
    }
    assertThat(call(node(3), "sk-stands")).isEqualTo(429);
  }

  private static void broken(HttpRequest.Builder request) {
    try {
      Node.send(request.POST(BodyPublishers.ofString(body("held"))).build());
    } catch (IOException dead) {
      return;
    }
    throw new AssertionError("was answered");
  }

  @Test
  void a_change_on_one_node_is_in_force_on_all_within_a_second() {
    var made = node(1).admin("POST", "/tenants/t/apps/changes/keys", "{}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String key = Json.parse(made.body()).path("key").asString();
    until("a key of another node works", 1, () -> models(node(2), key) && models(node(3), key));
    String id = Json.parse(made.body()).path("id").asString();
    node(2).admin("DELETE", "/tenants/t/apps/changes/keys/" + id, "");
    until(
        "a key deleted elsewhere is refused",
        1,
        () -> NODES.stream().noneMatch(node -> models(node, key)));

    assertThat(Stream.of(1, 2, 3, 1).map(i -> call(node(i), "sk-changes")))
        .containsExactly(200, 200, 429, 429);
    patch(node(1), "changes", "{\"budget\":{\"total\":\"0.05 USD\"}}");
    until("a budget raised elsewhere holds", 1, () -> call(node(3), "sk-changes") == 200);
    patch(node(3), "changes", "{\"budget\":{\"total\":\"0.01 USD\"}}");
    until("a budget lowered elsewhere holds", 1, () -> call(node(1), "sk-changes") == 429);
    patch(node(2), "changes", "{\"budget\":null,\"limits\":{\"requests\":\"2/hour\"}}");
    until("a limit given elsewhere holds", 1, () -> limited(node(1)) && limited(node(3)));
  }

  private static boolean limited(Node node) {
    return node.post(CHAT, "sk-changes", body("even"))
        .headers()
        .firstValue("x-ratelimit-limit-requests")
        .equals(java.util.Optional.of("2"));
  }

  private static boolean models(Node node, String key) {
    return node.get("/v1/models", key).statusCode() == 200;
  }

  private static void patch(Node node, String app, String change) {
    var reply = node.admin("PATCH", "/tenants/t/apps/" + app, change);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  @Test
  void limits_are_shared_by_all_nodes() throws Exception {
    var answered = new AtomicInteger();
    join(
        parallel(
            150,
            i -> {
              if (call(NODES.get(i % 3), "sk-rated") == 200) {
                answered.incrementAndGet();
              }
            }));
    assertThat(answered).hasValue(60);

    int before = ASKED.get();
    var statuses = new ConcurrentLinkedQueue<Integer>();
    List<Thread> calls =
        parallel(
            9,
            i ->
                statuses.add(
                    NODES.get(i % 3).post(CHAT, "sk-together", body("held")).statusCode()));
    until("three at once", 5, () -> ASKED.get() == before + 3);
    until("the others have waited", 15, () -> statuses.size() == 6);
    assertThat(statuses).containsOnly(429);
    assertThat(ASKED).hasValue(before + 3);
    ANSWERS.release(3);
    join(calls);
    ANSWERS.release(3);
    assertThat(Stream.of(1, 2, 3).map(i -> node(i).post(CHAT, "sk-together", body("held"))))
        .allMatch(reply -> reply.statusCode() == 200);
  }

  @Test
  void without_redis_nodes_go_on_with_their_share_or_refuse_and_an_empty_one_refills_nothing()
      throws Exception {
    for (int i = 0; i < 5; i++) {
      assertThat(call(NODES.get(i % 3), "sk-poor")).isEqualTo(200);
    }
    assertThat(call(node(1), "sk-poor")).isEqualTo(429);
    for (int i = 0; i < 3; i++) {
      assertThat(call(NODES.get(i), "sk-half")).isEqualTo(200);
    }
    until("settled", 2, () -> spent(node(1), "half").compareTo(new BigDecimal("0.03")) == 0);
    redis.stop();
    for (Node node : NODES) {
      until(
          "says that Redis is away",
          3,
          () -> node.health().path("shared").path("state").asString().equals("away"));
      assertThat(node.health().path("status").asString()).isEqualTo("degraded");
      assertThat(node.get("/metrics", Node.ADMIN).body())
          .contains("lintel_footing_well{name=\"shared\"} 0");
      assertThat(node.said()).containsPattern("WARN.* is away");
    }
    var refused = node(3).post(CHAT, "sk-hourly", body("even"));
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("\"unavailable\"");
    assertThat(call(node(3), "sk-once")).as("without a limit").isEqualTo(200);
    for (int i : List.of(1, 2)) {
      assertThat(answered(node(i), "sk-hourly", 15)).isEqualTo(10);
      assertThat(answered(node(i), "sk-half", 15)).isBetween(8, 10);
      assertThat(call(node(i), "sk-poor")).isEqualTo(429);
    }
    redis.start();
    NODES.forEach(node -> until("Redis is back", 5, () -> well(node)));
    for (Node node : NODES) {
      assertThat(call(node, "sk-poor")).isEqualTo(429);
      assertThat(spent(node, "poor")).isEqualByComparingTo("0.05");
      until(
          "all that was spent counts",
          5,
          () -> spent(node, "half").compareTo(cost(node, "half")) == 0);
    }
    int rest = 33 - spent(node(1), "half").movePointRight(2).intValueExact();
    assertThat(answered(node(3), "sk-half", 33)).isEqualTo(rest);
    assertThat(answered(node(3), "sk-hourly", 30)).isEqualTo(10);
  }

  private static int answered(Node node, String key, int tries) {
    return (int) IntStream.range(0, tries).filter(i -> call(node, key) == 200).count();
  }

  @Test
  void without_postgres_calls_go_on_and_their_records_are_brought_in_once_it_is_back()
      throws Exception {
    var made = node(1).admin("POST", "/tenants/t/apps/spools/keys", "{}");
    String key = Json.parse(made.body()).path("key").asString();
    until("the key is known", 1, () -> models(node(2), key) && models(node(3), key));
    postgres.stop();
    for (Node node : NODES) {
      until(
          "says that the database is away",
          5,
          () -> node.health().path("database").path("state").asString().equals("away"));
    }
    var delivered = new HashSet<String>();
    for (int i = 0; i < 30; i++) {
      var reply = NODES.get(i % 3).post(CHAT, i % 2 == 0 ? key : "sk-spools", body("even"));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      delivered.add(id(reply));
    }
    var write = node(1).admin("POST", "/tenants/t/apps/spools/keys", "{}");
    assertThat(write.statusCode()).as(write.body()).isEqualTo(503);
    var change = node(1).admin("PATCH", "/tenants/t/apps/spools", "{\"budget\":null}");
    assertThat(change.statusCode()).as(change.body()).isEqualTo(503);
    until("settled", 2, () -> spent(node(2), "spools").compareTo(new BigDecimal("0.3")) == 0);
    for (Node node : NODES) {
      until("says that records wait", 10, () -> recordsWait(node));
      assertThat(node.health().path("status").asString()).isEqualTo("degraded");
      assertThat(Long.parseLong(node.health().at("/journal/waiting_bytes").asString()))
          .isPositive();
      assertThat(node.get("/metrics", Node.ADMIN).body())
          .contains("lintel_footing_well{name=\"journal\"} 0")
          .containsPattern("\nlintel_journal_bytes [1-9]");
    }
    postgres.start();
    for (Node node : NODES) {
      until(
          "records are brought in",
          12,
          () -> usage(node, "spools").path("calls").asInt(0) == delivered.size());
      assertThat(ids(node, "spools")).containsExactlyInAnyOrderElementsOf(delivered);
      assertThat(cost(node, "spools")).isEqualByComparingTo("0.3");
      until("says that none wait", 12, () -> !recordsWait(node));
    }
  }

  private static boolean recordsWait(Node node) {
    return node.health().at("/journal/state").asString("").equals("waiting");
  }

  @Test
  void of_one_idempotency_key_on_two_nodes_at_once_one_asks_the_provider() throws Exception {
    int before = ASKED.get();
    var replies = new ConcurrentLinkedQueue<HttpResponse<String>>();
    List<Thread> calls = parallel(6, i -> replies.add(keyed(NODES.get(i % 3), "sk-once", "k1")));
    until("one is asked", 5, () -> ASKED.get() == before + 1);
    until("the others are refused", 5, () -> replies.size() == 5);
    assertThat(replies)
        .allMatch(reply -> reply.statusCode() == 409)
        .allMatch(reply -> reply.headers().firstValue("retry-after").isPresent());
    ANSWERS.release();
    join(calls);
    for (Node node : NODES) {
      until("replayed", 1, () -> keyed(node, "sk-once", "k1").statusCode() == 200);
      assertThat(keyed(node, "sk-once", "k1").headers().firstValue("x-lintel-replayed"))
          .contains("true");
    }
    assertThat(ASKED).hasValue(before + 1);
  }

  private static HttpResponse<String> keyed(Node node, String key, String name) {
    try {
      return Node.send(
          node.request(CHAT, key)
              .header("idempotency-key", name)
              .POST(BodyPublishers.ofString(body("held")))
              .build());
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void a_redis_that_is_lost_with_all_it_knew_under_load_lets_nobody_spend_more() throws Exception {
    var answered = new AtomicInteger();
    List<Thread> callers =
        parallel(
            60,
            i -> {
              for (int n = 0; n < 20; n++) {
                answered.addAndGet(call(NODES.get(i % 3), "sk-storm") == 200 ? 1 : 0);
              }
            });
    until("some are answered", 10, () -> answered.get() >= 30);
    redis.stop();
    until("Redis is away", 5, () -> !well(node(1)) && !well(node(2)));
    redis.start();
    join(callers);
    NODES.forEach(node -> until("Redis is back", 5, () -> well(node)));
    assertThat(answered.get()).isBetween(60, 100);
    for (Node node : NODES) {
      until(
          "all that was spent counts",
          8,
          () -> cost(node, "storm").movePointRight(2).intValueExact() == answered.get());
      until("here too", 5, () -> spent(node, "storm").compareTo(cost(node, "storm")) == 0);
    }
  }

  @Test
  void a_node_that_starts_and_dies_without_its_stores_brings_all_it_has_answered_later()
      throws Exception {
    int before = usage(node(1), "alone").path("calls").asInt(0);
    node(2).kill();
    postgres.stop();
    redis.stop();
    for (int start = 0; start < 2; start++) {
      node(2).launch();
      node(2).listening();
      assertThat(answered(node(2), "sk-alone", 5)).isEqualTo(5);
      node(2).kill();
    }
    node(2).launch();
    node(2).listening();
    redis.start();
    postgres.start();
    NODES.forEach(node -> until("both are back", 20, () -> well(node)));
    for (Node node : NODES) {
      until("brought in", 12, () -> usage(node, "alone").path("calls").asInt(0) == before + 10);
      until("counted", 5, () -> spent(node, "alone").compareTo(cost(node, "alone")) == 0);
    }
  }
}
