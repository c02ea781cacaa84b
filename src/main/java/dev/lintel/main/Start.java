package dev.lintel.main;

import dev.lintel.CallThread;
import dev.lintel.config.Config;
import dev.lintel.config.Fault;
import dev.lintel.config.Faulty;
import dev.lintel.config.Loader;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
    Loader loader = Builtins.loader(name -> Optional.ofNullable(System.getenv(name)));
    try {
      Config config = overridden(file == null ? loader.usual() : loader.load(file));
      config
          .threads()
          .ifPresent(threads ->
              System.setProperty(
                  "lintel.threads", threads.name().toLowerCase(java.util.Locale.ROOT)));
      return start(loader, config);
    } catch (Faulty faulty) {
      System.err.println("Lintel does not start: its configuration is wrong.");
      faulty.faults().forEach(System.err::println);
      return 1;
    } catch (IllegalArgumentException | UncheckedIOException wrong) {
      System.err.println(wrong.getMessage());
      return 1;
    }
  }

  private int start(Loader loader, Config config) {
    KeyFile keys = KeyFile.open(config.data());
    String adminKey =
        Optional.ofNullable(System.getenv("LINTEL_ADMIN_KEY")).map(String::strip).orElse("");
    Predicate<String> admin =
        adminKey.isEmpty() ? keys::isAdmin : key -> Secrets.same(adminKey, key);
    Lintel lintel;
    try {
      SqlStore.look(config.data());
      lintel =
          new Lintel(
              config,
              keys::caller,
              admin,
              new FileOutputStream(FileDescriptor.out),
              keys.secret("response ids"),
              sealer(config, keys));
    } catch (IllegalStateException failed) {
      System.err.println(failed.getMessage());
      return 1;
    }
    // Not before it listens: a key that no start could show would be lost.
    Optional<String> newAdminKey = adminKey.isEmpty() ? keys.firstAdminKey() : Optional.empty();
    Optional<String> newCallerKey = callerKey(config, keys);
    stayUp(() -> {
      LOG.info("ending: no new calls, {} s for those that run", PATIENCE.toSeconds());
      lintel.close(PATIENCE);
    });
    sayNotYet(config);
    new Banner(lintel.url(), lintel.config(), newAdminKey, newCallerKey).print(System.out);
    // Not before it listens and has said so: to open the store takes longer than all the rest.
    lintel.resume();
    LOG.info("calls run on the {} scheduler", CallThread.mode());
    if (file != null) {
      new Watch(
              file,
              config.files(),
              loader,
              changed -> use(lintel, keys, overridden(changed)),
              Start::refuse)
          .start(Duration.ofMillis(500));
    }
    return 0;
  }

  /** The key of this installation opens, too: what it sealed once must open later. */
  private static KeyRing sealer(Config config, KeyFile keys) {
    var all = new ArrayList<String>();
    Optional.ofNullable(System.getenv("LINTEL_KEK"))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> all.addAll(List.of(text.split("\\s*,\\s*"))));
    config.keks().forEach(key -> all.add(key.secret()));
    all.add(new String(keys.secret("key-encryption key"), StandardCharsets.US_ASCII));
    try {
      return KeyRing.of(all);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalStateException(
          "The key-encryption key (LINTEL_KEK) " + wrong.getMessage() + ".", wrong);
    }
  }

  static void use(Lintel lintel, KeyFile keys, Config changed) {
    List<String> fixed = lintel.use(changed);
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
