package dev.lintel.filter;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The calls of the last five minutes, in ten parts: how many, and how many too many. */
final class Lately {
  private static final int PARTS = 10;
  private static final long PART = Duration.ofSeconds(30).toNanos();

  private record Part(long number, LongAdder calls, LongAdder errors, LongAdder slow) {
    Part(long number) {
      this(number, new LongAdder(), new LongAdder(), new LongAdder());
    }
  }

  /** Sums over them. */
  record Sum(long calls, long errors, long slow) {}

  private final AtomicReferenceArray<@Nullable Part> parts = new AtomicReferenceArray<>(PARTS);

  void add(long now, boolean error, boolean slow) {
    Part part = at(Math.floorDiv(now, PART));
    part.calls.increment();
    if (error) {
      part.errors.increment();
    }
    if (slow) {
      part.slow.increment();
    }
  }

  private Part at(long number) {
    int index = Math.floorMod(number, PARTS);
    while (true) {
      Part known = parts.get(index);
      if (known != null && known.number >= number) {
        return known;
      }
      var fresh = new Part(number);
      if (parts.compareAndSet(index, known, fresh)) {
        return fresh;
      }
    }
  }

  Sum sum(long now) {
    long oldest = Math.floorDiv(now, PART) - PARTS + 1;
    long calls = 0;
    long errors = 0;
    long slow = 0;
    for (int i = 0; i < PARTS; i++) {
      Part part = parts.get(i);
      if (part != null && part.number >= oldest) {
        calls += part.calls.sum();
        errors += part.errors.sum();
        slow += part.slow.sum();
      }
    }
    return new Sum(calls, errors, slow);
  }
}
