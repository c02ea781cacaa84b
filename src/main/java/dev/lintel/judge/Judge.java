package dev.lintel.judge;

import dev.lintel.Call;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chat;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Judging;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Policy;
import dev.lintel.Request;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Has a share of the answered calls judged by a model, on threads of its own, long after their
 * callers were answered. What it says is kept as feedback of its own source.
 *
 * <p>Judged is only what a policy lets be kept, as it lets it be kept, and never what nobody may
 * train with. The model is asked as the call's own caller, in its region and under its policies;
 * but nobody's limits and budgets count it: the judge has a budget of its own.
 */
public final class Judge implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Judge.class);

  /** In which the judge's own calls are counted; and by which key they are made. */
  public static final String NAME = "judge";

  /** Those beyond are not judged. */
  private static final int MOST_WAITING = 200;

  private static final long MOST_BYTES = 16L << 20;
  private static final int AT_ONCE = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** So long nobody is asked once the budget is spent. */
  private static final long SPENT_NANOS = Duration.ofMinutes(1).toNanos();

  /** Of an answer that should be a line. */
  private static final int LONGEST_ANSWER = 4096;

  /** What said how little it may cost or take says nothing of the judge's question. */
  private static final Set<String> NOT_ITS =
      Set.of("max_cost_usd", "max_latency_ms", "strict", "tier", "model_family", "cache");

  /** What came of a call that was drawn. */
  public enum Outcome {
    SCORED,
    /** The judge said something else than it was asked. */
    BAD_ANSWER,
    /** The judge could not be asked, or did not answer. */
    FAILED,
    /** A policy keeps what the call said from the judge. */
    KEPT_FROM_IT,
    /** The judge's budget is spent. */
    OVER_BUDGET,
    /** Too many were waiting. */
    NO_ROOM,
    /** The call is not to be known any more, or cannot be read. */
    GONE,
    /** The store did not take the score. */
    NOT_STORED;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param trace of the call, which its own thread alone may ask it for
   */
  private record Waiting(Judging judging, Captured captured, long bytes, String trace) {}

  private final Handler asking;
  private final Function<ObjectNode, Request> reading;
  private final CallRecords records;
  private final Supplier<Opinions> opinions;
  private final Excerpt excerpt;
  private final Consumer<Runnable> threads;
  private final DoubleSupplier draw;
  private final InstantSource clock;
  private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger atWork = new AtomicInteger();
  private final Set<CallThread> working = ConcurrentHashMap.newKeySet();
  private final AtomicLongArray outcomes = new AtomicLongArray(Outcome.values().length);
  private final LongAdder picoUsd = new LongAdder();
  private final AtomicLong spent = new AtomicLong(Long.MIN_VALUE);
  private volatile @Nullable Judging judging;
  private volatile boolean closed;

  /**
   * @param asking answers the judge's calls, which have no model yet
   * @param reading makes a request of a body in OpenAI's words
   * @param records throws {@link Failure} where nobody knows whether a call still has one
   * @param opinions may throw {@link Failure} {@code UNAVAILABLE}, as may they
   * @param redaction takes out of a text what tells of people
   * @param threads runs something on a call's thread that is nobody's
   * @param draw from 0 up to 1
   */
  public Judge(
      Handler asking,
      Function<ObjectNode, Request> reading,
      CallRecords records,
      Supplier<Opinions> opinions,
      UnaryOperator<String> redaction,
      Consumer<Runnable> threads,
      DoubleSupplier draw,
      InstantSource clock) {
    this.asking = asking;
    this.reading = reading;
    this.records = records;
    this.opinions = opinions;
    this.excerpt = new Excerpt(redaction);
    this.threads = threads;
    this.draw = draw;
    this.clock = clock;
  }

  /** From now on calls are judged so; empty where none are. */
  public void use(Optional<Judging> how) {
    judging = how.orElse(null);
  }

  /** Has what that one takes judged, too. */
  public Captured.Taker beside(Captured.Taker keeper) {
    return new Captured.Taker() {
      @Override
      public boolean hold(long more) {
        return keeper.hold(more);
      }

      @Override
      public void take(Captured captured) {
        keeper.take(captured);
        Judging how = judging;
        if (how != null && isOfAKind(how, captured) && draw.getAsDouble() < how.share()) {
          add(how, captured);
        }
      }
    };
  }

  /** Whether there is a whole answer that may be shown. */
  private static boolean isOfAKind(Judging how, Captured captured) {
    Trail trail = captured.trail();
    return captured.level().compareTo(Capture.Level.REDACTED) >= 0
        && captured.request() instanceof Chat
        && captured.failure().isEmpty()
        && !captured.cut()
        && trail.status() < 400
        && trail.target().isPresent()
        && !trail.optedOut()
        && (how.models().isEmpty() || how.models().contains(trail.named()));
  }

  private void add(Judging how, Captured captured) {
    long size = captured.held() + ((Chat) captured.request()).estimatedTokens() * 4;
    if (closed || count.incrementAndGet() > MOST_WAITING) {
      count.decrementAndGet();
      came(Outcome.NO_ROOM);
      return;
    }
    if (bytes.addAndGet(size) > MOST_BYTES) {
      bytes.addAndGet(-size);
      count.decrementAndGet();
      came(Outcome.NO_ROOM);
      return;
    }
    waiting.add(new Waiting(how, captured, size, captured.trail().traceId()));
    work();
  }

  private void work() {
    while (!waiting.isEmpty() && !closed) {
      int now = atWork.get();
      if (now >= AT_ONCE) {
        return;
      }
      if (atWork.compareAndSet(now, now + 1)) {
        threads.accept(this::goOn);
        return;
      }
    }
  }

  private void goOn() {
    CallThread own = CallThread.current();
    working.add(own);
    try {
      for (Waiting next = waiting.poll(); next != null && !closed; next = waiting.poll()) {
        count.decrementAndGet();
        try {
          came(judged(next));
        } catch (RuntimeException bug) {
          came(Outcome.FAILED);
          LOG.error("{} cannot be judged", next.captured.trail().id(), bug);
        } finally {
          bytes.addAndGet(-next.bytes);
        }
      }
    } finally {
      working.remove(own);
      atWork.decrementAndGet();
      // One may have come after the last look.
      work();
    }
  }

  private Outcome judged(Waiting one) {
    Captured captured = one.captured;
    if (!captured.until().isAfter(clock.instant())) {
      return Outcome.GONE;
    }
    long since = spent.get();
    if (since != Long.MIN_VALUE && CallThread.nanoTime() - since < SPENT_NANOS) {
      return Outcome.OVER_BUDGET;
    }
    Request request;
    try {
      request =
          CallThread.current()
              .offload(() -> reading.apply(Question.of(one.judging, excerpt.of(captured))));
    } catch (Failure unreadable) {
      return Outcome.GONE;
    }
    Call call = call(one, request);
    var answer = new StringBuilder();
    try {
      asking.handle(call, chunk -> hear(answer, Excerpt.answer(List.of(chunk))));
    } catch (Failure failed) {
      LOG.debug("{} is not judged: {}", captured.trail().id(), failed.getMessage());
      return failed(failed, call.trail());
    } finally {
      call.trail().cost().map(Measure::pico).ifPresent(picoUsd::add);
    }
    return Question.verdict(one.judging, answer.toString())
        .map(verdict -> keep(captured.trail(), verdict))
        .orElse(Outcome.BAD_ANSWER);
  }

  private static void hear(StringBuilder answer, String more) {
    // What is longer is no verdict, and need not be kept.
    if (answer.length() <= LONGEST_ANSWER) {
      answer.append(more);
    }
  }

  private Outcome failed(Failure failed, Trail trail) {
    if (failed.kind() == Failure.Kind.BUDGET_EXCEEDED) {
      spent.set(CallThread.nanoTime());
      return Outcome.OVER_BUDGET;
    }
    boolean kept =
        trail.tries() == 0
            && trail.findings().stream().anyMatch(finding -> finding.mode() == Mode.ENFORCE);
    return kept ? Outcome.KEPT_FROM_IT : Outcome.FAILED;
  }

  private static Call call(Waiting one, Request request) {
    Trail judged = one.captured.trail();
    Trail trail = Trail.begin(CallThread.nanoTime());
    trail.judgeOf(judged.id());
    trail.traced(one.trace);
    Caller caller = judged.caller();
    Policy.Source policies = caller.policies();
    String useCase = judged.terms().get("use_case").orElse("");
    var own =
        new Caller(
            caller.tenant(),
            caller.app(),
            NAME,
            Optional.empty(),
            false,
            caller.residency(),
            false,
            caller.user(),
            // Those of the call, whatever the use case in which the judge's is counted.
            any -> policies.of(useCase).with(one.judging.budget()));
    trail.calledBy(own);
    var terms = new HashMap<>(judged.terms().values());
    terms.keySet().removeAll(NOT_ITS);
    terms.put("use_case", NAME);
    terms.put("priority", "low");
    Call call = Call.begin(trail, "", own, request);
    return new Call(
        call.trail(),
        "",
        own,
        Terms.NONE.with(terms),
        request,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        CallThread.nanoTime() + PATIENCE.toNanos());
  }

  private Outcome keep(Trail judged, Question.Verdict verdict) {
    try {
      // Who has erased a call, or forgot it, wants nothing of it back.
      if (records.find(judged.id()).isEmpty()) {
        return Outcome.GONE;
      }
      boolean stands =
          opinions
              .get()
              .keep(
                  new Opinion(
                      judged.id(),
                      Opinion.JUDGE,
                      judged.caller().tenant(),
                      judged.caller().app(),
                      judged.terms().get("use_case").orElse(""),
                      judged.named(),
                      judged.target().orElseThrow().name(),
                      verdict.score(),
                      verdict.label(),
                      "",
                      clock.instant()));
      return stands ? Outcome.SCORED : Outcome.GONE;
    } catch (Failure away) {
      LOG.debug("the score of {} is not kept: {}", judged.id(), away.getMessage());
      return Outcome.NOT_STORED;
    }
  }

  private void came(Outcome outcome) {
    outcomes.incrementAndGet(outcome.ordinal());
  }

  /** How many calls that were drawn came to that, since the start. */
  public long came(String outcome) {
    return outcomes.get(Outcome.valueOf(outcome.toUpperCase(Locale.ROOT)).ordinal());
  }

  /** The words of all outcomes. */
  public static List<String> outcomes() {
    var all = new ArrayList<String>();
    for (Outcome outcome : Outcome.values()) {
      all.add(outcome.word());
    }
    return all;
  }

  /** What it has cost since the start, in USD, as far as prices are known. */
  public double usd() {
    return picoUsd.sum() / 1e12;
  }

  /** What waits is not judged any more; what is asked is broken off. */
  @Override
  public void close() {
    closed = true;
    waiting.clear();
    working.forEach(CallThread::cancel);
  }
}
