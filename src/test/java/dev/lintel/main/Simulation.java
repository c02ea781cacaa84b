package dev.lintel.main;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Models;
import dev.lintel.Part;
import dev.lintel.Peer;
import dev.lintel.Prompt;
import dev.lintel.Provider;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Spool;
import dev.lintel.Standing;
import dev.lintel.TokenCounter;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import dev.lintel.config.Config;
import dev.lintel.filter.Choose;
import dev.lintel.filter.Coalesce;
import dev.lintel.filter.Failover;
import dev.lintel.filter.Fallback;
import dev.lintel.filter.KnownPrice;
import dev.lintel.filter.Observe;
import dev.lintel.filter.Preferences;
import dev.lintel.filter.Queues;
import dev.lintel.filter.Read;
import dev.lintel.filter.Rollouts;
import dev.lintel.filter.Shadow;
import dev.lintel.filter.Sticky;
import dev.lintel.price.Catalogue;
import dev.lintel.price.Knowledge;
import dev.lintel.route.InOrder;
import dev.lintel.route.Standings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Every stop of a gateway that decides who is asked, as {@link Gateway} puts them, in virtual time
 * and before providers that do as a handler says.
 */
final class Simulation {
  private static final Catalogue CATALOGUE = Catalogue.builtIn(Set.of());
  private static final TokenCounter NOBODY_COUNTS =
      new TokenCounter() {
        @Override
        public long prompt(Prompt prompt, String model) {
          throw new AssertionError("work is offloaded, which takes no virtual time");
        }

        @Override
        public long text(String text, String model) {
          throw new AssertionError("work is offloaded, which takes no virtual time");
        }
      };

  final VirtualTime time;
  final Standings standings;
  final Queues queues;
  final Shadow shadow;
  Map<String, Provider> providers = Map.of();
  Map<String, Model> models = Map.of();
  private final Rollouts rollouts;
  private final Sticky sticky = new Sticky();
  private final Listener listener;
  private final Standing.Source standing;
  private final Handler upstream;
  private Map<String, Caller> callers = Map.of();
  private Handler calls = (call, sink) -> {};
  private int asked;

  /** A call, and what has become of it. */
  static final class Asked implements Sink {
    final Trail trail;
    final List<Chunk> chunks = new ArrayList<>();
    final long began;
    long ended = -1;
    @Nullable Failure failure;
    @Nullable RuntimeException bug;
    @Nullable CallThread thread;

    /** Told once it has ended. */
    Runnable over = () -> {};

    /** How often it may be tried. */
    int attempts;

    private Asked(Trail trail) {
      this.trail = trail;
      this.began = trail.started();
    }

    @Override
    public void emit(Chunk chunk) {
      chunks.add(chunk);
    }

    boolean answered() {
      return ended >= 0 && failure == null && bug == null;
    }

    Failure failed() {
      if (failure == null) {
        throw new AssertionError("it did not fail: " + text() + " " + bug);
      }
      return failure;
    }

    String text() {
      var text = new StringBuilder();
      for (Chunk chunk : chunks) {
        for (Part part : chunk.parts()) {
          if (part instanceof Part.Text said) {
            text.append(said.text());
          }
        }
      }
      return text.toString();
    }

    Duration took() {
      return Duration.ofNanos(ended - began);
    }

    /** Who was asked, in order. */
    List<String> targets() {
      return trail.attempts().stream().map(attempt -> attempt.target()).toList();
    }
  }

  /**
   * @param watch stands between a call and how a target fares
   */
  Simulation(
      VirtualTime time, Listener listener, UnaryOperator<Standing.Source> watch, Handler upstream) {
    this.time = time;
    this.standings = new Standings(time, time.wall());
    this.rollouts = new Rollouts(time, time.wall());
    this.listener = listener;
    this.standing = watch.apply(standings);
    this.upstream = upstream;
    this.queues = new Queues(listener);
    this.shadow = new Shadow(new Observe(listener));
  }

