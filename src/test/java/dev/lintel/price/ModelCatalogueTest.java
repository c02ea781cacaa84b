package dev.lintel.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lintel.Json;
import dev.lintel.Traits.Ability;
import dev.lintel.Usage;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ModelCatalogueTest {
  private static final Path SHIPPED =
      Path.of("src/main/resources/dev/lintel/price/catalogue.jsonl");
  private static final Path FACTS = Path.of("../shared/catalogue");
  private static final Catalogue BUILT_IN =
      Catalogue.builtIn(
          Set.of(
              "openai", "anthropic", "gemini", "bedrock", "vertex", "azure", "openrouter", "xai"));

  @TempDir private Path folder;

  private static Entry entry(String family, String model) {
    return BUILT_IN.find(family, model).orElseThrow();
  }

  private static String cost(String family, String model, Usage usage) {
    return entry(family, model).price().orElseThrow().cost(usage).orElseThrow().toPlainString();
  }

  private static Usage million(long input, long output) {
    return Usage.of(input * 1_000_000, output * 1_000_000, Usage.Source.PROVIDER);
  }

  @Test
  void the_shipped_catalogue_is_without_fault() {
    assertThat(Catalogue.faults(SHIPPED)).isEmpty();
    assertThat(BUILT_IN.version()).matches("\\d{4}-\\d{2}-\\d{2}");
    assertThat(BUILT_IN.models()).isGreaterThan(5000);
  }

  @Test
  void every_line_names_its_source_and_from_when_it_holds() throws IOException {
    for (String line : Files.readAllLines(SHIPPED).subList(1, 200)) {
      JsonNode node = Json.parse(line);
      assertThat(node.path("source").asString("")).isNotEmpty();
      assertThat(node.path("from").asString("")).matches("\\d{4}-\\d{2}-\\d{2}");
    }
  }

  @Test
  void the_program_builds_the_shipped_catalogue_from_the_facts() throws Exception {
    assumeTrue(Files.isDirectory(FACTS), "the facts are not here");
    Path built = folder.resolve("built.jsonl");
    Process build =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "catalogue/Build.java",
                FACTS.toString(),
                built.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(build.getInputStream().readAllBytes());
    assertThat(build.waitFor()).as(said).isZero();
    assertThat(Files.readString(built)).isEqualTo(Files.readString(SHIPPED));
  }

  /** Of all that both files price, the newer one's price is the catalogue's. */
  @Test
  void where_the_facts_disagree_the_newer_price_wins() throws IOException {
    assumeTrue(Files.isDirectory(FACTS), "the facts are not here");
    var lines = new HashMap<String, JsonNode>();
    for (String line : Files.readAllLines(SHIPPED)) {
      JsonNode node = Json.parse(line);
      lines.put(node.path("family").asString("") + "/" + node.path("model").asString(""), node);
    }
    int compared = 0;
    try (Stream<String> facts = Files.lines(FACTS.resolve("capabilities.jsonl"))) {
      for (String line : facts.toList()) {
        JsonNode fact = Json.parse(line);
        JsonNode known =
            lines.get(fact.path("provider").asString() + "/" + fact.path("model").asString());
        JsonNode standard = fact.path("usd_per_million").path("standard");
        if (known == null || standard.path("input").asString("0").equals("0")) {
          continue;
        }
        for (String name :
            List.of("input", "output", "cache_read", "cache_write", "cache_write_1h")) {
          if (standard.has(name)) {
            compared++;
            assertThat(new BigDecimal(known.path("price").path(name).asString()))
                .as(known.path("model").asString() + " " + name)
                .isEqualByComparingTo(standard.path(name).asString());
          }
        }
      }
    }
    assertThat(compared).isGreaterThan(5000);
  }

  @Test
  void disagreements_worth_money_are_settled_by_the_newer_source() {
    // Portkey says 5 and 30, 1.5 and 7.5, and 2 and 6.
    assertThat(cost("openai", "gpt-5.6", million(0, 1))).isEqualTo("20");
    assertThat(cost("vertex", "gemini-3.6-flash", million(0, 1))).isEqualTo("3.75");
    assertThat(cost("xai", "grok-4.20", million(0, 1))).isEqualTo("2.5");
  }

  @Test
  void a_model_that_only_the_older_source_has_is_there_too() {
    assertThat(BUILT_IN.find("openrouter", "openai/gpt-4o")).isPresent();
    assertThat(cost("anthropic", "claude-opus-4-1-20250805", million(1, 0))).isEqualTo("15");
  }

  @Test
  void a_dated_name_is_found_by_its_plain_one_and_the_other_way_round() {
    assertThat(entry("openai", "gpt-4o-2031-01-31").model()).isEqualTo("gpt-4o");
    assertThat(entry("anthropic", "claude-opus-5@20310131").model()).isEqualTo("claude-opus-5");
    assertThat(entry("bedrock", "anthropic.claude-sonnet-4-5").model())
        .isEqualTo("anthropic.claude-sonnet-4-5-20250929-v1:0");
    assertThat(entry("openai", "gpt-4o-2024-08-06").model()).isEqualTo("gpt-4o-2024-08-06");
    assertThat(entry("openai", "gpt-4o-mini").model()).isEqualTo("gpt-4o-mini");
  }

  @Test
  void a_tuned_model_is_found_by_what_was_tuned() {
    assertThat(entry("openai", "ft:gpt-4o-2024-08-06:acme::b7").model())
        .isEqualTo("ft:gpt-4o-2024-08-06:*");
    assertThat(entry("openai", "ft:gpt-4o-2024-08-06:acme:bot:b7").model())
        .isEqualTo("ft:gpt-4o-2024-08-06:*");
    assertThat(BUILT_IN.find("openai", "gpt-4o:acme")).isEmpty();
    assertThat(BUILT_IN.find("openai", ":".repeat(1 << 20))).isEmpty();
  }

  @Test
  void a_name_that_only_begins_like_another_is_not_known() {
    assertThat(BUILT_IN.find("openai", "gpt-4o-mega")).isEmpty();
    assertThat(BUILT_IN.find("openai", "gpt")).isEmpty();
    assertThat(BUILT_IN.find("openai", "")).isEmpty();
    assertThat(BUILT_IN.find("unheard-of", "gpt-4o")).isEmpty();
  }

  @Test
  void abilities_are_lintels_own_words() {
    var opus = entry("anthropic", "claude-opus-4-7").traits();
    assertThat(opus.can(Ability.ADAPTIVE_THINKING)).isTrue();
    assertThat(opus.cannot(Ability.SAMPLING)).isTrue();
    assertThat(opus.cannot(Ability.BUDGET_THINKING)).isTrue();
    assertThat(opus.cannot(Ability.PREFILL)).isTrue();
    assertThat(opus.cacheMinimum()).isEqualTo(2048);
    assertThat(opus.context()).isEqualTo(1_000_000);
    var haiku = entry("anthropic", "claude-haiku-4-5").traits();
    assertThat(haiku.can(Ability.BUDGET_THINKING)).isTrue();
    assertThat(haiku.cannot(Ability.ADAPTIVE_THINKING)).isTrue();
    assertThat(entry("openai", "gpt-4o").traits().cannot(Ability.THINKING)).isTrue();
    assertThat(entry("openai", "gpt-5").traits().can(Ability.THINKING)).isTrue();
    assertThat(entry("openai", "gpt-5").traits().cannot(Ability.MAX_TOKENS)).isTrue();
    assertThat(entry("vertex", "claude-opus-4-7").traits().cannot(Ability.NATIVE_SCHEMA)).isTrue();
    assertThat(entry("openai", "gpt-5-pro").traits().dialects()).containsExactly("responses");
  }

  private Path file(String... lines) throws IOException {
    return Files.write(folder.resolve("models.jsonl"), List.of(lines));
  }

  @Test
  void a_users_file_may_be_written_in_any_order_and_with_blanks() throws IOException {
    Path file =
        file(
            "{\"catalogue\": \"mine\"}",
            "",
            "{ \"model\": \"m\", \"price\": {\"input\": 1.5, \"output\": \"2\"}, \"family\": \"f\" }");
    assertThat(Catalogue.faults(file)).isEmpty();
    Catalogue mine = Catalogue.read(file, Set.of("f"));
    assertThat(mine.version()).isEqualTo("mine");
    assertThat(mine.find("f", "m").orElseThrow().price().orElseThrow().cost(million(1, 1)))
        .contains(new BigDecimal("3.5"));
  }

  @Test
  void a_bad_file_has_each_fault_by_its_line() throws IOException {
    Path file =
        file(
            "{\"family\":\"f\",\"model\":\"m\"}",
            "{\"family\":\"f\",\"model\":\"m\",\"can\":[\"fly\"]}",
            "{\"family\":\"f\"}",
            "no json",
            "{\"family\":\"f\",\"model\":\"n\",\"price\":{\"input\":\"much\"}}",
            "{\"family\":\"f\",\"model\":\"o\",\"until\":\"soon\"}",
            "{\"family\":\"f\",\"model\":\"p\"}",
            "{\"family\":\"f\",\"model\":\"p\"}",
            "{\"family\":\"f\",\"model\":\"q\",\"colour\":1}");
    Map<Integer, String> faults = new TreeMap<>(Catalogue.faults(file));
    assertThat(faults.keySet()).containsExactly(1, 2, 3, 4, 5, 6, 8, 9);
    assertThat(faults.get(2)).contains("fly");
    assertThat(faults.get(3)).contains("'model'");
    assertThat(faults.get(5)).contains("'input'");
    assertThat(faults.get(8)).contains("line 7");
    assertThatThrownBy(() -> Catalogue.read(file, Set.of())).hasMessageContaining(":1: ");
  }

  @Test
  void a_file_that_is_not_there_is_a_fault() {
    assertThat(Catalogue.faults(folder.resolve("nowhere"))).containsOnlyKeys(1);
  }
}
