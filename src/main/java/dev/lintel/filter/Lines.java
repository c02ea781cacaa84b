package dev.lintel.filter;

import dev.lintel.CallThread;
import java.util.Iterator;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Calls that wait until others give back what is missing: a line an account, served from its head,
 * so that what one call gives back does not wake all who wait.
 */
final class Lines {
  /** What is too little for the first may be enough for one of those behind it. */
  private static final int AT_ONCE = 4;

  /** One who waits. */
  static final class Place {
    private final CallThread thread = CallThread.current();
    private volatile boolean called;

    /** Waits until it is called, and looks again then; false where the time was over first. */
    boolean await(long until) {
      return thread.await(() -> called, until);
    }

    /** From now on it waits to be called again. */
    void again() {
      called = false;
    }

    private void call() {
      called = true;
      thread.wake();
    }
  }

  private final Map<String, Queue<Place>> lines = new ConcurrentHashMap<>();

  Place join(String account) {
    var place = new Place();
    var _ =
        lines.compute(
            account,
            (same, known) -> {
              Queue<Place> line = known == null ? new ConcurrentLinkedQueue<>() : known;
              line.add(place);
              return line;
            });
    return place;
  }

  /** Whoever comes next may find what this one did not want. */
  void leave(String account, Place place) {
    Queue<Place> rest =
        lines.computeIfPresent(
            account,
            (same, line) -> {
              line.remove(place);
              return line.isEmpty() ? null : line;
            });
    if (rest != null) {
      call(rest);
    }
  }

  /** Something was given back. */
  void call() {
    if (!lines.isEmpty()) {
      lines.values().forEach(Lines::call);
    }
  }

  private static void call(Queue<Place> line) {
    Iterator<Place> waiting = line.iterator();
    for (int i = 0; i < AT_ONCE && waiting.hasNext(); i++) {
      waiting.next().call();
    }
  }
}
