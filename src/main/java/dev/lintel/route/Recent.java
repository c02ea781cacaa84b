package dev.lintel.route;

import dev.lintel.Spread;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long the calls of the last five to ten minutes took, in two halves, of which the older is
 * emptied when its time comes again. Takes no lock; a call at the very moment of the change may go
 * uncounted.
 */
final class Recent {
  private static final int HALF_MS = 300_000;

  /** Of fewer calls nobody can tell how long one in twenty takes. */
  private static final int FEWEST = 20;

  private final Half even = new Half();
  private final Half odd = new Half();

  private static final class Half {
    private final Spread spread = new Spread();
    private final AtomicInteger period = new AtomicInteger();
  }

  void note(int now, long nanos) {
    int period = period(now);
    Half half = (period & 1) == 0 ? even : odd;
    int own = half.period.get();
    if (own != period && half.period.compareAndSet(own, period)) {
      half.spread.clear();
    }
    half.spread.add(nanos);
  }

  /** -1 under 20 calls. */
  long p95Nanos(int now) {
    int period = period(now);
    var known = new ArrayList<Spread>(2);
    long calls = 0;
    for (Half half : new Half[] {even, odd}) {
      int own = half.period.get();
      if (own == period || own == period - 1) {
        known.add(half.spread);
        calls += half.spread.count();
      }
    }
    return calls < FEWEST ? -1 : Spread.within(0.95, known).orElse(-1);
  }

  /** From 1, so that a half that was never written belongs to none. */
  private static int period(int now) {
    return Integer.divideUnsigned(now, HALF_MS) + 2;
  }
}
