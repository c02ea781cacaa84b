package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What becomes of calls whose key ends, and from where a key is believed to be used. */
class KeyLifeScenario {
  private static final String KEYS = "/admin/v1/tenants/t/apps/a/keys";

  private static final String YAML =
      """
      %s
      providers: { slow: { kind: sim, tokens: 30, tokens_per_second: 20 }, quick: { kind: sim } }
      prices: { slow/m: { input: 0, output: 1000.00 } }
      tenants: { t: { apps: { a: { budget: { total: 10 USD } } } } }
      """;

  private static HttpRequest asking(
      TestGateway gateway, String key, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.url().resolve("/v1/chat/completions"))
            .timeout(Duration.ofMinutes(1))
            .header("authorization", "Bearer " + key);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request.POST(BodyPublishers.ofString(body)).build();
  }

  private static String body(String model, String more) {
    return "{\"model\":\""
        + model
        + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
        + more
        + "}";
  }

  private static int status(TestGateway gateway, String key, String... headers) {
    return gateway.send(asking(gateway, key, body("quick/m", ""), headers)).statusCode();
  }

  private static JsonNode made(TestGateway gateway, String wish) {
    HttpResponse<String> reply = gateway.admin("POST", KEYS, wish);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
    return Json.parse(reply.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"deleted | DELETE | '' | ''", "expired | POST | /rotate | '{\"overlap\":\"0s\"}'"})
  void a_stream_whose_key_ends_goes_on_to_its_end_and_is_paid_for(
      String how, String method, String path, String wish) throws Exception {
    try (var gateway = TestGateway.of(YAML.formatted(""));
        var client = HttpClient.newHttpClient()) {
      JsonNode key = made(gateway, "{}");
      String secret = key.path("key").asString();
      var reply =
          client.send(
              asking(gateway, secret, body("slow/m", ",\"stream\":true")),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(reply.statusCode()).isEqualTo(200);
      try (var events =
          new BufferedReader(new InputStreamReader(reply.body(), StandardCharsets.UTF_8))) {
        assertThat(events.readLine()).startsWith("data:");
        var ended = gateway.admin(method, KEYS + "/" + key.path("id").asString() + path, wish);
        assertThat(ended.statusCode()).as(ended.body()).isBetween(200, 204);
        assertThat(status(gateway, secret)).as("the next call after it was " + how).isEqualTo(401);
        assertThat(
                events
                    .lines()
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.toList())
                    .getLast())
            .isEqualTo("data: [DONE]");
      }
      Soon.until(() -> spent(gateway).signum() > 0);
      JsonNode record =
          Soon.found(
                  () -> Json.parse(gateway.admin("GET", "/admin/v1/calls?limit=10", "").body()),
                  calls -> calls.path("data").size() == 2)
              .path("data")
              .valueStream()
              .filter(one -> one.path("model").asString("").equals("slow/m"))
              .findFirst()
              .orElseThrow();
      assertThat(record.path("key_id").asString()).isEqualTo(key.path("id").asString());
      assertThat(record.path("kind").isNull()).isTrue();
      assertThat(new BigDecimal(record.path("cost_usd").asString()))
          .isPositive()
          .isEqualByComparingTo(spent(gateway));
    }
  }

  private static BigDecimal spent(TestGateway gateway) {
    return new BigDecimal(
        Json.parse(gateway.admin("GET", "/admin/v1/budgets", "").body())
            .at("/data/0/spent")
            .asString());
  }

  @Test
  void where_no_proxy_is_trusted_nobody_comes_from_where_he_says() {
    try (var gateway = TestGateway.of(YAML.formatted(""))) {
      String there =
          made(gateway, "{\"scopes\":{\"addresses\":[\"192.0.2.0/24\"]}}").path("key").asString();
      String here =
          made(gateway, "{\"scopes\":{\"addresses\":[\"127.0.0.0/8\"]}}").path("key").asString();
      assertThat(status(gateway, there, "x-forwarded-for", "192.0.2.7")).isEqualTo(403);
      assertThat(status(gateway, here, "x-forwarded-for", "192.0.2.7")).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "192.0.2.7 | 200",
        "198.51.100.1, 192.0.2.7 | 200",
        "192.0.2.7, 127.0.0.2 | 200",
        "192.0.2.7, 198.51.100.1 | 403",
        "192.0.2.7, 198.51.100.1, 127.0.0.2 | 403",
        "192.0.2.7, unknown | 403",
        "'' | 403",
      })
  void of_what_a_trusted_proxy_says_only_its_own_word_counts(String forwarded, int status) {
    try (var gateway = TestGateway.of(YAML.formatted("trusted_proxies: [ 127.0.0.0/8 ]"))) {
      String key =
          made(gateway, "{\"scopes\":{\"addresses\":[\"192.0.2.0/24\"]}}").path("key").asString();
      assertThat(status(gateway, key, "x-forwarded-for", forwarded)).isEqualTo(status);
    }
  }
}
