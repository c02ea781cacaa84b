package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Json;
import dev.lintel.Live;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Ranking;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Retry;
import dev.lintel.Routing;
import dev.lintel.Sink;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.filter.Comparison.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks other targets the same as a share of the calls, on threads that belong to no caller, so that
 * both answers can be compared.
 *
 * <p>A shadow begins once its call waits for its provider, and goes on where the caller leaves. Its
 * first target answers or none does: nothing is tried again, hedged or asked elsewhere. What it
 * answers nobody sees; it has a record of its own.
 */
public final class Shadow implements Filter, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Shadow.class);

  /** Copies beyond are not made: they must not take what callers need. */
  private static final int MOST = 200;

  private static final Retry ONCE = new Retry(1, Duration.ofMillis(1), Duration.ofMillis(1));

  /** One that rests is left alone. */
  private static final Routing ALONE = Routing.NONE.insisting(false);

  /** What is compared, so that other targets begin anew. */
  private record Subject(String model, List<String> to) {}

  private final Filter around;
  private final DoubleSupplier draw;
  private final Map<Subject, Comparison> comparisons = new ConcurrentHashMap<>();
  private final Set<CallThread> threads = ConcurrentHashMap.newKeySet();
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile boolean closed;

  /**
   * @param around the stops before this one that a shadow needs, too: it is observed and counted
   */
  public Shadow(Filter around) {
    this(around, () -> CallThread.random().nextDouble(100));
  }

  /**
   * @param draw from 0 up to 100
   */
  Shadow(Filter around, DoubleSupplier draw) {
    this.around = around;
    this.draw = draw;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Routing.Shadow> shadow = call.resolved().routing().shadow();
    if (shadow.isEmpty()) {
      next.handle(call, sink);
      return;
    }
    apply(call, shadow.get(), sink, next);
  }

  private void apply(Call call, Routing.Shadow shadow, Sink sink, Handler next) {
    if (shadow.to().isEmpty()
        || closed
        || !isOfAKind(call.request())
        || draw.getAsDouble() >= shadow.percent()
        || Deeds.acts(call.request())) {
      next.handle(call, sink);
      return;
    }
    Comparison comparison = comparison(call.resolved(), shadow);
    if (underWay.incrementAndGet() > MOST) {
      underWay.decrementAndGet();
      comparison.dropped();
      next.handle(call, sink);
      return;
    }
    Comparison.Pair pair = comparison.pair();
    start(call, shadow, next, pair);
    ask(call, sink, next, pair::caller);
  }

  private Comparison comparison(Model model, Routing.Shadow shadow) {
    var subject = new Subject(model.name(), shadow.to().stream().map(Target::name).toList());
    return comparisons.computeIfAbsent(subject, fresh -> new Comparison());
  }

  /** Whether the bytes are there twice, and there is an answer to compare. */
  private static boolean isOfAKind(Request request) {
    return switch (request) {
      case Chat chat -> true;
      case Embed embed -> true;
      case Rerank rerank -> true;
      case Relay relay -> relay.content() instanceof Relay.Content.Json;
      case Live live -> false;
      case Stored stored -> false;
      case Request.Count count -> false;
      case Request.Unread unread -> false;
    };
  }

  private void start(Call call, Routing.Shadow shadow, Handler next, Comparison.Pair pair) {
    Model model = call.resolved();
    Trail trail = Trail.begin(CallThread.nanoTime());
    trail.served(call.trail().served());
    trail.traced(call.trail().traceId());
    trail.calledBy(call.caller());
    trail.asked(call.request(), call.terms(), model);
    trail.shadowOf(call.id());
    // In the order in which they are written: a strategy would learn of calls that are none.
    var only =
        new Model(
            model.name(),
            shadow.to(),
            (same, targets) -> Ranking.AS_WRITTEN,
            model.timeouts(),
            ONCE,
            Optional.empty(),
            ALONE);
    var copy =
        new Call(
            trail,
            "",
            call.caller(),
            call.terms(),
            call.request(),
            Optional.empty(),
            Optional.of(only),
            Optional.empty(),
            CallThread.nanoTime() + model.timeouts().total().toNanos());
    var _ =
        CallThread.start(
            CallThread.current().loop(),
            () -> {
              CallThread own = CallThread.current();
              threads.add(own);
              try {
                if (!closed) {
                  ask(copy, chunk -> {}, around.then(next), pair::shadow);
                }
              } catch (Failure noted) {
                // In its record and in the comparison.
              } catch (RuntimeException bug) {
                LOG.error("{}, a shadow, failed inside the gateway", trail.id(), bug);
              } finally {
                threads.remove(own);
                underWay.decrementAndGet();
              }
            });
  }

  private static void ask(Call call, Sink sink, Handler next, Consumer<Outcome> ended) {
    var heard = new Heard(sink);
    long began = CallThread.nanoTime();
    Optional<Failure.Kind> failure = Optional.of(Failure.Kind.INTERNAL);
    try {
      next.handle(call, heard);
      failure = Optional.empty();
    } catch (Failure known) {
      failure = Optional.of(known.kind());
      throw known;
    } finally {
      ended.accept(
          new Outcome(
              failure,
              call.trail().cost(),
              CallThread.nanoTime() - began,
              failure.isEmpty() ? heard.text() : Optional.empty()));
    }
  }

  /** What has been compared since the start: {@code [{model, to, callers, shadows, …}]}. */
  public ArrayNode comparisons() {
    ArrayNode all = Json.array();
    comparisons.forEach((subject, comparison) -> {
      ObjectNode one = all.addObject().put("model", subject.model);
      subject.to.forEach(one.putArray("to")::add);
      one.setAll(comparison.json());
    });
    return all;
  }

  /** Ends the shadows that are under way; there will be no more. */
  @Override
  public void close() {
    closed = true;
    threads.forEach(CallThread::cancel);
  }

  /** Keeps what an answer says while it is short enough to be compared. */
  private static final class Heard implements Sink {
    private static final int LONGEST = 64 << 10;

    private final Sink sink;
    private final StringBuilder text = new StringBuilder(0);
    private boolean whole = true;

    Heard(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void emit(Chunk chunk) {
      for (Part part : chunk.parts()) {
        switch (part) {
          case Part.Text said -> hear(said.text());
          case Part.Refusal said -> hear(said.text());
          case Part.ToolUse use -> hear(use.name() + use.arguments());
          case Part.Start start -> {}
          case Part.Thought thought -> {}
          case Part.Stop stop -> {}
          case Usage usage -> {}
          // Nobody could tell whether one is as good as another.
          case Part.Media media -> whole = false;
          case Part.Native other -> whole = false;
          case Part.Piece piece -> whole = false;
        }
      }
      sink.emit(chunk);
    }

    private void hear(String said) {
      whole &= text.length() + said.length() <= LONGEST;
      if (whole) {
        text.append(said);
      }
    }

    @Override
    public void flush() {
      sink.flush();
    }

    /** Empty where it cannot be compared. */
    Optional<String> text() {
      return whole ? Optional.of(text.toString()) : Optional.empty();
    }
  }
}
