package dev.lintel.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.main.FakeVault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultTest {
  @TempDir private Path folder;
  private final AtomicLong now = new AtomicLong();
  private final AtomicInteger changes = new AtomicInteger();
  private FakeVault fake;
  private Vault vault;

  @BeforeEach
  void begin() throws IOException {
    fake = new FakeVault("root-token");
    fake.put("kv", "openai", "key", "sk-from-vault");
    vault = vault("root-token", Optional.empty());
  }

  private Vault vault(String token, Optional<Vault.Kubernetes> pod) {
    return new Vault(
        new Vault.Setting(fake.url(), token, "", pod), now::get, changes::incrementAndGet);
  }

  @AfterEach
  void end() {
    vault.close();
    fake.close();
  }

  @Test
  void reads_a_field_of_a_secret_and_asks_once_for_all_fields_of_a_load() {
    fake.put("kv", "both", "a", "1");
    fake.put("kv", "both", "b", "2");
    assertThat(vault.text("kv/openai#key")).isEqualTo("sk-from-vault");
    assertThat(vault.text("kv/both#a")).isEqualTo("1");
    assertThat(vault.text("kv/both#b")).isEqualTo("2");
    assertThat(fake.reads()).isEqualTo(2);
  }

  @Test
  void says_what_is_wrong_and_nothing_secret() {
    for (var wrong :
        new String[][] {
          {"kv/openai", "mount, path and field"},
          {"kv/other#key", "nothing lies (404)"},
          {"kv/openai#other", "that field is missing"}
        }) {
      assertThatThrownBy(() -> vault.text(wrong[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong[1])
          .hasMessageNotContaining("sk-from")
          .hasMessageNotContaining("root-token");
    }
    try (Vault stranger = vault("other", Optional.empty())) {
      assertThatThrownBy(() -> stranger.text("kv/openai#key")).hasMessageContaining("403");
    }
  }

  @Test
  void what_was_read_stays_good_while_it_is_away() {
    assertThat(vault.text("kv/openai#key")).isEqualTo("sk-from-vault");
    fake.away(true);
    now.addAndGet(Duration.ofMinutes(5).toNanos());
    assertThat(vault.text("kv/openai#key")).isEqualTo("sk-from-vault");
    vault.look();
    assertThat(changes).hasValue(0);
    assertThatThrownBy(() -> vault.text("kv/new#key")).hasMessageContaining("does not answer");
  }

  @Test
  void tells_when_something_that_was_read_has_changed() {
    assertThat(vault.text("kv/openai#key")).isEqualTo("sk-from-vault");
    vault.look();
    assertThat(changes).hasValue(0);
    fake.put("kv", "openai", "key", "sk-newer");
    vault.look();
    assertThat(changes).hasValue(1);
    assertThat(vault.text("kv/openai#key")).isEqualTo("sk-newer");
  }

  @Test
  void a_pod_logs_in_with_its_account_and_again_before_its_time_is_over() throws IOException {
    Path jwt = Files.writeString(folder.resolve("token"), "pod-jwt\n");
    fake.pod("lintel", "pod-jwt", 60);
    try (Vault pod = vault("", Optional.of(new Vault.Kubernetes("lintel", "kubernetes", jwt)))) {
      assertThat(pod.text("kv/openai#key")).isEqualTo("sk-from-vault");
      now.addAndGet(Duration.ofSeconds(39).toNanos());
      pod.look();
      assertThat(fake.logins()).isEqualTo(1);
      now.addAndGet(Duration.ofSeconds(2).toNanos());
      pod.look();
      assertThat(fake.logins()).isEqualTo(2);
      fake.revoke();
      pod.look();
      assertThat(fake.logins()).isEqualTo(3);
    }
  }
}
