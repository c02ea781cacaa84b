package dev.lintel.ledger;

import dev.lintel.Counters.Charge;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * What this node knows of accounts that others keep: what it has seen of each there, and what it
 * was told to have been spent at least. It is what remains when they lose theirs.
 */
final class Known {
  /** Of accounts of which nothing was heard for an hour, from this number on. */
  private static final int MANY = 100_000;

  private static final long HOUR = 3_600_000_000_000L;

  /** A look at an account is seldom older than that; nanoseconds. */
  private static final long MOMENT = 250_000_000L;

  /** For how long it counts how fast an account was used; nanoseconds. */
  private static final long LATELY = 10_000_000_000L;

  /** How fast an account is used. */
  private static final class Speed {
    private long moment;
    private long rise;
    private long since;
    private long most;

    void rise(long more, long now) {
      if (now - moment > MOMENT) {
        moment = now;
        rise = 0;
      }
      rise += more;
      if (rise >= most(now)) {
        most = rise;
        since = now;
      }
    }

    long most(long now) {
      return now - since > LATELY ? 0 : most;
    }
  }

  /** One account in one period. */
  private static final class Entry {
    private final Place place;
    private final Speed speed = new Speed();
    private long seen;
    private long reserved;
    private long told;
    private long at;
    private boolean fresh;

    private Entry(Place place) {
      this.place = place;
    }

    private synchronized void see(long spent, long now) {
      if (seen > 0 && spent > seen) {
        speed.rise(spent - seen, now);
      }
      // Windows roll; what was spent stays so.
      seen = place.rolls() ? spent : Math.max(seen, spent);
      at = now;
      fresh = true;
    }

    private synchronized void hold(long amount) {
      reserved = Math.max(0, amount);
    }

    private synchronized long speed(long now) {
      return speed.most(now);
    }

    private synchronized void release(long amount) {
      reserved = Math.max(0, reserved - amount);
    }

    private synchronized long reserved() {
      return reserved;
    }

    private synchronized void tell(long spent, long now) {
      told = Math.max(told, spent);
      at = now;
    }

    private synchronized long told() {
      return told;
    }

    /** Of a period as much as anybody has said. */
    private synchronized long most() {
      return Math.max(seen, told);
    }

    private synchronized boolean since(long moment) {
      return at - moment >= 0;
    }

    private synchronized boolean used() {
      boolean was = fresh;
      fresh = false;
      return was;
    }
  }

  private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();
  private final LongSupplier nanos;

  Known(LongSupplier nanos) {
    this.nanos = nanos;
  }

  void see(Place place, long spent) {
    if (place.kind() != Place.Kind.NOW) {
      entry(place).see(spent, nanos.getAsLong());
    }
  }

  /**
   * @param reserved by all nodes together
   */
  void see(Place place, long spent, long reserved) {
    see(place, spent);
    if (place.kind() == Place.Kind.SPENT) {
      entry(place).hold(reserved);
    }
  }

  /** This node has given back so much. */
  void release(Place place, long amount) {
    if (place.kind() == Place.Kind.SPENT) {
      entry(place).release(amount);
    }
  }

  /** How much calls of all nodes held when it was seen last, without what this one gave back. */
  long reserved(Place place) {
    Entry known = entries.get(place.key());
    return known == null ? 0 : known.reserved();
  }

  /** How much of it was spent lately by all nodes within a moment, at most. */
  long speed(Place place) {
    Entry known = entries.get(place.key());
    return known == null ? 0 : known.speed(nanos.getAsLong());
  }

  /** Of what lasts the places of which something was reserved, that many at most. */
  List<Place> held(int most) {
    return entries.values().stream()
        .filter(entry -> entry.reserved() > 0)
        .limit(most)
        .map(entry -> entry.place)
        .toList();
  }

  void tell(Place place, long spent) {
    entry(place).tell(spent, nanos.getAsLong());
  }

  private Entry entry(Place place) {
    Entry known = entries.get(place.key());
    return known == null ? entries.computeIfAbsent(place.key(), key -> new Entry(place)) : known;
  }

  /** As much as is known to be spent in that place, within its window if it has one. */
  long of(Place place) {
    Entry known = entries.get(place.key());
    if (known == null) {
      return 0;
    }
    long window = place.extent() * 1_000_000;
    return place.rolls() && !known.since(nanos.getAsLong() - window) ? 0 : known.most();
  }

  /** What has been spent of what lasts, as far as it was seen or told. */
  Map<Place, Long> lasting(Instant now) {
    return lasting(now, Entry::most);
  }

  /** What was told of it alone. */
  Map<Place, Long> told(Instant now) {
    return lasting(now, Entry::told);
  }

  private Map<Place, Long> lasting(Instant now, ToLongFunction<Entry> amount) {
    var all = new HashMap<Place, Long>();
    for (Entry entry : entries.values()) {
      if (entry.place.kind() == Place.Kind.SPENT && entry.place.end().isAfter(now)) {
        all.put(entry.place, amount.applyAsLong(entry));
      }
    }
    return all;
  }

  /** Accounts of what lasts that were seen since this was asked for last, that many at most. */
  List<String> used(int most) {
    var ids = new ArrayList<String>();
    for (Entry entry : entries.values()) {
      if (ids.size() < most && entry.place.kind() == Place.Kind.SPENT && entry.used()) {
        ids.add(entry.place.id());
      }
    }
    return ids;
  }

  /** What was told goes by where it belongs; the later word is the larger one. */
  static Map<Place, Long> places(Redis redis, List<Charge> charges) {
    var all = new HashMap<Place, Long>();
    charges.forEach(charge -> all.merge(Place.of(redis, charge), charge.amount(), Math::max));
    return all;
  }

  /** Forgets periods that are over, and where there are many accounts those that rest. */
  void sweep(Instant now) {
    long before = nanos.getAsLong() - HOUR;
    entries
        .values()
        .removeIf(entry ->
            !entry.place.end().isAfter(now) || (entries.size() > MANY && !entry.since(before)));
  }
}
