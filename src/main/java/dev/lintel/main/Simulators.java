package dev.lintel.main;

import dev.lintel.config.Address;
import dev.lintel.config.SimSpec;
import dev.lintel.server.Server;
import dev.lintel.sim.Sim;
import dev.lintel.sim.SimOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The simulated providers of a process, each at a port of its own. */
final class Simulators implements AutoCloseable {
  private static final long LARGEST_BODY = 64L << 20;

  /**
   * A simulated provider and where it listens.
   *
   * @param hold by the gateways that may still ask it
   */
  record Running(Server server, URI url, Hold hold) {}

  private final Vertx vertx;
  private final Map<SimSpec, Running> running = new ConcurrentHashMap<>();

  Simulators(Vertx vertx) {
    this.vertx = vertx;
  }

  /** Held for whoever asks; the one that runs for another gateway already, where there is one. */
  Running get(SimSpec spec) {
    return running.compute(
        spec, (_, known) -> known != null && known.hold.take() ? known : start(spec));
  }

  private Running start(SimSpec spec) {
    var sim = new Sim(spec.dialects(), SimOptions.of(spec.options()));
    Server own = server(vertx, sim, "127.0.0.1", 0);
    int port = Lintel.wait(own.start());
    String base = "http://127.0.0.1:" + port + (openAis(spec) ? "/v1" : "");
    return new Running(own, URI.create(base), new Hold(() -> end(spec, own)));
  }

  /** Whether its SDK is OpenAI's, whose base has the version in it. */
  private static boolean openAis(SimSpec spec) {
    return spec.dialects().contains(Builtins.OPENAI)
        || spec.dialects().contains(Builtins.RESPONSES);
  }

  private void end(SimSpec spec, Server own) {
    running.computeIfPresent(spec, (_, known) -> end(known, own));
    var _ = own.stop(Duration.ZERO);
  }

  private static @Nullable Running end(Running known, Server own) {
    return known.server == own ? null : known;
  }

  @Override
  public void close() {
    for (Running simulator : running.values()) {
      Lintel.wait(simulator.server.stop(Duration.ZERO));
    }
  }

  /** One alone, speaking every dialect, until the process ends; returns where it listens. */
  static URI alone(Address at) {
    var sim =
        new Sim(
            Builtins.KINDS.values().stream().flatMap(List::stream).distinct().toList(),
            SimOptions.USUAL);
    var vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    try {
      int port = Lintel.wait(server(vertx, sim, at.host(), at.port()).start());
      return URI.create("http://" + new Address(at.host(), port));
    } catch (RuntimeException failed) {
      vertx.close();
      throw new IllegalStateException(Refusal.sentence(at, failed), failed);
    }
  }

  private static Server server(Vertx vertx, Sim sim, String host, int port) {
    var options =
        new Server.Options(
            host,
            port,
            LARGEST_BODY,
            1L << 40,
            Lintel.BODIES,
            64 << 10,
            Map.of(),
            Optional.empty(),
            Optional.empty());
    return new Server(vertx, options, sim.routes(), methods -> sim.unserved());
  }
}
