package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Mode;
import dev.lintel.matrix.Ask;
import dev.lintel.matrix.ChatClient;
import dev.lintel.matrix.Client;
import dev.lintel.matrix.CohereClient;
import dev.lintel.matrix.ConverseClient;
import dev.lintel.matrix.GeminiClient;
import dev.lintel.matrix.MessagesClient;
import dev.lintel.matrix.ResponsesClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * What each kind of rule does in each mode, to clients of each dialect: observed it changes nothing
 * and is told in the record and the report, warned of it stands in a header and is counted, and
 * enforced it refuses or changes.
 */
class PolicyModesTest {
  private static final List<Client> CLIENTS =
      List.of(
          new ChatClient(),
          new ResponsesClient(),
          new MessagesClient(),
          new GeminiClient(),
          new CohereClient(),
          new ConverseClient());

  /** A kind of rule, and a call that it speaks against. */
  private enum Rule {
    MODELS("models: [ other ]", 403, "permission"),
    PROVIDERS("providers: { deny: [ a ] }", 403, "permission", "only"),
    ENDPOINTS("endpoints: [ embeddings ]", 403, "permission"),
    TOOLS("tools: { deny: [ shell ] }", 403, "permission"),
    REQUIRE("require: [ channel ]", 400, "invalid_request"),
    FORCE("force: { priority: low }", 200, "permission"),
    MAX_TOKENS("max_tokens: 40", 200, "permission"),
    MAX_TOKENS_STRICTLY("max_tokens: 40", 403, "permission"),
    DATA_CLASSES("data_classes: { secret: refuse }", 403, "permission"),
    DATA_REGIONS("data_classes: { secret: { regions: [ eu ] } }", 503, "unavailable", "only"),
    ROUTING("routing: { prefer: [ b ] }", 200, "permission"),
    REQUESTS("limits: { requests: 1/day }", 429, "rate_limited"),
    TOKENS("limits: { tokens: 20/day }", 429, "rate_limited"),
    BUDGETS("budgets: { total: 0.000001 USD }", 429, "budget_exceeded");

    private final String written;
    private final int status;
    private final String kind;
    private final String model;

    Rule(String written, int status, String kind) {
      this(written, status, kind, "main");
    }

    Rule(String written, int status, String kind, String model) {
      this.written = written;
      this.status = status;
      this.kind = kind;
      this.model = model;
    }

    /** As it is called in the configuration, where it may have more below it. */
    String place(Mode mode) {
      return "policies." + name(mode) + "." + written.substring(0, written.indexOf(':'));
    }

    String name(Mode mode) {
      return (name() + "-" + mode).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it is the first call that it speaks against. */
    boolean atOnce() {
      return this != REQUESTS;
    }

    Map<String, String> headers() {
      return switch (this) {
        case FORCE -> Map.of("x-lintel-priority", "high");
        case MAX_TOKENS_STRICTLY -> Map.of("x-lintel-strict", "true");
        case DATA_CLASSES, DATA_REGIONS -> Map.of("x-lintel-data-class", "secret");
        case MODELS,
            PROVIDERS,
            ENDPOINTS,
            TOOLS,
            REQUIRE,
            MAX_TOKENS,
            ROUTING,
            REQUESTS,
            TOKENS,
            BUDGETS ->
            Map.of();
      };
    }
  }

  private static TestGateway gateway;

  private static Stream<Arguments> everything() {
    return Stream.of(Rule.values())
        .flatMap(rule -> Stream.of(Mode.values()).map(mode -> Arguments.of(rule, mode)));
  }

