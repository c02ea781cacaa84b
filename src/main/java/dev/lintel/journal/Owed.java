package dev.lintel.journal;

import dev.lintel.Counters.Charge;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What calls have spent whose records found no room. It is put down with records that do, so that
 * no budget has refilled at the next start.
 */
final class Owed {
  /** With one record, which must not become too long by it. */
  private static final int MOST_AT_ONCE = 500;

  private record Key(String account, Instant period) {}

  private final Map<Key, Long> sums = new HashMap<>();
  private volatile boolean some;

  /** These and some of what is owed, which is not owed any more. */
  List<Charge> with(List<Charge> charges) {
    if (!some) {
      return charges;
    }
    var all = new ArrayList<>(charges);
    synchronized (sums) {
      for (Iterator<Map.Entry<Key, Long>> owed = sums.entrySet().iterator();
          owed.hasNext() && all.size() < charges.size() + MOST_AT_ONCE; ) {
        Map.Entry<Key, Long> one = owed.next();
        all.add(new Charge(one.getKey().account, one.getKey().period, one.getValue()));
        owed.remove();
      }
      some = !sums.isEmpty();
    }
    return all;
  }

  void add(List<Charge> charges) {
    synchronized (sums) {
      for (Charge charge : charges) {
        sums.merge(new Key(charge.account(), charge.period()), charge.amount(), Math::addExact);
      }
      some = !sums.isEmpty();
    }
  }
}
