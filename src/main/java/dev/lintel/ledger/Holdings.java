package dev.lintel.ledger;

import dev.lintel.Counters.Grant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/**
 * What calls of this node hold at the moment. It goes with the node to each name that it takes, and
 * what becomes of it goes through the outbox: so no word of it overtakes another.
 */
final class Holdings {
  private final Outbox outbox;
  private final Known known;
  private final Set<Held> open = ConcurrentHashMap.newKeySet();
  private final List<Runnable> hearers = new CopyOnWriteArrayList<>();

  Holdings(Outbox outbox, Known known) {
    this.outbox = outbox;
    this.known = known;
  }

  /**
   * From now on that is held.
   *
   * @param holder under what name; empty where Redis does not know of it
   * @return false where that does not hold by now, and nothing is held
   */
  boolean add(Held held, String holder, BooleanSupplier still) {
    return outbox.alone(() -> {
      held.holder = holder;
      return still.getAsBoolean() && open.add(held);
    });
  }

  /**
   * Within the outbox: all is held under that name from now on.
   *
   * @return what is reserved, which Redis does not know yet under that name
   */
  Map<Place, Long> move(String next) {
    var sums = new HashMap<Place, Long>();
    var fresh = new ArrayList<Outbox.Line>();
    for (Held held : open) {
      held.holder = next;
      for (int i = 0; i < held.places.length; i++) {
        Place place = held.places[i];
        if (place.kind() != Place.Kind.ONCE) {
          sums.merge(place, held.reserved[i], Long::sum);
        }
        if (place.kind() == Place.Kind.WINDOW && held.local != null) {
          // Its window has not heard of it.
          fresh.add(
              new Outbox.Line(held.claims.get(i).account(), place, "", 0, held.reserved[i], ""));
        }
      }
    }
    if (!fresh.isEmpty()) {
      outbox.send(fresh, true);
    }
    return sums;
  }

  /** Within the outbox: what is reserved of budgets. */
  Map<Place, Long> own() {
    var own = new HashMap<Place, Long>();
    for (Held held : open) {
      for (int i = 0; i < held.places.length; i++) {
        if (held.places[i].kind() == Place.Kind.SPENT) {
          own.merge(held.places[i], held.reserved[i], Long::sum);
        }
      }
    }
    return own;
  }

  /** Within the outbox: what is held goes on to be held in a share that begins now. */
  Share into(Share share) {
    for (Held held : open) {
      for (int i = 0; i < held.places.length; i++) {
        Place.Kind kind = held.places[i].kind();
        boolean holds = kind == Place.Kind.SPENT || kind == Place.Kind.NOW;
        held.adopted[i] =
            holds && held.reserved[i] > 0
                ? share.adopt(held.claims.get(i).account(), held.reserved[i])
                : null;
      }
    }
    return share;
  }

  /** The call has ended, and has used that. */
  void settle(Held held, long[] used) {
    outbox.alone(() -> {
      held.end();
      open.remove(held);
      for (int i = 0; i < held.places.length; i++) {
        known.release(held.places[i], held.reserved[i]);
      }
      List<Outbox.Line> lines = held.lines(used);
      if (!lines.isEmpty()) {
        outbox.send(lines, held.local != null);
      }
      return true;
    });
    if (held.local != null) {
      held.local.settle(used);
    }
    for (int i = 0; i < used.length; i++) {
      Grant adopted = held.adopted[i];
      if (adopted != null) {
        adopted.settle(new long[] {used[i]});
      }
    }
    tell();
  }

  void hear(Runnable givenBack) {
    hearers.add(givenBack);
  }

  void unhear(Runnable givenBack) {
    hearers.remove(givenBack);
  }

  void tell() {
    hearers.forEach(Runnable::run);
  }
}
