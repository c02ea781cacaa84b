package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * What goes on is told while it does: who waits for whom, what is slow, what fails, what it costs.
 */
class TopScenario {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            node: top-1                # others run in this process, too
            providers: { p: { kind: sim }, bad: { kind: sim }, slow: { kind: sim, ttft: 60s } }
            models:
              dear: p/large
              broken: { targets: [ "bad/down+fault=503" ], retry: { attempts: 1 } }
              stalled: slow/small
            prices: { p/large: { input: 1000.00, output: 2000.00 } }
            tenants:
              t: { apps: { a: { keys: [ sk-test-0001 ] }, idle: { keys: [ sk-idle ] } } }
              u: { apps: { b: { keys: [ sk-u ] } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpRequest request(String key, String model) {
    return gateway
        .request("/v1/chat/completions")
        .setHeader("authorization", "Bearer " + key)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"model\":\"%s\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
                    .formatted(model)))
        .build();
  }

  private static String ask(String key, String model) {
    return gateway
        .send(request(key, model))
        .headers()
        .firstValue("x-lintel-request-id")
        .orElseThrow();
  }

  private static JsonNode top(String query) {
    HttpResponse<String> answer = gateway.admin("GET", "/admin/v1/top" + query, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.parse(answer.body());
  }

  private static List<String> ids(JsonNode calls) {
    return StreamSupport.stream(calls.spliterator(), false)
        .map(call -> call.path("request_id").asString())
        .toList();
  }

  private static JsonNode row(JsonNode rows, String name, String value) {
    return StreamSupport.stream(rows.spliterator(), false)
        .filter(row -> row.path(name).asString("").equals(value))
        .findFirst()
        .orElse(Json.MAPPER.missingNode());
  }

  @Test
  void what_goes_on_is_told_of_all_and_of_one_tenant() {
    top("");
    String dear = ask("sk-u", "dear");
    String broken = ask(TestGateway.KEY, "broken");
    CompletableFuture<HttpResponse<String>> stalled =
        HTTP.sendAsync(request(TestGateway.KEY, "stalled"), HttpResponse.BodyHandlers.ofString());

    JsonNode all =
        Soon.found(
            () -> top(""),
            told ->
                row(told.path("models"), "model", "broken").path("failing").asDouble(0) == 1
                    && row(told.path("models"), "model", "dear").path("failing").isNumber()
                    && told.path("calls").size() == 1
                    && told.path("calls").get(0).path("target").asString("").equals("slow/small")
                    && ids(told.path("slowest")).contains(dear));
    assertThat(all.path("under_way").asInt()).isEqualTo(1);
    assertThat(all.path("node").asString()).isEqualTo("top-1");
    assertThat(all.path("shared").asBoolean()).isFalse();
    assertThat(all.path("minute").path("calls_per_second").asDouble()).isPositive();
    assertThat(all.path("minute").path("tokens_per_second").path("output").asDouble()).isPositive();
    assertThat(row(all.path("tenants"), "tenant", "u").path("cost_usd_per_minute").asString(""))
        .isNotEqualTo("0");
    JsonNode model = row(all.path("models"), "model", "dear");
    assertThat(model.path("provider").asString()).isEqualTo("p");
    assertThat(model.path("failing").asDouble(1)).isZero();
    assertThat(model.path("p95_ms").isNumber()).isTrue();
    assertThat(model.path("state").asString()).isEqualTo("healthy");
    assertThat(row(all.path("models"), "model", "broken").path("failing").asDouble()).isOne();
    assertThat(row(all.path("providers"), "provider", "bad").path("last_failure").asString(""))
        .isEqualTo("upstream_unavailable");
    assertThat(ids(all.path("failed"))).containsExactly(broken);
    assertThat(row(all.path("kinds"), "kind", "upstream_unavailable").path("calls").asInt())
        .isOne();
    assertThat(row(all.path("models"), "model", "stalled").path("under_way").asInt()).isOne();

    JsonNode one = top("?tenant=u");
    assertThat(one.path("under_way").asInt()).isZero();
    assertThat(one.path("waiting").isNull()).isTrue();
    assertThat(one.path("calls")).isEmpty();
    assertThat(one.path("failed")).isEmpty();
    assertThat(one.path("providers")).isEmpty();
    assertThat(ids(one.path("slowest"))).containsExactly(dear);
    assertThat(one.path("models")).hasSize(1);
    assertThat(one.path("models").get(0).path("p95_ms").isNull()).isTrue();
    assertThat(one.path("tenants").get(0).path("app").asString()).isEqualTo("b");

    assertThat(run("admin-key"))
        .startsWith("0 lintel top  ")
        .contains(
            "MODEL", "dear", "UNDER WAY", "slow/small", "FAILED", broken, "upstream_unavailable")
        .doesNotContain("\u001b");
    assertThat(Json.parse(run("admin-key", "--json", "--tenant", "u").substring(2)).path("tenant"))
        .isEqualTo(Json.MAPPER.valueToTree("u"));
    assertThat(run("wrong-key")).startsWith("1 That is no admin key");
    assertThat(run("")).startsWith("1 The environment variable LINTEL_ADMIN_KEY");
    assertThat(run("admin-key", "--delay", "0")).startsWith("1 --delay must be");

    stalled.cancel(true);
    Soon.found(() -> top(""), told -> told.path("under_way").asInt() == 0);
  }

  /** Its exit code and what it prints, where nobody sits before a terminal. */
  private static String run(String key, String... words) {
    var command =
        new ArrayList<>(
            List.of(ThisJava.JAVA, "-cp", ThisJava.CLASSES, Main.class.getName(), "top"));
    command.addAll(List.of(words));
    command.addAll(List.of("--url", gateway.url().toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", key);
    try {
      Process process = builder.start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() + " " + out;
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }
}
