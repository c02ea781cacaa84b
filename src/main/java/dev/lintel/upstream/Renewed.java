package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that is good for a while, such as a token. It is fetched by one thread at a time, ahead
 * of its end, while everybody else goes on with the old one; only where there is none that is good
 * do calls wait for it.
 */
final class Renewed<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Renewed.class);

  /** Ahead of the end by so much, or by half of the time where that is short. */
  private static final Duration AHEAD = Duration.ofMinutes(4);

  /** After a renewal that failed, and after a proof that was refused. */
  private static final long PAUSE_NANOS = Duration.ofSeconds(10).toNanos();

  /** A value and for how long it is good. */
  record Lease<T>(T value, Duration good) {}

  /** Where it comes from. Called on a thread that may block; throws {@link Failure}. */
  @FunctionalInterface
  interface Source<T> {
    Lease<T> fetch();
  }

  /**
   * @param since when it was fetched, or last refused
   */
  private record Held<T>(T value, long since, long renewAt, long until) {}

  private final String name;
  private final Source<T> source;
  private final LongSupplier clock;
  private final AtomicReference<@Nullable Fetch> running = new AtomicReference<>();
  private volatile @Nullable Held<T> held;

  /**
   * @param name of what it is, in a log line
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   */
  Renewed(String name, Source<T> source, LongSupplier clock) {
    this.name = name;
    this.source = source;
    this.clock = clock;
  }

  /**
   * One that is good now. On a call's thread.
   *
   * @param deadline {@link System#nanoTime} until which a call may wait
   * @throws Failure why there is none
   */
  T get(long deadline) {
    Held<T> known = held;
    long now = clock.getAsLong();
    if (known != null && now - known.until < 0) {
      if (now - known.renewAt >= 0) {
        begin();
      }
      return known.value;
    }
    Fetch fetch = begin();
    CallThread thread = CallThread.current();
    fetch.waiting.add(thread);
    if (!thread.await(fetch::done, deadline)) {
      throw Failure.of(Failure.Kind.TIMEOUT, "The call was not answered within its time.")
          .again(Failure.Again.NOWHERE)
          .blame(Failure.Blame.NOBODY);
    }
    return fetch.value();
  }

  /**
   * The value was refused though its time is not over, so the next call gets another one; not
   * oftener than every 10 s, for it may be the account that has no right.
   */
  void refused(T value) {
    Held<T> known = held;
    long now = clock.getAsLong();
    if (known != null && known.value.equals(value) && now - known.since >= PAUSE_NANOS) {
      held = new Held<>(known.value, now, now, now);
    }
  }

  private Fetch begin() {
    var fresh = new Fetch();
    Fetch known = running.compareAndExchange(null, fresh);
    if (known != null) {
      return known;
    }
    CallThread.start(CallThread.current().loop(), fresh::run);
    return fresh;
  }

  /** One that is under way, and the calls that wait for it. */
  private final class Fetch {
    private final Queue<CallThread> waiting = new ConcurrentLinkedQueue<>();
    private volatile @Nullable T value;
    private volatile @Nullable Failure failure;

    void run() {
      try {
        Lease<T> lease = source.fetch();
        long now = clock.getAsLong();
        long good = lease.good.toNanos();
        held =
            new Held<>(
                lease.value,
                now,
                now + Math.max(good - AHEAD.toNanos(), good / 2),
                now + good - good / 20);
        value = lease.value;
      } catch (Failure failed) {
        fail(failed);
      } catch (RuntimeException | Error bug) {
        fail(
            Failure.of(
                Failure.Kind.UPSTREAM_ERROR,
                name + " was answered with nothing that makes sense.",
                bug));
      } finally {
        running.set(null);
        waiting.forEach(CallThread::wake);
      }
    }

    private void fail(Failure failed) {
      Held<T> known = held;
      if (known != null && clock.getAsLong() - known.until < 0) {
        held = new Held<>(known.value, known.since, clock.getAsLong() + PAUSE_NANOS, known.until);
        // Without an old one calls fail, and say so themselves.
        LOG.warn("What asks for {} goes on with what it has: {}", name, failed.message());
      }
      failure = failed;
    }

    boolean done() {
      return value != null || failure != null;
    }

    T value() {
      T known = value;
      if (known != null) {
        return known;
      }
      Failure why = failure;
      if (why == null) {
        throw new IllegalStateException("not done");
      }
      // One for each call: whoever gets it may add to it.
      throw Failure.of(why.kind(), why.message(), why)
          .upstream(why.upstreamStatus())
          .blame(Failure.Blame.KEY)
          .again(Failure.Again.ELSEWHERE);
    }
  }
}
