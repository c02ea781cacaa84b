package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SealsTest {
  private static final Seal.Open RESPONSE =
      new Seal.Open(new Continuity.Pin("p/model", "key-1"), "resp_1");

  private boolean away;

  private Seals node(int number) {
    Supplier<byte[]> agreed =
        () -> {
          if (away) {
            throw Failure.of(Failure.Kind.UNAVAILABLE, "away");
          }
          return secret(99);
        };
    return new Seals(secret(number), Optional.of(agreed));
  }

  private static byte[] secret(int first) {
    var secret = new byte[32];
    secret[0] = (byte) first;
    return secret;
  }

  @Test
  void what_one_node_seals_the_others_open_for_the_same_tenant() {
    String shown = node(1).close("t", RESPONSE);
    assertThat(node(2).open("t", shown)).contains(RESPONSE);
    assertThat(node(2).open("other", shown)).isEmpty();
  }

  @Test
  void what_was_sealed_while_a_node_was_alone_stays_good_there() {
    String shown = new Seals(secret(1), Optional.empty()).close("t", RESPONSE);
    assertThat(node(1).open("t", shown)).contains(RESPONSE);
    assertThat(node(2).open("t", shown)).isEmpty();
  }

  @Test
  void without_the_store_an_answer_has_its_id_and_another_nodes_id_is_not_called_unknown() {
    String others = node(2).close("t", RESPONSE);
    Seals node = node(1);
    away = true;
    String shown = node.close("t", RESPONSE);
    assertThat(node.open("t", shown)).contains(RESPONSE);
    assertThat(node.open("t", "resp_1")).isEmpty();
    assertThatThrownBy(() -> node.open("t", others))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE));
    away = false;
    assertThat(node.open("t", others)).contains(RESPONSE);
    assertThat(node.open("t", shown)).contains(RESPONSE);
  }
}
