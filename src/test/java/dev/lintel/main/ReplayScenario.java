package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.SwiftTime;
import dev.lintel.store.SqlStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Records of every kind, put down as they may have been, under configurations that differ. */
@Tag("threads")
class ReplayScenario {
  private static final String PROVIDERS =
      """
      providers:
        p: { kind: sim }
        q: { kind: sim }
      prices:
        p/m: { input: 1, output: 1, cache_read: 0.1 }
        q/m: { input: 2, output: 2 }
      """;

  private static final Instant BEGIN =
      Instant.now().minus(Duration.ofDays(2)).truncatedTo(ChronoUnit.SECONDS);

  @TempDir private static Path data;
  private static TestGateway gateway;

  /** Each tenant's calls are one story. */
  private static final List<Records.Entry> ENTRIES = new ArrayList<>();

  private static ObjectNode answered(String tenant, Duration at, Duration took) {
    Instant time = BEGIN.plus(at);
    ObjectNode call =
        Json.object()
            .put("request_id", Ids.request(time))
            .put("time", time.toString())
            .put("tenant", tenant)
            .put("app", "a")
            .put("key_id", "k")
            .put("dialect", "openai")
            .put("model", "m")
            .put("target", "p/m")
            .put("status", 200)
            .putNull("kind")
            .put("stream", false)
            .put("ttft_ms", took.toMillis())
            .put("latency_ms", took.toMillis() + 2)
            .put("cost_usd", "0.00011")
            .put("endpoint", "chat");
    call.putObject("request").put("input_tokens", 100).put("max_tokens", 0);
    call.putObject("usage").put("input", 100).put("output", 10).put("source", "provider");
    attempt(call.putArray("attempts").addObject(), "p/m", "", took);
    return call;
  }

  private static void attempt(ObjectNode attempt, String target, String kind, Duration took) {
    attempt.put("target", target).put("kind", kind.isEmpty() ? null : kind);
    attempt.put("status", kind.isEmpty() ? 200 : 503).put("latency_ms", took.toMillis());
    attempt.put("message", kind.isEmpty() ? null : "It failed.");
  }

  private static ObjectNode failed(
      String tenant, Duration at, String kind, int status, String tried, Duration took) {
    ObjectNode call = answered(tenant, at, took);
    call.put("kind", kind).put("status", status).put("message", "It failed.");
    call.putNull("ttft_ms").putNull("cost_usd");
    call.putObject("usage").put("source", "none");
    var attempts = call.putArray("attempts");
    if (tried.isEmpty()) {
      call.putNull("target");
    } else {
      attempt(attempts.addObject(), "p/m", tried, took);
    }
    return call;
  }

  private static void put(ObjectNode call) {
    // As records are written, whose id stands first.
    ENTRIES.add(new Records.Entry(ENTRIES.size(), Json.bytes(call), List.of()));
  }

