package dev.lintel.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyRingTest {
  private static final String OLD = KeyRing.random();
  private static final String NEW = KeyRing.random();
  private static final String SECRET = "sk-läßt-sich-nicht-lesen";

  private final KeyRing ring = KeyRing.of(List.of(OLD));

  @Test
  void opens_what_it_has_sealed_and_never_writes_the_same_twice() {
    String sealed = ring.seal("secret/openai", SECRET);

    assertThat(ring.open("secret/openai", sealed)).isEqualTo(SECRET);
    assertThat(sealed).doesNotContain("sk-").isNotEqualTo(ring.seal("secret/openai", SECRET));
    assertThat(sealed.chars()).allMatch(c -> c > ' ' && c < 127);
  }

  @Test
  void a_sealed_secret_is_good_for_its_own_place_only() {
    String sealed = ring.seal("secret/openai", SECRET);

    assertThatThrownBy(() -> ring.open("secret/other", sealed))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("belongs to another place")
        .hasMessageNotContaining("sk-");
  }

  @Test
  void whatever_bit_is_changed_it_does_not_open() {
    String sealed = ring.seal("x", "secret");
    for (int i = 0; i < sealed.length(); i++) {
      char other = sealed.charAt(i) == 'A' ? 'Q' : 'A';
      String changed = sealed.substring(0, i) + other + sealed.substring(i + 1);
      assertThatThrownBy(() -> ring.open("x", changed)).isInstanceOf(Failure.class);
    }
    assertThatThrownBy(() -> ring.open("x", sealed.substring(0, 40))).isInstanceOf(Failure.class);
    assertThatThrownBy(() -> ring.open("x", "")).isInstanceOf(Failure.class);
  }

  @Test
  void one_key_takes_anothers_place_without_opening_what_lies_under_it() {
    String sealed = ring.seal("x", SECRET);
    KeyRing both = KeyRing.of(List.of(NEW, OLD));
    KeyRing alone = KeyRing.of(List.of(NEW));

    assertThat(both.open("x", sealed)).isEqualTo(SECRET);
    String renewed = both.renewed(sealed);
    assertThat(renewed).contains(both.current()).isNotEqualTo(sealed);
    assertThat(alone.open("x", renewed)).isEqualTo(SECRET);
    assertThat(both.renewed(renewed)).isEqualTo(renewed);
    assertThatThrownBy(() -> alone.open("x", sealed))
        .hasMessageContaining(ring.current())
        .hasMessageContaining("LINTEL_KEK");
  }

  @Test
  void a_key_is_32_bytes_in_base64_or_hexadecimal() {
    KeyRing hex = KeyRing.of(List.of("00".repeat(32)));
    KeyRing base64 = KeyRing.of(List.of("A".repeat(43) + "="));

    assertThat(hex.current()).isEqualTo(base64.current());
    for (String wrong : List.of("", "password", "A".repeat(44), "zz".repeat(32))) {
      assertThatThrownBy(() -> KeyRing.of(List.of(wrong)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("32 random bytes");
    }
  }
}
