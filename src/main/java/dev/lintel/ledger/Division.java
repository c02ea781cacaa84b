package dev.lintel.ledger;

import dev.lintel.Account;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How accounts are divided among nodes while nobody keeps a count for all: as they stood when this
 * node lost Redis. What was known to be spent stays spent, what calls hold that are under way stays
 * theirs, and of the rest each node has the same part.
 */
final class Division {
  /** Everything is one node's. */
  static final Division ALONE =
      new Division(1, new Known(() -> 0), Map.of(), Map.of(), Map.of(), Instant.EPOCH);

  /**
   * @param own what this node's calls held
   * @param others what those of all others may have held, as far as it was seen
   */
  private record Begun(long before, long own, long others) {
    long part(long amount, int nodes) {
      return Math.max(0, amount - before - own - others) / nodes;
    }
  }

  private final int nodes;
  private final Known known;
  private final Map<Place, Long> untold;
  private final Map<Place, Long> own;
  private final Map<Place, Long> told;
  private final long since = System.nanoTime();
  private final Map<String, Begun> begun = new ConcurrentHashMap<>();

  /**
   * @param nodes among which it is divided, with this one
   * @param untold what this node has used that may not have been seen
   * @param own what its calls hold that are under way
   * @param told what the database knows to be spent
   */
  Division(
      int nodes,
      Known known,
      Map<Place, Long> untold,
      Map<Place, Long> own,
      Map<Place, Long> told,
      Instant now) {
    this.nodes = Math.max(1, nodes);
    this.known = known;
    this.untold = Map.copyOf(untold);
    this.own = Map.copyOf(own);
    this.told = Map.copyOf(told);
    known.lasting(now).keySet().forEach(this::begun);
  }

  int nodes() {
    return nodes;
  }

  /** For how long, in milliseconds. */
  long millis() {
    return (System.nanoTime() - since) / 1_000_000;
  }

  /** What was known to be used of it by all nodes. */
  long before(Place place) {
    return begun(place).before;
  }

  /** As far as this node may go. */
  long mine(Account account, Place place) {
    long amount = account.allowance().amount();
    if (place.kind() != Place.Kind.SPENT) {
      return Math.max(1, amount / nodes);
    }
    Begun then = begun(place);
    return then.before + then.own + then.part(amount, nodes);
  }

  /** What so many of the other nodes may use or hold, without that anybody else knows of it. */
  long others(Account account, Place place, int some) {
    long amount = account.allowance().amount();
    if (place.kind() != Place.Kind.SPENT) {
      return some * (amount / nodes);
    }
    Begun then = begun(place);
    return then.others + some * then.part(amount, nodes);
  }

  private Begun begun(Place place) {
    return begun.computeIfAbsent(
        place.key(),
        key -> {
          long held = own.getOrDefault(place, 0L);
          // Since it was seen others may have used as much again as they did in a moment lately.
          long unseen = known.speed(place) / nodes * (nodes - 1);
          return new Begun(
              Math.max(known.of(place), told.getOrDefault(place, 0L))
                  + untold.getOrDefault(place, 0L),
              held,
              Math.max(0, known.reserved(place) - held) + unseen);
        });
  }
}
