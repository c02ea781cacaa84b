package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Changes;
import dev.lintel.KeptSecrets;
import dev.lintel.KeptSecrets.Kept;
import dev.lintel.Store;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.StringNode;

/** What every store does with sealed secrets. */
interface SecretsContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private Kept secret(String name, String sealed) {
    return new Kept(name, sealed, "f00", "ann", clock().instant());
  }

  @Test
  default void a_secret_comes_back_as_it_was_also_after_the_process() {
    store().secrets().put(secret("openai", "sealed"));
    assertThat(reopened().secrets().find("openai")).contains(secret("openai", "sealed"));
    assertThat(store().secrets().find("other")).isEmpty();
  }

  @Test
  default void the_last_secret_of_a_name_is_the_one() {
    KeptSecrets secrets = store().secrets();
    secrets.put(secret("openai", "one"));
    secrets.put(secret("openai", "two"));
    assertThat(secrets.list("", 10)).containsExactly(secret("openai", "two"));
  }

  @Test
  default void secrets_are_listed_by_name_and_can_be_deleted() {
    KeptSecrets secrets = store().secrets();
    for (String name : new String[] {"c", "a", "b"}) {
      secrets.put(secret(name, "sealed"));
    }
    assertThat(secrets.list("", 2)).extracting(Kept::name).containsExactly("a", "b");
    assertThat(secrets.list("b", 2)).extracting(Kept::name).containsExactly("c");
    assertThat(secrets.delete("a")).isTrue();
    assertThat(secrets.delete("a")).isFalse();
    assertThat(secrets.list("", 10)).extracting(Kept::name).containsExactly("b", "c");
  }

  @Test
  default void all_that_is_sealed_anywhere_is_put_under_another_key() {
    for (int i = 0; i < 450; i++) {
      store().secrets().put(secret("s" + i, i % 2 == 0 ? "old" : "new"));
    }
    store()
        .changes()
        .add(
            new Changes.Revision(
                1,
                clock().instant(),
                "ann",
                "why",
                Optional.of("old"),
                List.of(
                    new Changes.Change(
                        List.of("a", "b"),
                        Optional.of(StringNode.valueOf("old")),
                        false,
                        "ann",
                        clock().instant(),
                        Optional.empty()))));
    assertThat(store().renew(sealed -> sealed.equals("old") ? "new" : sealed)).isEqualTo(227);
    assertThat(store().renew(sealed -> sealed.equals("old") ? "new" : sealed)).isZero();
    Store again = reopened();
    assertThat(again.secrets().list("", 1000)).extracting(Kept::sealed).containsOnly("new");
    Changes.Revision latest = again.changes().latest();
    assertThat(latest.base()).contains("new");
    assertThat(latest.changes().getFirst().value()).contains(StringNode.valueOf("new"));
  }
}
