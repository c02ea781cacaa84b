package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
  private final Environment environment =
      new Environment(name -> Optional.ofNullable(Map.of("A", "one", "EMPTY", " ").get(name)));

  @Test
  void a_variable_stands_for_its_value_wherever_it_is_written() {
    assertThat(environment.resolve("x-${A}-${A}")).isEqualTo("x-one-one");
  }

  @Test
  void what_is_unset_or_empty_takes_its_default() {
    assertThat(environment.resolve("${B:-two}${EMPTY:-three}${C:-}")).isEqualTo("twothree");
    assertThat(environment.resolve("${A:-two}")).isEqualTo("one");
  }

  @Test
  void two_dollars_stand_for_the_text_itself() {
    assertThat(environment.resolve("$${A} $5 ${A}")).isEqualTo("${A} $5 one");
  }

  @Test
  void a_variable_that_is_unset_is_refused_by_its_name() {
    assertThatThrownBy(() -> environment.resolve("${B}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("environment variable B, which is not set");
  }

  @Test
  void what_is_no_name_is_refused_without_being_told() {
    assertThatThrownBy(() -> environment.resolve("${sk-secret}"))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .doesNotContain("secret");
  }
}
