package dev.lintel.main;

import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Credential;
import dev.lintel.admin.Keys;
import dev.lintel.config.Config;
import dev.lintel.identity.Directory;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What the admin API needs to know of callers' keys, by the configuration in force. */
record CallerRing(Supplier<Gateway> live, Storage storage, Directory directory)
    implements Keys.Ring {
  /** Of a key that is shorter, the beginning would give too much away. */
  private static final int SHORTEST_SHOWN = 16;

  private static final int SHOWN = 6;

  @Override
  public boolean tenant(String name) {
    return live.get().hasTenant(name);
  }

  @Override
  public Optional<List<Keys.Written>> app(String tenant, String name) {
    Gateway now = live.get();
    return now.callerOf(tenant, name, "")
        .map(there ->
            now.config().apps().stream()
                .filter(app -> app.tenant().equals(tenant) && app.name().equals(name))
                .flatMap(CallerRing::written)
                .toList());
  }

  private static Stream<Keys.Written> written(Config.App app) {
    return Stream.concat(
        app.keys().stream().map(CallerRing::written),
        app.awsKeys().stream()
            .map(pair -> new Keys.Written(pair.id(), CallerKey.Kind.AWS, pair.accessKey())));
  }

  private static Keys.Written written(Credential key) {
    String secret = key.secret();
    return new Keys.Written(
        key.id(),
        CallerKey.Kind.BEARER,
        secret.length() < SHORTEST_SHOWN ? "" : secret.substring(0, SHOWN));
  }

  @Override
  public boolean model(String name) {
    return live.get().models().find(name).isPresent();
  }

  @Override
  public CallerKeys kept() {
    return storage.store().callerKeys();
  }

  @Override
  public String hash(String key) {
    return directory.hash(key);
  }

  @Override
  public String seal(String id, String secret) {
    return directory.seal(id, secret);
  }

  @Override
  public Optional<Instant> lastUse(String id) {
    return directory.lastUse(id);
  }

  @Override
  public void know(CallerKey key) {
    directory.know(key);
  }

  @Override
  public void forget(String id) {
    directory.forget(id);
  }
}
