package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Time that passes only while every thread that was started in it waits: days take as long as what
 * happens in them, and chance is the same each time. All those threads run on the one thread that
 * calls these methods, so that nothing else on the machine is disturbed by more than that.
 *
 * <p>Needs threads that are carried by a loop of their own, {@link CallThread#mode}. What is
 * offloaded to other threads takes no time here and must not be waited for.
 */
public final class SwiftTime implements Executor, LongSupplier, RandomGenerator, AutoCloseable {
  private record Wait(long at, long number, CallThread who) {}

  private final Instant begin;
  private final Random chance;
  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Wait> waits =
      new PriorityQueue<>(Comparator.comparingLong(Wait::at).thenComparingLong(Wait::number));
  private final Set<CallThread> running = new HashSet<>();
  private long now = 1;
  private long numbers;

  /**
   * @param begin what time it is at first
   * @param seed of what its threads draw
   */
  public SwiftTime(Instant begin, long seed) {
    this.begin = begin;
    this.chance = new Random(seed);
  }

  /** Whether there can be such a time here. */
  public static boolean possible() {
    return CallThread.mode().equals("loop");
  }

  @Override
  public void execute(Runnable task) {
    ready.add(task);
  }

  /** Nanoseconds, as {@link CallThread#nanoTime} tells them to its threads. */
  @Override
  public long getAsLong() {
    return now;
  }

  /** What its threads draw, as {@link CallThread#random} tells them. */
  @Override
  public long nextLong() {
    return chance.nextLong();
  }

  /** The same as a time of day. */
  public InstantSource wall() {
    return () -> begin.plusNanos(now - 1);
  }

  /** Lets happen what happens until then. */
  public void until(Instant time) {
    until(1 + Duration.between(begin, time).toNanos());
    now = Math.max(now, 1 + Duration.between(begin, time).toNanos());
  }

  /** Begins something now; returns when it waits or is over. */
  public void start(Runnable body) {
    CallThread[] mine = new CallThread[1];
    mine[0] =
        CallThread.start(
            this,
            this,
            () -> {
              try {
                body.run();
              } finally {
                running.remove(mine[0]);
              }
            });
    running.add(mine[0]);
    drain();
  }

  /** Waits on the calling thread, which is one of its own. */
  public void pass(long nanos) {
    if (nanos > 0) {
      CallThread.current().await(() -> false, now + nanos);
    }
  }

  /** Lets happen all that still happens by itself. */
  public void finish() {
    until(Long.MAX_VALUE - 1);
  }

  private void until(long end) {
    drain();
    for (Wait next = waits.peek(); next != null && next.at <= end; next = waits.peek()) {
      waits.poll();
      if (next.who.waitsUntil() == next.at) {
        now = Math.max(now, next.at);
        next.who.wake();
        drain();
      }
    }
  }

  private void drain() {
    for (Runnable task = ready.poll(); task != null; task = ready.poll()) {
      task.run();
    }
  }

  /** One of its threads waits, for that long at the most. */
  void waits(CallThread who, long deadline) {
    waits.add(new Wait(deadline, numbers++, who));
  }

  /** Ends what has not ended by itself. */
  @Override
  public void close() {
    while (!running.isEmpty()) {
      int before = running.size();
      List.copyOf(running).forEach(CallThread::cancel);
      drain();
      if (running.size() == before) {
        until(Long.MAX_VALUE - 1);
        running.clear();
      }
    }
  }
}
