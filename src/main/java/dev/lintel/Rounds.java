package dev.lintel;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The same work again and again, on a daemon thread of its own, until it is ended. What fails is
 * the work's own to say: what it throws ends the thread.
 */
public final class Rounds implements AutoCloseable {
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final String name;
  private final Supplier<Duration> round;
  private volatile @Nullable Thread thread;
  private volatile boolean hurried;
  private volatile boolean ended;

  /**
   * @param name of the thread
   * @param round does the work once and says how long it rests then
   */
  public Rounds(String name, Supplier<Duration> round) {
    this.name = name;
    this.round = round;
  }

  /** Begins the first round after that time; does nothing where it has begun, or was ended. */
  public synchronized void begin(Duration first) {
    if (thread == null && !ended) {
      thread = Thread.ofPlatform().daemon().name(name).start(() -> go(first));
    }
  }

  private void go(Duration first) {
    Duration next = first;
    while (hurried ? !ended : rest(next)) {
      hurried = false;
      next = round.get();
    }
  }

  /** The next round comes at once, also where one is under way now. Does not wait. */
  public void hurry() {
    hurried = true;
    LockSupport.unpark(thread);
  }

  /**
   * Within a round: leaves others their turn for so long, or less where something hurries.
   *
   * @return false where there is no time to go on
   */
  public boolean rest(Duration most) {
    // Asked before, too: what a round waited for may have taken the call to end for its own.
    if (!ended) {
      LockSupport.parkNanos(this, most.toNanos());
    }
    return !ended;
  }

  public boolean ended() {
    return ended;
  }

  /** Begins no more rounds. Does not wait for one that is under way. */
  public synchronized void end() {
    ended = true;
    LockSupport.unpark(thread);
  }

  /** Begins no more rounds, and waits some seconds for one that is under way. */
  @Override
  public void close() {
    end();
    Thread begun = thread;
    try {
      if (begun != null) {
        begun.join(FAREWELL);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
