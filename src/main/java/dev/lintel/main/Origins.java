package dev.lintel.main;

import dev.lintel.Failure;
import dev.lintel.KeptSecrets;
import dev.lintel.Sealer;
import dev.lintel.Store;
import dev.lintel.config.Prologue;
import dev.lintel.config.Source;
import dev.lintel.secret.Vault;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where the secrets lie that a configuration names and does not hold: the store, and Vault. */
final class Origins implements AutoCloseable {
  /** A store that can be had, and what opens its secrets. */
  record Opened(Store store, Sealer sealer) {}

  /** Opens the store that a configuration means, for as long as a secret is read from it. */
  @FunctionalInterface
  interface Opening {
    /** Throws {@link RuntimeException} where it cannot be had. */
    Opened open(Prologue around);
  }

  /** Where Kubernetes puts the token of a pod's own account. */
  private static final Path POD = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");

  private final Function<String, Optional<String>> variables;
  private final Opening opening;
  private volatile @Nullable Supplier<Store> own;
  private volatile @Nullable Sealer sealer;
  private volatile Runnable changed = () -> {};
  private volatile boolean asked;
  private Vault.@Nullable Setting setting;
  private @Nullable Vault vault;

  /**
   * @param variables the environment
   * @param opening before the gateway has its own
   */
  Origins(Function<String, Optional<String>> variables, Opening opening) {
    this.variables = variables;
    this.opening = opening;
  }

  /** For a configuration that names no such secret. */
  static Origins nowhere() {
    return new Origins(
        name -> Optional.empty(),
        around -> {
          throw new IllegalStateException("there is no store to ask");
        });
  }

  /** By their words in a configuration. */
  Map<String, Source> sources() {
    return Map.of("secret", this::secret, "vault", this::vault);
  }

  /**
   * From now on the gateway's own store is asked.
   *
   * @param again reads the configuration again, because something that it names has changed
   */
  void use(Supplier<Store> store, Sealer opens, Runnable again) {
    sealer = opens;
    own = store;
    changed = again;
  }

  /** A secret of the store may have changed. */
  void moved() {
    if (asked) {
      changed.run();
    }
  }

  private String secret(String name, Prologue around) {
    asked = true;
    Supplier<Store> store = own;
    Sealer opens = sealer;
    try {
      if (store != null && opens != null) {
        return found(store.get(), opens, name);
      }
      Opened first = opening.open(around);
      try (Store ahead = first.store()) {
        return found(ahead, first.sealer(), name);
      }
    } catch (Failure | IllegalStateException away) {
      throw new IllegalArgumentException(
          "reads the secret '" + name + "' from the store: " + away.getMessage(), away);
    }
  }

  private static String found(Store store, Sealer sealer, String name) {
    KeptSecrets.Kept kept =
        store
            .secrets()
            .find(name)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "reads the secret '" + name + "', which the store does not have"));
    return sealer.open(KeptSecrets.what(name), kept.sealed());
  }

  private synchronized String vault(String reference, Prologue around) {
    Vault.Setting wanted = setting(around);
    Vault known = vault;
    if (known == null || !wanted.equals(setting)) {
      if (known != null) {
        known.close();
      }
      known = new Vault(wanted, System::nanoTime, () -> changed.run());
      known.start();
      vault = known;
      setting = wanted;
    }
    return known.text(reference);
  }

  private Vault.Setting setting(Prologue around) {
    Prologue.Vault said =
        around
            .vault()
            .orElseGet(() ->
                new Prologue.Vault(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()));
    URI address =
        said.address()
            .or(() -> variable("VAULT_ADDR").map(URI::create))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "lies in Vault, whose address is not known: set VAULT_ADDR, or 'vault' here"));
    Optional<String> token = said.token().or(() -> variable("VAULT_TOKEN"));
    if (token.isEmpty() && said.kubernetes().isEmpty()) {
      throw new IllegalArgumentException(
          "lies in Vault, for which there is no token: set VAULT_TOKEN, or 'vault' here");
    }
    return new Vault.Setting(
        address,
        token.orElse(""),
        said.namespace().or(() -> variable("VAULT_NAMESPACE")).orElse(""),
        said.kubernetes()
            .map(pod ->
                new Vault.Kubernetes(
                    pod.role(), pod.mount().orElse("kubernetes"), pod.jwt().orElse(POD))));
  }

  private Optional<String> variable(String name) {
    return variables.apply(name).map(String::strip).filter(text -> !text.isEmpty());
  }

  @Override
  public synchronized void close() {
    if (vault != null) {
      vault.close();
    }
  }
}
