package dev.lintel.main;

import dev.lintel.CallThread;
import dev.lintel.Credential;
import dev.lintel.config.Config;
import dev.lintel.config.Fault;
import dev.lintel.config.Faulty;
import dev.lintel.config.Loader;
import dev.lintel.config.Prologue;
import dev.lintel.config.Watch;
import dev.lintel.secret.KeyRing;
import dev.lintel.store.KeyFile;
import dev.lintel.store.SqlStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "start", description = "Starts the gateway.", mixinStandardHelpOptions = true)
final class Start implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(Start.class);

  /** How long calls may go on after the process was asked to end. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The same, where the store is not for this version. */
  private static final Duration REFUSED_PATIENCE = Duration.ofSeconds(5);

  private static final int SHORTEST_ADMIN_KEY = 20;

  private static volatile boolean running;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "the configuration; without it, the simulated provider and every provider whose key is in the environment")
  private @Nullable Path file;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "where to listen, instead of what the file says")
  private @Nullable String listen;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "the data folder, instead of what the file says")
  private @Nullable Path data;

  /** Whether a command has started something that goes on after it. */
  static boolean running() {
    return running;
  }

  /** The process goes on until it is asked to end; then the farewell runs, and it exits with 0. */
  static void stayUp(Runnable farewell) {
    running = true;
    Signals.onEnd(farewell, PATIENCE.plusSeconds(10));
  }

  @Override
  public Integer call() {
    Function<String, Optional<String>> variables = name -> Optional.ofNullable(System.getenv(name));
    var origins = new Origins(variables, this::opened);
    Loader loader = Builtins.loader(variables, origins.sources());
    try {
      var source =
          Revisions.Source.of(
              loader,
              file == null ? loader.usually() : loader.read(file),
              this::overridden,
              origins);
      source
          .first()
          .threads()
          .ifPresent(threads ->
              System.setProperty(
                  "lintel.threads", threads.name().toLowerCase(java.util.Locale.ROOT)));
      return start(source);
    } catch (Faulty faulty) {
      System.err.println("Lintel does not start: its configuration is wrong.");
      faulty.faults().forEach(System.err::println);
      return 1;
    } catch (IllegalArgumentException | UncheckedIOException wrong) {
      System.err.println(wrong.getMessage());
      return 1;
    }
  }

  private int start(Revisions.Source source) {
    Config config = source.first();
    KeyFile keys = KeyFile.open(config.data());
    String adminKey =
        Optional.ofNullable(System.getenv("LINTEL_ADMIN_KEY")).map(String::strip).orElse("");
    Predicate<String> admin =
        adminKey.isEmpty() ? keys::isAdmin : key -> Secrets.same(adminKey, key);
    Lintel lintel;
    try {
      if (config.database().isEmpty()) {
        SqlStore.look(config.data());
      }
      lintel =
          new Lintel(
              source,
              keys::caller,
              admin,
              new FileOutputStream(FileDescriptor.out),
              keys.secret("response ids"),
              sealing(config.keks().stream().map(Credential::secret).toList(), keys));
    } catch (IllegalStateException failed) {
      System.err.println(failed.getMessage());
      return 1;
    }
    // Not before it listens: a key that no start could show would be lost.
    Optional<String> newAdminKey = adminKey.isEmpty() ? keys.firstAdminKey() : Optional.empty();
    Optional<String> newCallerKey = callerKey(lintel.config(), keys);
    stayUp(() -> {
      LOG.info("ending: no new calls, {} s for those that run", PATIENCE.toSeconds());
      lintel.close(PATIENCE);
    });
    sayNotYet(lintel.config());
    warnings(config, adminKey).forEach(LOG::warn);
    var _ =
        lintel
            .refused()
            .thenAcceptAsync(why -> {
              System.err.println(why);
              lintel.close(REFUSED_PATIENCE);
              Runtime.getRuntime().halt(1);
            });
    new Banner(lintel.url(), lintel.config(), newAdminKey, newCallerKey).print(System.out);
    LOG.info("calls run on the {} scheduler", CallThread.mode());
    if (file != null) {
      new Watch(
              file,
              config.files(),
              changed -> lintel.file(source.loader().read(changed)),
              changed -> told(lintel, keys),
              Start::refuse)
          .start(Duration.ofMillis(500));
    }
    return 0;
  }

  /** What an operator should know before others find out. */
  static List<String> warnings(Config config, String adminKey) {
    var all = new ArrayList<String>();
    if (config.tls().isEmpty() && !isLoopback(config.listen().host())) {
      all.add(
          "listening on "
              + config.listen()
              + " without TLS: keys can be read on the way, unless something before it encrypts");
    }
    if (!adminKey.isEmpty() && adminKey.length() < SHORTEST_ADMIN_KEY) {
      all.add("LINTEL_ADMIN_KEY is short enough to be guessed; take 20 random characters or more");
    }
    if (config.database().isPresent()
        && config.keks().isEmpty()
        && System.getenv("LINTEL_KEK") == null) {
      all.add(
          "several nodes can share this database, but what this one seals no other can open: give"
              + " all the same LINTEL_KEK");
    }
    return all;
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
  }

  /** The store that a configuration means, before the gateway has opened it. */
  private Origins.Opened opened(Prologue around) {
    Path folder = data == null ? around.data().orElse(Config.DATA) : data;
    SqlStore.Bounds bounds = SqlStore.Bounds.USUAL;
    SqlStore store =
        around
            .database()
            .map(at ->
                SqlStore.shared(
                    at, name -> Optional.ofNullable(System.getenv(name)), folder, bounds))
            .orElseGet(() -> SqlStore.embedded(folder, bounds, InstantSource.system()));
    return new Origins.Opened(
        store,
        sealing(around.kek(), KeyFile.open(folder)).of(() -> store, around.database().isPresent()));
  }

  /**
   * The first that there is of keys that were given, of the key on which nodes have agreed, and of
   * this installation's own. All of them open: what was sealed once must open later.
   */
  private static Secrets.Sealing sealing(List<String> configured, KeyFile keys) {
    var given = new ArrayList<String>();
    Optional.ofNullable(System.getenv("LINTEL_KEK"))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> given.addAll(List.of(text.split("\\s*,\\s*"))));
    given.addAll(configured);
    String own = new String(keys.secret("key-encryption key"), StandardCharsets.US_ASCII);
    Secrets.Sealing sealing =
        agreed -> {
          var all = new ArrayList<>(given);
          agreed.ifPresent(key -> {
            if (given.isEmpty()) {
              LOG.warn(
                  "secrets in the shared database lie under a key that lies there, too; give all"
                      + " nodes the same LINTEL_KEK");
            }
            all.add(key);
          });
          all.add(own);
          return KeyRing.of(all);
        };
    try {
      // A wrong key is told before anything begins.
      sealing.of(Optional.empty());
      return sealing;
    } catch (IllegalArgumentException wrong) {
      throw new IllegalStateException(
          "The key-encryption key (LINTEL_KEK) " + wrong.getMessage() + ".", wrong);
    }
  }

  /** Says what has come of a changed file. */
  static void told(Lintel lintel, KeyFile keys) {
    Config changed = lintel.config();
    List<String> fixed = lintel.fixed();
    LOG.info("the changed configuration is in force");
    if (!fixed.isEmpty()) {
      LOG.warn(
          "changed since the start, but needs a restart to take effect: {}",
          String.join(", ", fixed));
    }
    sayNotYet(changed);
    callerKey(changed, keys)
        .ifPresent(key -> {
          System.out.println("caller key: " + key);
          LOG.warn("the configuration names no app; the first caller key is on standard output");
        });
  }

  /** Made where nobody else could call, and nobody ever could. */
  private static Optional<String> callerKey(Config config, KeyFile keys) {
    return config.apps().isEmpty() ? keys.firstCallerKey() : Optional.empty();
  }

  private static void sayNotYet(Config config) {
    for (String key : config.notYet()) {
      LOG.warn("{} is configured, but this version does not act on it yet", key);
    }
  }

  private static void refuse(List<Fault> faults) {
    LOG.error("the changed configuration is wrong and is not used; the one before it goes on");
    faults.forEach(fault -> LOG.error("{}", fault));
  }

  private Config overridden(Config config) {
    Config changed = config;
    if (listen != null) {
      changed = changed.at(Simulate.address(listen));
    }
    return data == null ? changed : changed.in(data);
  }
}
