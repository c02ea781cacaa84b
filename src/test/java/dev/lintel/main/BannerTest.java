package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BannerTest {
  @Test
  void the_curl_asks_for_a_model_that_needs_no_key() {
    assertThat(
            printed(
                """
                providers: { openai: { key: none }, mine: { kind: sim } }
                models: { first: openai/gpt-4o, second: [ openai/gpt-4o, mine/small ] }
                """))
        .contains("\ncurl -s http://h:1/v1/chat/completions ")
        .contains("\"model\":\"second\"");
  }

  @Test
  void without_models_a_simulated_provider_is_asked_by_its_own_name() {
    assertThat(printed("providers: { openai: { key: k }, mine: { kind: sim } }"))
        .contains("\"model\":\"mine/small\"");
  }

  @Test
  void the_first_model_is_asked_where_nothing_is_simulated() {
    assertThat(printed("providers: { openai: { key: k } }\nmodels: { m: openai/gpt-4o }"))
        .contains("\"model\":\"m\"");
  }

  @Test
  void without_any_model_the_banner_says_what_to_add_instead_of_a_wrong_curl() {
    assertThat(printed("providers: { openai: { key: k } }"))
        .doesNotContain("curl")
        .contains("models: { first: openai/NAME }");
  }

  @Test
  void a_model_s_name_cannot_break_out_of_the_line() {
    assertThat(printed("providers: { d: { kind: sim } }\nmodels: { \"it's \\\"a\\\"\": d/small }"))
        .contains("\"model\":\"it'\\''s \\\"a\\\"\"");
  }

  private static String printed(String yaml) {
    var config = Builtins.loader(name -> Optional.empty()).load("test.yaml", yaml);
    var out = new ByteArrayOutputStream();
    new Banner(URI.create("http://h:1"), config, Optional.empty(), Optional.of("sk-1"))
        .print(new PrintStream(out, true, StandardCharsets.UTF_8));
    return out.toString(StandardCharsets.UTF_8);
  }
}
