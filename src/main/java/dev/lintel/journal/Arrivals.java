package dev.lintel.journal;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** Who waits until what reads the journal on has come to a position. */
final class Arrivals {
  private record Waiting(long position, CompletableFuture<Boolean> there) {}

  private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
  private volatile long come;

  /** True once it has come there; false where that takes longer. */
  CompletableFuture<Boolean> at(long position, Duration most) {
    if (come >= position) {
      return CompletableFuture.completedFuture(true);
    }
    var there = new CompletableFuture<Boolean>();
    waiting.add(new Waiting(position, there));
    return there.completeOnTimeout(false, most.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** It has come to that position. */
  void come(long position) {
    come = position;
    waiting.removeIf(one -> {
      if (one.position <= position) {
        one.there.complete(true);
      }
      return one.there.isDone();
    });
  }
}
