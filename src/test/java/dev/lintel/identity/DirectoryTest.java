package dev.lintel.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Caller;
import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Peer;
import dev.lintel.Sealer;
import dev.lintel.Soon;
import dev.lintel.secret.KeyRing;
import dev.lintel.store.SqlStore;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one store, and who calls by its keys. */
class DirectoryTest {
  private static final Register.Apps NO_APPS = (tenant, app, keyId) -> Optional.empty();

  @TempDir private Path folder;
  private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
  private final InstantSource clock = () -> Instant.ofEpochMilli(now.get());
  private final Sealer sealer = KeyRing.of(List.of(KeyRing.random()));
  private SqlStore store;
  private Directory one;
  private Directory other;

  @BeforeEach
  void open() {
    store = SqlStore.embedded(folder, SqlStore.Bounds.USUAL, clock);
    one = node(1);
    other = node(2);
  }

  @AfterEach
  void close() {
    one.close();
    other.close();
    store.close();
  }

  private Directory node(int proposal) {
    byte[] secret = new byte[32];
    secret[0] = (byte) proposal;
    var node = new Directory(() -> store, clock, secret, sealer);
    node.start();
    return node;
  }

  private static Register register(Directory directory) {
    return new Register(
        new Register.Configured(
            Map.of("sk-file", new Caller("t", "a", "t/a#1", Optional.empty(), false)),
            Map.of(),
            key -> Optional.empty()),
        new Tokens(List.of(), new Issuers(System::nanoTime), NO_APPS, InstantSource.system()),
        new Certificates(List.of(), NO_APPS, InstantSource.system()),
        directory,
        (tenant, app, keyId) ->
            app.equals("a")
                ? Optional.of(new Caller(tenant, app, keyId, Optional.empty(), false))
                : Optional.empty(),
        new Addresses(List.of()),
        new Strikes(3, System::nanoTime));
  }

  private CallerKey made(String app, CallerKey.Scopes scopes, Optional<Instant> expires) {
    return new CallerKey(
        Ids.of("key_"),
        "t",
        app,
        "",
        CallerKey.Kind.BEARER,
        "",
        one.hash(app + "-secret"),
        "",
        scopes,
        clock.instant(),
        expires,
        Optional.empty(),
        Optional.empty());
  }

  private static String caller(Register register, String key) {
    try {
      return register.holder(key, Peer.NOBODY).keyId();
    } catch (Failure failure) {
      return failure.kind().word();
    }
  }

  private static void eventually(Register register, String key, String result) {
    var _ = Soon.found(() -> caller(register, key), result::equals);
  }

  @Test
  void a_key_made_on_one_node_is_good_on_the_other_until_it_is_deleted_anywhere() {
    CallerKey key = made("a", CallerKey.Scopes.ALL, Optional.empty());
    store.callerKeys().add(key);
    one.know(key);
    Register here = register(one);
    Register there = register(other);
    assertThat(caller(here, "a-secret")).isEqualTo(key.id());
    eventually(there, "a-secret", key.id());
    store.callerKeys().delete("t", "a", key.id());
    one.forget(key.id());
    assertThat(caller(here, "a-secret")).isEqualTo("authentication");
    eventually(there, "a-secret", "authentication");
  }

  @Test
  void a_key_ends_when_its_time_is_over_also_where_it_was_proved_before() {
    CallerKey key = made("a", CallerKey.Scopes.ALL, Optional.of(clock.instant().plusSeconds(60)));
    store.callerKeys().add(key);
    one.know(key);
    Register here = register(one);
    assertThat(caller(here, "a-secret")).isEqualTo(key.id());
    now.addAndGet(59_999);
    assertThat(caller(here, "a-secret")).isEqualTo(key.id());
    now.addAndGet(1);
    assertThat(caller(here, "a-secret")).isEqualTo("authentication");
    assertThat(here.caller("t", "a", key.id())).isPresent();
  }

  @Test
  void a_key_keeps_its_last_use_when_it_is_read_again() {
    CallerKey key = made("a", CallerKey.Scopes.ALL, Optional.empty());
    one.know(key);
    assertThat(caller(register(one), "a-secret")).isEqualTo(key.id());
    Optional<Instant> used = one.lastUse(key.id());
    assertThat(used).isPresent();
    one.know(key);
    assertThat(one.lastUse(key.id())).isEqualTo(used);
  }

  @Test
  void a_key_of_an_app_that_is_no_more_is_not_good() {
    CallerKey key = made("b", CallerKey.Scopes.ALL, Optional.empty());
    store.callerKeys().add(key);
    one.know(key);
    assertThat(caller(register(one), "b-secret")).isEqualTo("authentication");
    assertThat(register(one).caller("t", "b", key.id())).isEmpty();
  }

  @Test
  void keys_of_the_file_are_known_before_the_store_is() {
    var unread =
        new Directory(
            () -> {
              throw Failure.of(Failure.Kind.UNAVAILABLE, "away");
            },
            clock,
            new byte[32],
            sealer);
    unread.start();
    assertThat(caller(register(unread), "sk-file")).isEqualTo("t/a#1");
    assertThat(caller(register(unread), "sk-other")).isEqualTo("unavailable");
    unread.close();
  }

