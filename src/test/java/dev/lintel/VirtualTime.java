package dev.lintel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Time that passes only while every call's thread waits: hours take as long as what happens in
 * them, and the same happens each time. All threads run on the one that calls {@link #run}.
 *
 * <p>Needs threads that are carried by a loop of their own: tests are skipped on the JDK's
 * scheduler. What is offloaded to other threads takes no time here and must not be waited for.
 */
public final class VirtualTime implements Executor, LongSupplier, RandomGenerator {
  private record Moment(long at, long number, Runnable what) {}

  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Moment> moments =
      new PriorityQueue<>(Comparator.comparingLong(Moment::at).thenComparingLong(Moment::number));
  private final Random chance;
  private long now = 1;
  private long numbers;

  public VirtualTime() {
    this(1);
  }

  /**
   * @param seed of what its threads draw
   */
  public VirtualTime(long seed) {
    this.chance = new Random(seed);
    assumeTrue(CallThread.mode().equals("loop"), "needs threads on a loop");
  }

  @Override
  public void execute(Runnable task) {
    ready.add(task);
  }

  /**
   * Nanoseconds, as {@link CallThread#nanoTime} tells them to the threads that are started here.
   */
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
    return () -> Instant.EPOCH.plusNanos(now);
  }

  /** Starts a call's thread now; it runs once {@link #run} does. */
  public CallThread start(Runnable body) {
    return CallThread.start(this, this, body);
  }

  /** Does something at a later moment. */
  public void after(Duration time, Runnable what) {
    moments.add(new Moment(now + time.toNanos(), numbers++, what));
  }

  /**
   * Lets time pass until nothing is left to happen. Throws {@link IllegalStateException} where a
   * thread waits for what will never come.
   */
  public void run() {
    run(Duration.ofNanos(Long.MAX_VALUE / 2));
  }

  /** The same for that time at most. */
  public void run(Duration longest) {
    long end = now + longest.toNanos();
    while (true) {
      for (Runnable task = ready.poll(); task != null; task = ready.poll()) {
        task.run();
      }
      Moment moment = moments.peek();
      long next = Math.min(moment == null ? Long.MAX_VALUE : moment.at, CallThread.nextWake(this));
      if (next == Long.MAX_VALUE || next > end) {
        if (next == Long.MAX_VALUE && CallThread.running(this) > 0) {
          throw new IllegalStateException("a thread waits for what will never come");
        }
        now = next == Long.MAX_VALUE ? now : end;
        return;
      }
      now = Math.max(now, next);
      while (!moments.isEmpty() && moments.peek().at <= now) {
        moments.poll().what.run();
      }
      CallThread.wake(this, now);
    }
  }
}
