package dev.lintel.main;

import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Identity;
import dev.lintel.Route;
import dev.lintel.Spool;
import dev.lintel.Store;
import dev.lintel.batch.BatchDesk;
import dev.lintel.batch.FileDesk;
import dev.lintel.batch.MessageBatchDesk;
import dev.lintel.batch.Runner;
import dev.lintel.config.Config;
import dev.lintel.config.Storing;
import dev.lintel.server.Front;
import dev.lintel.server.Known;
import dev.lintel.store.SqlStore;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store, and what works off what is in it. */
final class Storage {
  private static final Logger LOG = LoggerFactory.getLogger(Storage.class);

  /** What batches need of the gateway around them. */
  @FunctionalInterface
  interface Means {
    Runner.Means of(Map<String, Front> served, int concurrent, int longestLine);
  }

  private final Config config;
  private final Means means;
  private final Spool spool;
  private final Function<String, Optional<String>> environment;
  private Map<String, Front> served = Map.of();
  private volatile @Nullable Store store;
  private @Nullable Runner runner;

  /**
   * @param spool where uploads wait
   * @param environment where what the database's address leaves out may stand
   */
  Storage(Config config, Spool spool, Function<String, Optional<String>> environment, Means means) {
    this.config = config;
    this.environment = environment;
    this.spool = spool;
    this.means = means;
  }

  /**
   * What there is to ask: it may not be open yet, or be away. Throws {@link Failure} where it can
   * never be had.
   */
  synchronized Store store() {
    Store known = store;
    if (known == null) {
      try {
        SqlStore opening = made();
        opening.open();
        known = opening;
      } catch (IllegalStateException | UncheckedIOException refused) {
        LOG.error("{}", refused.getMessage());
        throw Failure.of(
                Failure.Kind.UNAVAILABLE, "The store cannot be used at the moment.", refused)
            .retryAfter(Optional.of(Duration.ofSeconds(1)));
      }
      store = known;
    }
    return known;
  }

  private SqlStore made() {
    Storing.Idempotency replies = config.storing().idempotency();
    var bounds =
        new SqlStore.Bounds(
            replies.keep(), replies.total().bytes(), config.storing().records().keep());
    return config
        .database()
        .map(at -> SqlStore.shared(at, environment, config.data(), bounds))
        .orElseGet(() -> SqlStore.embedded(config.data(), bounds, InstantSource.system()));
  }

  /**
   * Whether the store is open before that time is over. Throws {@link IllegalStateException} with a
   * sentence where it is not for this version.
   */
  boolean comes(Duration most) {
    Store asked = store();
    long until = System.nanoTime() + most.toNanos();
    while (asked.state().presence() == Store.Presence.OPENING && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(5_000_000);
    }
    Store.State now = asked.state();
    if (now.presence() == Store.Presence.REFUSED) {
      throw new IllegalStateException(now.why());
    }
    return now.presence() == Store.Presence.OPEN;
  }

  /** Empty where it can never be had. */
  Optional<Store.State> state() {
    return Optional.ofNullable(store).map(Store::state);
  }

  private synchronized Runner runner() {
    Runner known = runner;
    if (known == null) {
      known =
          new Runner(
              store(),
              means.of(
                  served,
                  config.storing().batches().concurrent().value(),
                  Math.toIntExact(config.limits().body().bytes())));
      runner = known;
    }
    return known;
  }

  /** Begins to open the store, and goes on with the batches that are in it. Does not wait. */
  void open() {
    try {
      runner().start();
    } catch (Failure never) {
      LOG.warn("what needs the store is refused: {}", never.getMessage());
    }
  }

  /** Hears of that topic of the store's feed, where the store can ever be had. */
  void hear(String topic, LongConsumer hearer) {
    try {
      store().feed().hear(topic, hearer);
    } catch (Failure never) {
      LOG.debug("nothing will be heard of {}: {}", topic, never.getMessage());
    }
  }

  /**
   * Once.
   *
   * @param batched who serves the paths that a batch may ask
   */
  List<Route> routes(Identity identity, Map<String, Front> batched) {
    served = batched;
    var clock = InstantSource.system();
    long most = config.storing().files().total().bytes();
    var files = new FileDesk(() -> store().files(), spool, most, clock);
    var batches = new BatchDesk(this::store, this::runner, List.copyOf(batched.keySet()), clock);
    var messages = new MessageBatchDesk(this::store, this::runner, most, clock);
    var routes = new ArrayList<Route>();
    for (String v1 : Routes.AZURE_TOO) {
      routes.add(
          new Route(
              "POST",
              v1 + "/files",
              new Known(Builtins.OPENAI, identity, files::upload),
              Route.Bodies.NOT_FORMS));
      add(routes, "GET", v1 + "/files", Builtins.OPENAI, identity, files::list);
      add(routes, "GET", v1 + "/files/{id}", Builtins.OPENAI, identity, files::one);
      add(routes, "DELETE", v1 + "/files/{id}", Builtins.OPENAI, identity, files::delete);
      add(routes, "GET", v1 + "/files/{id}/content", Builtins.OPENAI, identity, files::content);
      add(routes, "POST", v1 + "/batches", Builtins.OPENAI, identity, batches::create);
      add(routes, "GET", v1 + "/batches", Builtins.OPENAI, identity, batches::list);
      add(routes, "GET", v1 + "/batches/{id}", Builtins.OPENAI, identity, batches::one);
      add(routes, "POST", v1 + "/batches/{id}/cancel", Builtins.OPENAI, identity, batches::cancel);
    }
    for (String v1 : Routes.V1) {
      String base = v1 + "/messages/batches";
      add(routes, "POST", base, Builtins.ANTHROPIC, identity, messages::create);
      add(routes, "GET", base, Builtins.ANTHROPIC, identity, messages::list);
      add(routes, "GET", base + "/{id}", Builtins.ANTHROPIC, identity, messages::one);
      add(routes, "DELETE", base + "/{id}", Builtins.ANTHROPIC, identity, messages::delete);
      add(routes, "GET", base + "/{id}/results", Builtins.ANTHROPIC, identity, messages::results);
      add(routes, "POST", base + "/{id}/cancel", Builtins.ANTHROPIC, identity, messages::cancel);
    }
    return routes;
  }

  private static void add(
      List<Route> routes,
      String method,
      String path,
      Dialect dialect,
      Identity identity,
      Known.Service service) {
    Endpoint endpoint = new Known(dialect, identity, service);
    routes.add(new Route(method, path, endpoint));
  }

  /** Begins nothing more. */
  synchronized void end() {
    if (runner != null) {
      runner.end();
    }
  }

  /**
   * @param patience for what batches ask at the moment
   */
  synchronized void finish(Duration patience) {
    if (runner != null) {
      runner.close(patience);
    }
  }

  synchronized void close() {
    if (store != null) {
      store.close();
    }
  }
}