  @BeforeAll
  static void start() {
    var policies = new StringBuilder();
    var apps = new StringBuilder();
    for (Rule rule : Rule.values()) {
      for (Mode mode : Mode.values()) {
        String name = rule.name(mode);
        policies.append("  %s: { mode: %s, %s }\n".formatted(name, mode.word(), rule.written));
        for (int i = 0; i < CLIENTS.size(); i++) {
          apps.append(
              "      %s-%d: { keys: [ sk-%s-%d ], policy: %s }\n"
                  .formatted(name, i, name, i, name));
        }
      }
    }
    gateway =
        TestGateway.of(
            """
            providers: { a: { kind: sim }, b: { kind: sim } }
            models:
              main: { targets: [ a/one, b/two ] }
              only: { targets: [ { to: a/one, region: us } ] }
              other: b/two
            prices: { a/one: { input: 100, output: 100 }, b/two: { input: 100, output: 100 } }
            policies:
            """
                + policies
                + "tenants:\n  t:\n    apps:\n"
                + apps);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @MethodSource("everything")
  void a_rule_does_in_every_dialect_what_its_mode_says(Rule rule, Mode mode) {
    for (int i = 0; i < CLIENTS.size(); i++) {
      Client client = CLIENTS.get(i);
      String key = "sk-" + rule.name(mode) + "-" + i;
      if (!rule.atOnce()) {
        assertThat(ask(client, key, rule).statusCode()).as(client.name()).isEqualTo(200);
      }
      var reply = ask(client, key, rule);
      String said = client.name() + " " + new String(reply.body(), StandardCharsets.UTF_8);
      if (mode == Mode.ENFORCE) {
        enforced(rule, client, reply, said);
      } else {
        assertThat(reply.statusCode()).as(said).isEqualTo(200);
        assertThat(header(reply, "x-lintel-target")).as(said).isEqualTo("a/one");
        assertThat(header(reply, "x-lintel-adapted")).as(said).doesNotContain("max_tokens");
      }
      if (mode == Mode.WARN) {
        assertThat(header(reply, "x-lintel-warning")).as(said).isNotEmpty();
      } else {
        assertThat(header(reply, "x-lintel-warning")).as(said).isEmpty();
      }
      JsonNode record = recorded(header(reply, "x-lintel-request-id"));
      JsonNode finding = record.at("/policy/0");
      assertThat(finding.path("rule").asString()).as(said).startsWith(rule.place(mode));
      assertThat(finding.path("mode").asString()).as(said).isEqualTo(mode.word());
      assertThat(finding.path("kind").asString()).as(said).isEqualTo(rule.kind);
      assertThat(record.path("policy")).as(said).hasSize(1);
    }
    assertThat(reported(rule, mode)).isEqualTo(CLIENTS.size());
    assertThat(gateway.get("/metrics").body().lines())
        .anyMatch(line ->
            line.startsWith(
                    "lintel_policy_findings_total{mode=\""
                        + mode.word()
                        + "\",rule=\""
                        + rule.place(mode))
                && Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)) == CLIENTS.size());
  }

  private static void enforced(Rule rule, Client client, HttpResponse<byte[]> reply, String said) {
    if (rule.status == 200) {
      assertThat(reply.statusCode()).as(said).isEqualTo(200);
      switch (rule) {
        case ROUTING -> assertThat(header(reply, "x-lintel-target")).isEqualTo("b/two");
        case MAX_TOKENS ->
            assertThat(header(reply, "x-lintel-adapted")).contains("change:max_tokens->40");
        default -> {}
      }
      return;
    }
    boolean owes = client instanceof MessagesClient && rule == Rule.BUDGETS;
    assertThat(reply.statusCode()).as(said).isEqualTo(owes ? 402 : rule.status);
    JsonNode lintel = client.refused(reply.statusCode(), reply.headers(), reply.body());
    assertThat(lintel.path("kind").asString()).as(said).isEqualTo(rule.kind);
    assertThat(lintel.path("attempts")).as(said).isEmpty();
    if (client instanceof ChatClient || client instanceof ResponsesClient) {
      String code = Json.parse(reply.body()).at("/error/code").asString("");
      assertThat(code)
          .as(said)
          .isEqualTo(
              switch (rule) {
                case REQUESTS, TOKENS -> "rate_limit_exceeded";
                case BUDGETS -> "insufficient_quota";
                default -> "policy";
              });
    }
    if (rule == Rule.REQUESTS) {
      assertThat(header(reply, "retry-after")).as(said).isNotEmpty();
    }
  }

  private static HttpResponse<byte[]> ask(Client client, String key, Rule rule) {
    Ask ask = Ask.text("Hello").tools(Ask.Tool.of("shell")).most(50);
    HttpRequest.Builder request =
        gateway
            .request(client.path(rule.model, false))
            .setHeader("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(client.body(ask, rule.model, false).toString()));
    rule.headers().forEach(request::setHeader);
    return gateway.bytes(request.build());
  }

  private static String header(HttpResponse<byte[]> reply, String name) {
    return reply.headers().firstValue(name).orElse("");
  }

  /** Records are there a moment after their calls. */
  private static JsonNode recorded(String id) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (true) {
      JsonNode record = admin("/admin/v1/calls/" + id);
      if (record.has("request_id") || System.nanoTime() > end) {
        return record;
      }
      Thread.onSpinWait();
    }
  }

  /** How many calls the report tells of, once it tells of all. */
  private static long reported(Rule rule, Mode mode) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (true) {
      long calls =
          StreamSupport.stream(admin("/admin/v1/policies/report").path("data").spliterator(), false)
              .filter(row ->
                  row.path("rule").asString().startsWith(rule.place(mode))
                      && row.path("mode").asString().equals(mode.word()))
              .mapToLong(row -> row.path("calls").asLong())
              .sum();
      if (calls >= CLIENTS.size() || System.nanoTime() > end) {
        return calls;
      }
      Thread.onSpinWait();
    }
  }

  private static JsonNode admin(String path) {
    return Json.parse(
        gateway
            .send(gateway.request(path).setHeader("authorization", "Bearer admin-key").build())
            .body());
  }
}