  private static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }

  @BeforeAll
  static void start() {
    assumeTrue(SwiftTime.possible());
    for (int i = 0; i < 3; i++) {
      put(answered("together", seconds(i), seconds(60)));
    }
    for (int i = 0; i < 8; i++) {
      put(
          failed(
              "down", seconds(i), "upstream_unavailable", 503, "upstream_unavailable", seconds(0)));
    }
    put(failed("left", seconds(1), "cancelled", 499, "cancelled", seconds(5)));
    ObjectNode cut =
        failed("cut", seconds(1), "upstream_unavailable", 200, "upstream_unavailable", seconds(5));
    put(cut.put("stream", true).put("ttft_ms", 100));
    ObjectNode old = answered("old", seconds(1), seconds(1));
    old.remove(List.of("request", "endpoint"));
    put(old);
    ObjectNode cached = answered("cached", seconds(1), seconds(1));
    cached.putObject("usage").put("input", 100).put("cache_read", 1000).put("output", 10);
    ((ObjectNode) cached.path("usage")).put("source", "provider");
    put(cached.put("cost_usd", "0.00021"));
    put(answered("guessed", seconds(1), seconds(1)));
    put(failed("guessed", seconds(10), "rate_limited", 429, "", seconds(0)));
    put(answered("mixed", seconds(1), seconds(1)).put("endpoint", "embeddings"));
    put(answered("mixed", seconds(2), seconds(1)).put("shadow_of", "req_x"));
    put(answered("mixed", seconds(3), seconds(1)));
    for (int i = 0; i < 5; i++) {
      put(answered("hedged", seconds(i), seconds(i < 4 ? 1 : 30)));
    }
    try (var store = SqlStore.embedded(data, SqlStore.Bounds.USUAL, InstantSource.system())) {
      store.records().add("journal", ENTRIES);
    }
    gateway = TestGateway.of(PROVIDERS + "models: { m: p/m }\ndata: " + data + "\n");
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
  }

  private static JsonNode told(String tenant, String rest) {
    return told(
        tenant, rest, "tenants: { %s: { apps: { a: { keys: [ sk-x ] } } } }\n".formatted(tenant));
  }

  private static JsonNode told(String tenant, String rest, String tenants) {
    ObjectNode asked = Json.object().put("config", PROVIDERS + rest + tenants);
    asked.put("since", BEGIN.toString()).put("tenant", tenant);
    var reply = gateway.admin("POST", "/admin/v1/whatif", Json.text(asked));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static final String SAME = "models: { m: p/m }\n";
  private static final String OTHER = "models: { m: q/m }\n";

  @Test
  void calls_that_were_under_way_together_are_so_again() {
    JsonNode told =
        told(
            "together",
            SAME,
            "tenants: { together: { apps: { a: { keys: [ sk-x ], limits: { concurrent: 2 } } } } }\n");
    assertThat(told.path("newly_refused").asInt()).isEqualTo(1);
    JsonNode row = told.path("newly_refused_by").path(0);
    assertThat(row.path("rule").asString()).isEqualTo("tenants.together.apps.a.limits.concurrent");
    assertThat(told.path("cost_usd").path("before").asString()).isEqualTo("0.00033");
    assertThat(told.path("cost_usd").path("after").asString()).isEqualTo("0.00022");
  }

  @Test
  void who_failed_fails_again_and_who_was_not_asked_answers() {
    JsonNode same = told("down", SAME);
    assertThat(same.path("no_longer_failed").asInt()).isZero();
    JsonNode helped = told("down", "models: { m: { targets: [ p/m, q/m ] } }\n");
    assertThat(helped.path("no_longer_failed").asInt()).isEqualTo(8);
    assertThat(helped.path("routes").path(0).path("to").asString()).isEqualTo("q/m");
    // Nobody has told what such calls use.
    assertThat(helped.path("cost_usd").path("unknown_after").asInt()).isEqualTo(8);
    assertThat(helped.path("latency_ms").path("unknown").asInt()).isEqualTo(8);
  }

  @Test
  void a_caller_who_left_and_a_stream_that_broke_change_nothing() {
    for (String tenant : List.of("left", "cut")) {
      JsonNode told = told(tenant, SAME);
      for (String count : List.of("moved", "newly_refused", "no_longer_refused", "newly_failed")) {
        assertThat(told.path(count).asInt()).as(tenant + " " + count).isZero();
      }
      assertThat(told.path("no_longer_failed").asInt()).as(tenant).isZero();
    }
    // What has begun to answer is not taken back.
    assertThat(told("cut", "models: { m: { targets: [ p/m, q/m ] } }\n").path("moved").asInt())
        .isZero();
  }

  @Test
  void records_of_an_older_version_are_told_nearly() {
    JsonNode told = told("old", OTHER);
    assertThat(told.path("nearly").asInt()).isEqualTo(1);
    assertThat(told.path("moved").asInt()).isEqualTo(1);
    assertThat(told.path("cost_usd").path("after").asString()).isEqualTo("0.00022");
  }

  @Test
  void nothing_is_in_another_providers_cache() {
    assertThat(told("cached", SAME).path("cost_usd").path("after").asString()).isEqualTo("0.00021");
    assertThat(told("cached", OTHER).path("cost_usd").path("after").asString())
        .isEqualTo("0.00222");
  }

  @Test
  void what_a_refused_call_would_have_used_is_told_by_its_like() {
    JsonNode told = told("guessed", SAME);
    assertThat(told.path("no_longer_refused").asInt()).isEqualTo(1);
    assertThat(told.path("cost_usd").path("guessed").asInt()).isEqualTo(1);
    assertThat(told.path("cost_usd").path("after").asString()).isEqualTo("0.00022");
  }

  @Test
  void what_is_not_replayed_is_counted_and_what_is_missing_named() {
    JsonNode told = told("mixed", "models: { n: p/m }\n");
    assertThat(told.path("seen").asInt()).isEqualTo(3);
    assertThat(told.path("calls").asInt()).isEqualTo(1);
    var left = new TreeMap<String, Integer>();
    told.path("not_replayed")
        .forEach(row -> left.put(row.path("why").asString(), row.path("calls").asInt()));
    assertThat(left)
        .containsEntry("it was no chat, but embeddings", 1)
        .containsEntry("a shadow, which no caller made", 1)
        .hasSize(2);
    assertThat(told.path("missing_models").path(0).path("model").asString()).isEqualTo("m");
    JsonNode gone =
        told("mixed", SAME, "tenants: { mixed: { apps: { b: { keys: [ sk-x ] } } } }\n");
    assertThat(gone.path("missing_apps").path(0).path("app").asString()).isEqualTo("mixed/a");
    assertThat(gone.path("newly_refused").asInt()).isEqualTo(1);
  }

  @Test
  void a_hedge_asks_the_other_where_the_first_was_late() {
    JsonNode told =
        told(
            "hedged",
            "models: { m: { targets: [ p/m, q/m ], hedge: { after: 5s, share: 100% } } }\n");
    assertThat(told.path("moved").asInt()).isEqualTo(1);
    assertThat(told.path("newly_failed").asInt()).isZero();
  }

  @Test
  void nothing_that_the_candidate_only_names_is_read_or_shown() {
    String secret = System.getenv().getOrDefault("HOME", "/nowhere");
    ObjectNode asked =
        Json.object()
            .put(
                "config",
                """
                providers:
                  p: { kind: openai, key: { env: HOME }, url: "${HOME}" }
                  r: { kind: openai, key: { file: /etc/hostname } }
                  s: { kind: openai, key: { secret: mine } }
                models: { m: "p/${HOME}" }
                tenants: { old: { apps: { a: { keys: [ "${HOME}" ] } } } }
                """);
    asked.put("since", BEGIN.toString()).put("tenant", "old");
    var reply = gateway.admin("POST", "/admin/v1/whatif", Json.text(asked));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.body()).doesNotContain("p/" + secret).contains("not-read.invalid/HOME");
  }

  @Test
  void a_candidate_with_faults_is_refused_with_them() {
    var reply =
        gateway.admin(
            "POST",
            "/admin/v1/whatif",
            Json.text(Json.object().put("config", "models: { m: nobody/m }\n")));
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(reply.body()).contains("invalid_configuration", "models.m names a provider");
  }

  @Test
  void the_command_prints_it_for_people_and_as_json() throws Exception {
    Path file = data.resolve("candidate.yaml");
    Files.writeString(
        file, PROVIDERS + OTHER + "tenants: { old: { apps: { a: { keys: [ sk-x ] } } } }\n");
    String since = BEGIN.toString();
    assertThat(run(file, "--since", since, "--tenant", "old"))
        .startsWith("0 1 calls from " + since)
        .contains(
            "1  p/m -> q/m", "cost 0.00011 -> 0.00022 USD (0.00011)", "1 calls are told nearly");
    assertThat(run(file, "--since", since, "--tenant", "old", "--json")).contains("\"moved\" : 1");
    assertThat(run(file, "--since", "soon")).startsWith("1 'since' must be a time");
    assertThat(run(data.resolve("none.yaml"))).contains("none.yaml must exist and be readable.");
  }

  private static String run(Path file, String... more) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                ThisJava.JAVA,
                "-cp",
                ThisJava.CLASSES,
                Main.class.getName(),
                "whatif",
                "--config"));
    command.add(file.toString());
    command.addAll(List.of("--url", gateway.url().toString()));
    command.addAll(List.of(more));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", "admin-key");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + " " + out;
  }
}
