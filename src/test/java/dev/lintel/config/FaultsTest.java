package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FaultsTest {
  @Test
  void one_pass_finds_every_fault_with_its_line_and_what_would_be_right() throws Exception {
    String text = Files.readString(LoaderTest.resource("faults.yaml"));
    List<String> expected = Files.readAllLines(LoaderTest.resource("faults.txt"));

    assertThat(faults(text)).containsExactlyElementsOf(expected);
  }

  @Test
  void no_fault_prints_a_value_that_stands_beside_it() throws Exception {
    String text = Files.readString(LoaderTest.resource("faults.yaml"));

    assertThat(faults(text)).noneMatch(fault -> fault.contains("sk-") || fault.contains("hunter2"));
  }

  @Test
  void text_that_is_no_yaml_is_reported_where_it_stops_to_be() {
    assertThat(faults("listen: 127.0.0.1:1\nproviders: { openai: { key: k }\n"))
        .singleElement()
        .asString()
        .startsWith("lintel.yaml:3: the file cannot be read as YAML from here: ");
    assertThat(faults("data: \"a\u0001b\"")).hasSize(1);
  }

  @Test
  void a_variable_without_quotes_among_braces_is_told_to_have_some() {
    assertThat(faults("providers: { openai: { key: ${KEY} } }"))
        .singleElement()
        .asString()
        .endsWith("must stand in quotes");
  }

  @Test
  void a_secret_that_yaml_takes_for_an_alias_or_a_tag_is_not_printed() {
    for (String value :
        List.of("*sk-1", "&sk-1", "!sk!-1 x", "%sk-1", "@sk-1", "\"\\sk-1\"", "`sk-1")) {
      assertThat(faults("a: 1\nproviders: { openai: { key: " + value + " } }"))
          .allSatisfy(fault -> assertThat(fault).doesNotContain("sk"));
    }
  }

  @Test
  void a_value_that_contains_itself_is_a_fault() {
    assertThat(faults("providers: &p { openai: *p }"))
        .contains("lintel.yaml:1: providers must not contain itself");
  }

  @Test
  void the_outermost_form_must_be_a_map() {
    assertThat(faults("- a\n- b"))
        .containsExactly("lintel.yaml:1: the file must be a map of keys and values");
  }

  @Test
  void a_key_with_a_line_break_is_a_fault() {
    assertThat(faults("providers:\n  openai:\n    key: \"a\\nb\""))
        .containsExactly(
            "lintel.yaml:3: providers.openai.key holds a character that no key can have");
  }

  @Test
  void a_file_that_tls_names_must_be_there() {
    assertThat(faults("tls:\n  certificate: nowhere.pem\n  key: nowhere.key"))
        .containsExactly(
            "lintel.yaml:2: tls.certificate must name a file that can be read",
            "lintel.yaml:3: tls.key must name a file that can be read");
  }

  private static List<String> faults(String text) {
    var faulty =
        catchThrowableOfType(Faulty.class, () -> Loaders.with(Map.of()).load("lintel.yaml", text));
    return faulty.faults().stream().map(Fault::toString).toList();
  }
}
