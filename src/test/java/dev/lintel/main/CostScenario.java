package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Json;
import dev.lintel.config.Config;
import dev.lintel.config.Faulty;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a call costs, and where that is told. */
class CostScenario {
  private static final List<String> DIALECTS =
      List.of("openai", "responses", "anthropic", "gemini", "cohere", "bedrock");

  /**
   * The same usage from every provider: 1000 fresh, 300 read, 200 written, 70 out, 30 of them
   * thought.
   */
  private static final String SIM =
      "kind: sim, input_tokens: 1000, cache_read_tokens: 300, cache_write_tokens: 200, output_tokens: 70, reasoning_tokens: 30";

  private static final String PRICES =
      """
      prices:
        openai-sim/m:    { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
        anthropic-sim/m: { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
        gemini-sim/m:    { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
        responses-sim/m: { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
        cohere-sim/m:    { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
        bedrock-sim/m:   { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
      """;

  private static String providers() {
    var yaml = new StringBuilder("providers:\n");
    for (String dialect : DIALECTS) {
      yaml.append("  %s-sim: { %s, dialect: %s }\n".formatted(dialect, SIM, dialect));
    }
    return yaml + PRICES;
  }

  static Stream<Arguments> pairs() {
    return DIALECTS.stream()
        .flatMap(client -> DIALECTS.stream().map(provider -> Arguments.of(client, provider)));
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, String client, String model, boolean stream, String more) {
    return switch (client) {
      case "openai" ->
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
                  .formatted(model, stream, more));
      case "responses" ->
          gateway.post(
              "/v1/responses",
              "{\"model\":\"%s\",\"stream\":%s,\"input\":\"Hi\"%s}".formatted(model, stream, more));
      case "cohere" ->
          gateway.post(
              "/v2/chat",
              "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
                  .formatted(model, stream, more));
      case "anthropic" ->
          gateway.post(
              "/v1/messages",
              "{\"model\":\"%s\",\"max_tokens\":99,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
                  .formatted(model, stream, more));
      case "bedrock" ->
          gateway.post(
              "/model/%s/%s"
                  .formatted(model.replace("/", "%2F"), stream ? "converse-stream" : "converse"),
              "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]%s}"
                  .formatted(more));
      default ->
          gateway.post(
              "/v1beta/models/%s:%s"
                  .formatted(model, stream ? "streamGenerateContent?alt=sse" : "generateContent"),
              "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]%s}"
                  .formatted(more));
    };
  }

  private static final String INCLUDE = ",\"usage\":{\"include\":true}";

  /** The last {@code cost} in a stream, as its characters are. */
  private static String shown(String body) {
    return Pattern.compile("\"cost\":([0-9.Ee+-]+)")
        .matcher(body)
        .results()
        .reduce((first, second) -> second)
        .map(match -> match.group(1))
        .orElse("none");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void a_stream_costs_what_the_whole_reply_costs(String client, String provider) {
    var gateway = TestGateway.of(providers());
    String model = provider + "-sim/m";
    String cost;
    try (gateway) {
      HttpResponse<String> whole = ask(gateway, client, model, false, "");
      HttpResponse<String> stream = ask(gateway, client, model, true, INCLUDE);
      assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
      assertThat(stream.statusCode()).as(stream.body()).isEqualTo(200);
      cost = whole.headers().firstValue("x-lintel-cost-usd").orElse("none");
      // Gemini and Cohere have no word for what was written to a cache, so there those 200 are
      // plain
      // input.
      boolean plain = provider.equals("gemini") || provider.equals("cohere");
      assertThat(cost).isEqualTo(plain ? "0.00474" : "0.00489");
      assertThat(shown(stream.body())).isEqualTo(cost);
      assertThat(stream.headers().firstValue("x-lintel-cost-usd")).isEmpty();
    }
    assertThat(gateway.log().lines())
        .extracting(line -> Json.parse(line).path("cost_usd").asString("none"))
        .containsExactly(cost, cost);
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "responses", "anthropic", "gemini", "cohere", "bedrock"})
  void the_cost_is_shown_in_a_stream_only_where_it_was_asked_for(String client) {
    try (var gateway = TestGateway.of(providers())) {
      for (String provider : DIALECTS) {
        String body = ask(gateway, client, provider + "-sim/m", true, "").body();
        assertThat(shown(body)).as(provider).isEqualTo("none");
      }
    }
  }

  @Test
  void openais_own_wish_for_usage_is_a_wish_for_the_cost() {
    try (var gateway = TestGateway.of(providers())) {
      for (String provider : DIALECTS) {
        String body =
            ask(
                    gateway,
                    "openai",
                    provider + "-sim/m",
                    true,
                    ",\"stream_options\":{\"include_usage\":true}")
                .body();
        assertThat(shown(body)).as(provider).isNotEqualTo("none");
      }
    }
  }

  @Test
  void an_unknown_price_is_no_header_and_null_on_the_record_and_never_zero() {
    var gateway = TestGateway.of("providers: { demo: { kind: sim } }");
    try (gateway) {
      HttpResponse<String> reply = ask(gateway, "openai", "demo/unheard-of", false, "");
      assertThat(reply.statusCode()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-cost-usd")).isEmpty();
      assertThat(shown(ask(gateway, "openai", "demo/unheard-of", true, INCLUDE).body()))
          .isEqualTo("none");
      assertThat(gateway.get("/metrics").body())
          .contains("lintel_unpriced_calls_total{model=\"other\",provider=\"demo\"} 2.0");
    }
    assertThat(gateway.log().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(Json.parse(line).get("cost_usd").isNull()).isTrue());
  }

  @Test
  void the_catalogue_prices_what_the_configuration_does_not() {
    try (var gateway =
        TestGateway.of(
            "providers: { openai: { kind: sim, input_tokens: 1000000, output_tokens: 0, reasoning_tokens: 0 } }")) {
      assertThat(
              ask(gateway, "openai", "openai/gpt-4o-2031-01-31", false, "")
                  .headers()
                  .firstValue("x-lintel-cost-usd"))
          .isPresent();
    }
  }

  @Test
  void costs_add_up_in_a_metric() {
    try (var gateway = TestGateway.of(providers() + "models: { main: openai-sim/m }\n")) {
      ask(gateway, "openai", "main", false, "");
      ask(gateway, "openai", "main", true, "");
      assertThat(gateway.get("/metrics").body())
          .contains(
              "lintel_cost_usd_total{app=\"a\",model=\"main\",provider=\"openai-sim\",tenant=\"t\"} 0.00978");
    }
  }

  @Test
  void the_tier_that_answered_is_the_tier_that_is_paid() throws IOException {
    String reply =
        "{\"id\":\"x\",\"model\":\"m\",\"service_tier\":\"priority\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10,\"total_tokens\":110}}";
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer("200 OK", "", reply);
              }
            });
        var gateway =
            TestGateway.of(
                "providers: { p: { kind: openai, url: \"http://127.0.0.1:%s/v1\", key: none } }\nprices: { p/m: { input: 1, output: 2, priority: { input: 10, output: 20 } } }"
                    .formatted(provider.port()))) {
      assertThat(ask(gateway, "openai", "p/m", false, "").headers().firstValue("x-lintel-cost-usd"))
          .contains("0.0012");
    }
  }

  @Test
  void a_call_without_a_known_price_is_refused_where_the_app_wants_that() {
    String yaml =
        """
        providers: { demo: { kind: sim } }
        models:
          mixed: { targets: [ demo/unpriced, demo/small ] }
          none: demo/unpriced
        prices: { demo/small: { input: 1, output: 2 } }
        tenants: { t: { unknown_price: refuse, apps: { a: { keys: [ %s ] } } } }
        """
            .formatted(TestGateway.KEY);
    try (var gateway = TestGateway.of(yaml)) {
      HttpResponse<String> refused = ask(gateway, "openai", "none", false, "");
      assertThat(refused.statusCode()).isEqualTo(503);
      JsonNode error = Json.parse(refused.body()).path("error");
      assertThat(error.path("code").asString()).isEqualTo("unknown_price");
      assertThat(error.path("lintel").path("kind").asString()).isEqualTo("unavailable");
      assertThat(error.path("lintel").path("attempts")).isEmpty();
      HttpResponse<String> other = ask(gateway, "openai", "mixed", false, "");
      assertThat(other.headers().firstValue("x-lintel-target")).contains("demo/small");
      assertThat(other.headers().firstValue("x-lintel-attempts")).contains("1");
    }
  }

  @Test
  void a_model_is_listed_with_its_price_its_context_and_what_it_can_do() {
    try (var gateway =
        TestGateway.of(
            """
            providers: { openai: { key: none }, claude: { kind: anthropic, key: none } }
            models:
              one: claude/claude-haiku-4-5
              two: { targets: [ openai/gpt-4o, claude/claude-opus-4-7 ] }
              own: openai/mine
            prices: { openai/mine: { input: 0.5, output: 1, units: { search: 0.01 } } }
            """)) {
      JsonNode list = Json.parse(gateway.get("/v1/models").body()).path("data");
      JsonNode one = list.path(0).path("lintel");
      assertThat(one.path("price").path("input").asString()).isEqualTo("1");
      assertThat(one.path("price").path("cache_write_1h").asString()).isEqualTo("2");
      assertThat(one.path("context").asLong()).isEqualTo(200_000);
      assertThat(one.path("capabilities").valueStream().map(JsonNode::asString))
          .contains("tools", "image_input", "budget_thinking");
      JsonNode two = list.path(1).path("lintel");
      assertThat(two.path("price").path("input").asString()).isEqualTo("2.5");
      assertThat(two.path("context").asLong()).isEqualTo(128_000);
      assertThat(two.path("capabilities").valueStream().map(JsonNode::asString))
          .contains("tools")
          .doesNotContain("adaptive_thinking", "parallel_tools");
      JsonNode own = list.path(2).path("lintel");
      assertThat(own.path("price").path("units").path("search").asString()).isEqualTo("0.01");
      assertThat(own.path("context").isNull()).isTrue();
      JsonNode gemini = Json.parse(gateway.get("/v1beta/models/one").body());
      assertThat(gemini.path("inputTokenLimit").asLong()).isEqualTo(200_000);
      assertThat(gemini.path("lintel").path("price").path("output").asString()).isEqualTo("5");
    }
  }

  @Test
  void a_provider_may_be_cheaper_or_dearer_than_its_list() {
    try (var gateway =
        TestGateway.of(
            "providers: { openai: { key: none, price_factor: 0.8 } }\nmodels: { m: openai/gpt-4o }\n")) {
      assertThat(
              Json.parse(gateway.get("/v1/models").body())
                  .path("data")
                  .path(0)
                  .path("lintel")
                  .path("price")
                  .path("output")
                  .asString())
          .isEqualTo("8");
    }
  }

  @Test
  void a_catalogue_of_ones_own_takes_the_place_of_the_built_in_one(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("models.jsonl");
    Files.writeString(file, catalogue("7"));
    String yaml =
        "catalogue: %s\nproviders: { openai: { key: none } }\nmodels: { m: openai/gpt-4o }\n"
            .formatted(file);
    try (var gateway = TestGateway.of(yaml)) {
      assertThat(input(gateway)).isEqualTo("7");
      Files.writeString(file, catalogue("8"));
      Config again = TestGateway.config(yaml);
      gateway.lintel().use(again);
      assertThat(input(gateway)).isEqualTo("8");
      var known =
          gateway.send(
              gateway
                  .request("/admin/v1/catalogue")
                  .setHeader("authorization", "Bearer admin-key")
                  .GET()
                  .build());
      assertThat(Json.parse(known.body()).path("version").asString()).isEqualTo("mine");
    }
  }

  @Test
  void a_bad_catalogue_is_a_fault_with_its_own_file_and_line(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("models.jsonl");
    Files.writeString(file, catalogue("much"));
    assertThatThrownBy(() -> TestGateway.config("catalogue: %s\n".formatted(file)))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty ->
                assertThat(faulty.faults())
                    .singleElement()
                    .asString()
                    .startsWith(file + ":2: 'input' must be"));
  }

  private static String catalogue(String input) {
    return "{\"catalogue\":\"mine\"}\n{\"family\":\"openai\",\"model\":\"gpt-4o\",\"price\":{\"input\":\"%s\",\"output\":\"1\"}}\n"
        .formatted(input);
  }

  private static String input(TestGateway gateway) {
    return Json.parse(gateway.get("/v1/models").body())
        .path("data")
        .path(0)
        .path("lintel")
        .path("price")
        .path("input")
        .asString();
  }
}
