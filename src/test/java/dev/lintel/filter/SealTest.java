package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SealTest {
  private static final Seal.Open RESPONSE =
      new Seal.Open(new Continuity.Pin("p/some/model", "key-1"), "resp_1");
  private final Seal seal = new Seal(new byte[32]);

  @Test
  void an_id_is_good_after_a_restart_and_for_its_tenant_only() {
    String shown = seal.close("t", RESPONSE);
    assertThat(shown).matches("resp_[A-Za-z0-9_-]+");
    assertThat(new Seal(new byte[32]).open("t", shown)).contains(RESPONSE);
    assertThat(seal.open("other", shown)).isEmpty();
    assertThat(seal.close("t", RESPONSE)).isEqualTo(shown);
  }

  @Test
  void another_installations_id_is_nobodys() {
    var secret = new byte[32];
    secret[0] = 1;
    assertThat(new Seal(secret).open("t", seal.close("t", RESPONSE))).isEmpty();
  }

  @Test
  void every_character_counts() {
    String shown = seal.close("t", RESPONSE);
    for (int i = 5; i < shown.length() - 1; i++) {
      char other = shown.charAt(i) == 'A' ? 'B' : 'A';
      Optional<Seal.Open> open =
          seal.open("t", shown.substring(0, i) + other + shown.substring(i + 1));
      assertThat(open).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "resp_", "resp_1", "resp_%%%", "msg_1", "resp_AAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
  void what_was_not_sealed_here_is_nothing(String id) {
    assertThat(seal.open("t", id)).isEmpty();
  }
}