  @Test
  void a_key_is_narrowed_to_its_scopes() throws Exception {
    CallerKey key =
        made(
            "a",
            new CallerKey.Scopes(Set.of("small"), Set.of("chat"), Set.of(), Set.of("10.0.0.0/8")),
            Optional.empty());
    store.callerKeys().add(key);
    one.know(key);
    Register here = register(one);
    assertThat(caller(here, "a-secret")).isEqualTo("permission");
    Peer inside = peer("10.1.2.3", "");
    Caller caller = here.holder("a-secret", inside);
    assertThat(caller.mayAsk("small")).isTrue();
    assertThat(caller.mayAsk("large")).isFalse();
    var rule = caller.policies().of("x").endpoints().getFirst();
    assertThat(rule.value().allows("chat")).isTrue();
    assertThat(rule.value().allows("images")).isFalse();
    assertThat(caller.policies().of("x")).isSameAs(caller.policies().of("y"));
    assertThat(here.holder("a-secret", inside)).isSameAs(caller);
  }

  @Test
  void strangers_are_told_to_wait_and_who_is_known_at_the_same_address_is_not() throws Exception {
    Register here = register(one);
    Peer peer = peer("192.0.2.1", "");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> here.holder("sk-wrong", peer))
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.AUTHENTICATION));
    }
    assertThatThrownBy(() -> here.holder("sk-wrong", peer))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Failure.Kind.RATE_LIMITED);
              assertThat(failure.retryAfter()).isPresent();
            });
    assertThat(here.holder("sk-file", peer).app()).isEqualTo("a");
    assertThatThrownBy(() -> here.missigned(peer))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.RATE_LIMITED));
    assertThatThrownBy(() -> here.holder("sk-wrong", peer("192.0.2.2", "")))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.AUTHENTICATION));
  }

  @Test
  void only_what_trusted_proxies_say_counts() throws Exception {
    var direct = new Addresses(List.of());
    var behind = new Addresses(List.of(dev.lintel.Reach.Network.of("10.0.0.0/8")));
    String said = "203.0.113.9, 198.51.100.7, 10.0.0.2";
    assertThat(direct.of(peer("10.0.0.1", said))).contains(InetAddress.ofLiteral("10.0.0.1"));
    assertThat(behind.of(peer("10.0.0.1", said))).contains(InetAddress.ofLiteral("198.51.100.7"));
    assertThat(behind.of(peer("192.0.2.1", said))).contains(InetAddress.ofLiteral("192.0.2.1"));
    assertThat(behind.of(peer("10.0.0.1", "unknown"))).isEmpty();
    assertThat(behind.of(peer("10.0.0.1", ""))).contains(InetAddress.ofLiteral("10.0.0.1"));
  }

  @Test
  void uses_are_written_at_the_end_to_the_minute() {
    CallerKey key = made("a", CallerKey.Scopes.ALL, Optional.empty());
    store.callerKeys().add(key);
    one.know(key);
    caller(register(one), "a-secret");
    one.close();
    assertThat(store.callerKeys().find("t", "a", key.id()).flatMap(CallerKey::lastUse))
        .contains(Instant.ofEpochMilli(now.get() / 60_000 * 60_000));
  }

  @Test
  void a_pair_s_secret_is_sealed_and_opens_on_every_node() {
    String id = Ids.of("key_");
    String sealed = one.seal(id, "s3cret");
    assertThat(sealed).doesNotContain("s3cret");
    CallerKey key =
        new CallerKey(
            id,
            "t",
            "a",
            "",
            CallerKey.Kind.AWS,
            "AKIA1",
            "AKIA1",
            sealed,
            CallerKey.Scopes.ALL,
            clock.instant(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    CallerKeys keys = store.callerKeys();
    keys.add(key);
    other.know(key);
    assertThat(register(other).signer("AKIA1", Peer.NOBODY))
        .hasValueSatisfying(signer -> assertThat(signer.secret()).isEqualTo("s3cret"));
    assertThat(register(other).signer("AKIA2", Peer.NOBODY)).isEmpty();
  }

  @Test
  void a_hundred_thousand_keys_are_known_to_the_first_call() throws Exception {
    many(100_000);
    CallerKey key = made("a", CallerKey.Scopes.ALL, Optional.empty());
    store.callerKeys().add(key);
    try (var fresh = node(3)) {
      // It waits for ten seconds, which is little for a machine that does much else.
      assertThat(caller(register(fresh), "a-secret")).isIn(key.id(), "unavailable");
      eventually(register(fresh), "a-secret", key.id());
      assertThat(fresh.size()).isEqualTo(100_001);
    }
  }

  private void many(int count) throws SQLException {
    store.check();
    try (var connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lintel.db"));
        var statement = connection.createStatement()) {
      statement.execute(
          """
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
          INSERT INTO caller_key
            (id, tenant, app, name, kind, prefix, hash, sealed, scopes, created, expires, gone, change_no)
          SELECT 'key_' || i, 't' || (i %% 100), 'a' || (i %% 10), '', 'BEARER', 'sk-lintel-abcd',
            lower(hex(randomblob(32))), '', '{}', 1, NULL, 0, i FROM n
          """
              .formatted(count));
      statement.execute("INSERT INTO change_count VALUES ('caller_key', %d)".formatted(count));
    }
  }

  private static Peer peer(String address, String forwarded) {
    return new Peer() {
      @Override
      public Optional<InetAddress> address() {
        return Optional.of(InetAddress.ofLiteral(address));
      }

      @Override
      public String forwarded() {
        return forwarded;
      }

      @Override
      public Optional<X509Certificate> certificate() {
        return Optional.empty();
      }
    };
  }
}
