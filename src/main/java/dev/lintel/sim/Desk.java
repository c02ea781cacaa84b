package dev.lintel.sim;

import dev.lintel.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Counts what comes in and how it ends, and keeps the last of it. From any thread. */
final class Desk {
  private static final int KEPT = 128;

  private final AtomicLong arrived = new AtomicLong();
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong faulted = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  /** Calls that a fault may or may not strike. */
  private final AtomicLong shared = new AtomicLong();

  private final AtomicReferenceArray<Visit> last = new AtomicReferenceArray<>(KEPT);

  Visit arrived(Exchange exchange) {
    var visit = Visit.of(exchange);
    open.incrementAndGet();
    last.set((int) (arrived.getAndIncrement() % KEPT), visit);
    return visit;
  }

  void left(Visit visit, Visit.Outcome outcome) {
    visit.left(outcome);
    open.decrementAndGet();
    switch (outcome) {
      case OPEN -> throw new IllegalArgumentException("who left is not open");
      case ANSWERED -> answered.incrementAndGet();
      case REFUSED -> refused.incrementAndGet();
      case FAULTED -> faulted.incrementAndGet();
      case CANCELLED -> cancelled.incrementAndGet();
      case FAILED -> failed.incrementAndGet();
    }
  }

  /**
   * The fault that strikes this call: with a share of 0.25 every fourth, beginning with the first.
   */
  Optional<Fault> fault(SimOptions options) {
    double share = options.number(Option.FAULT_SHARE).doubleValue();
    if (share >= 1 || options.fault().isEmpty()) {
      return options.fault();
    }
    long before = shared.getAndIncrement();
    boolean strikes = Math.ceil((before + 1) * share) > Math.ceil(before * share);
    return strikes ? options.fault() : Optional.empty();
  }

  Sim.Stats stats() {
    return new Sim.Stats(
        arrived.get(),
        open.get(),
        answered.get(),
        refused.get(),
        faulted.get(),
        cancelled.get(),
        failed.get());
  }

  /** The oldest first. */
  List<Visit> visits() {
    long end = arrived.get();
    var visits = new ArrayList<Visit>();
    for (long i = Math.max(0, end - KEPT); i < end; i++) {
      Visit visit = last.get((int) (i % KEPT));
      if (visit != null) {
        visits.add(visit);
      }
    }
    return visits;
  }
}