  Simulation(Handler upstream) {
    this(new VirtualTime(), (trail, event) -> {}, source -> source, upstream);
  }

  /** New calls go by that configuration; those that have begun end by theirs. */
  void load(String yaml) {
    Config config = Builtins.loader(name -> Optional.empty()).load("simulation.yaml", yaml);
    providers = config.remotes();
    var facts = new Knowledge(CATALOGUE, config.pricing().own(), config.pricing().factors());
    models = config.models(providers, facts, standing);
    callers = config.callers();
    var known =
        new Models(models, providers, new InOrder().build(), facts, standing, config.refusing());
    Handler handler = upstream;
    for (Filter stop :
        List.<Filter>of(
                new Observe(listener),
                new Read(known, Spool.NOWHERE),
                new Coalesce(),
                new Fallback(known::find),
                new Choose(rollouts, new Preferences(), models.values(), NOBODY_COUNTS),
                new KnownPrice(caller -> false),
                shadow,
                sticky,
                new Failover(listener, queues))
            .reversed()) {
      handler = stop.then(handler);
    }
    calls = handler;
    standings.use(config.breakers());
  }

  /** A chat of that body, which begins once time passes. */
  Asked ask(String key, Map<String, String> headers, String body) {
    Handler now = calls;
    Caller caller = callers.getOrDefault(key, Caller.FIRST);
    var trail = new Trail("req_" + asked++, time.wall().instant(), time.getAsLong());
    var raw =
        new RawRequest(
            "POST",
            "/v1/chat/completions",
            Map.of(),
            Map.of(),
            Headers.of(headers),
            body.getBytes(StandardCharsets.UTF_8),
            Optional.empty(),
            Peer.NOBODY);
    Call call = Call.begin(trail, key, caller, new Request.Unread(Builtins.OPENAI, raw));
    trail.calledBy(caller);
    var one = new Asked(trail);
    one.thread =
        time.start(() -> {
          try {
            now.handle(call, one);
          } catch (Failure failure) {
            one.failure = failure;
          } catch (RuntimeException bug) {
            one.bug = bug;
          } finally {
            if (one.ended >= 0) {
              one.bug = new IllegalStateException("it ended twice");
            }
            one.ended = time.getAsLong();
            one.over.run();
          }
        });
    return one;
  }

  /** A short chat with that model, made at once and to its end. */
  Asked chat(String model) {
    return chat(model, Map.of());
  }

  Asked chat(String model, Map<String, String> headers) {
    Asked one = ask("", headers, body(model));
    time.run();
    return one;
  }

  /** Lets that much time pass, whether or not anything happens. */
  void pass(Duration wait) {
    time.after(wait, () -> {});
    time.run(wait);
  }

  /** A call of that model that nobody makes. */
  static Call call(Model model) {
    return Fakes.call(model);
  }

  static String body(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  /** Waits on a call's thread. */
  static void sleep(Duration wait) {
    CallThread.current().await(() -> false, CallThread.nanoTime() + wait.toNanos());
  }

  static Handler answering(Duration after) {
    return (call, sink) -> {
      sleep(after);
      sink.emit(
          Chunk.of(
              new Part.Start("", ""),
              new Part.Text(call.target().orElseThrow().target().name()),
              Usage.of(10, 5, Usage.Source.PROVIDER),
              new Part.Stop(Part.Stop.Reason.END, "openai", "stop", "")));
    };
  }

  /** With a body of the provider's, read as its dialect reads it. */
  static Handler refusing(int status, String body, String... headers) {
    var head = new HashMap<String, String>();
    for (int i = 0; i < headers.length; i += 2) {
      head.put(headers[i], headers[i + 1]);
    }
    return (call, sink) -> {
      Call.Choice choice = call.target().orElseThrow();
      choice.target().standing().told(choice.credential(), Headers.of(head));
      throw choice
          .dialect()
          .failure(status, Headers.of(head), body.getBytes(StandardCharsets.UTF_8));
    };
  }
}
