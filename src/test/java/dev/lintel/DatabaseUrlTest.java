package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @Test
  void reads_what_postgresqls_own_tools_read() {
    DatabaseUrl url =
        DatabaseUrl.of("postgresql://jane:p%40ss+w@one:5433,[::1]:5434/my%20db?sslmode=require");
    assertThat(url.hosts()).isEqualTo("one:5433,[::1]:5434");
    assertThat(url.name()).isEqualTo("my db");
    assertThat(url.user()).contains("jane");
    assertThat(url.password()).contains("p@ss+w");
    assertThat(url.parameters()).containsExactly(java.util.Map.entry("sslmode", "require"));
  }

  @Test
  void what_is_left_out_is_empty_and_parameters_may_tell_it() {
    DatabaseUrl url = DatabaseUrl.of("jdbc:postgresql://?user=jane&password=secret");
    assertThat(url.hosts()).isEmpty();
    assertThat(url.name()).isEmpty();
    assertThat(url.user()).contains("jane");
    assertThat(url.password()).contains("secret");
    assertThat(url.parameters()).isEmpty();
  }

  @Test
  void its_text_has_no_password() {
    assertThat(DatabaseUrl.of("postgres://jane:secret@h/db?sslpassword=secret").toString())
        .isEqualTo("postgresql://h/db");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://h/db",
        "postgresql:/h",
        "h:5432",
        "postgresql://h:x/db",
        "postgresql://h:0/db",
        "postgresql://h:70000/db",
        "postgresql://a b/db",
        "postgresql://h/db?x",
        "postgresql://p%zz@h/db"
      })
  void refuses_anything_else_without_repeating_it(String text) {
    assertThatThrownBy(() -> DatabaseUrl.of(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
