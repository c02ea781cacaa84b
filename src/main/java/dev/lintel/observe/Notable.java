package dev.lintel.observe;

import dev.lintel.Erasure;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Listener;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The calls of the last minutes that people ask for first: the slowest, and those that failed last.
 * Kept a tenant, so that each sees its own however many calls the others make. A call that is
 * neither costs a look-up and a comparison.
 */
public final class Notable implements Listener {
  /** What is older is not told. */
  static final Duration LATELY = Duration.ofMinutes(5);

  /** So many are told; of the slowest so many are kept of each slice of that time. */
  static final int MOST = 16;

  /** So many that failed are kept of each kind: a flood of one hides no other. */
  private static final int MOST_OF_A_KIND = 8;

  private static final int MOST_TENANTS = 500;
  private static final long SLICE_NANOS = Duration.ofMinutes(1).toNanos();
  private static final int LONGEST_NAME = 256;

  /**
   * A call that has ended.
   *
   * @param ended nano time
   * @param model as it was asked for
   * @param target empty where none was asked
   * @param firstContentNanos -1 where there was none
   */
  record Past(
      String id,
      Instant time,
      long ended,
      String tenant,
      String app,
      String user,
      String model,
      String target,
      Optional<Failure.Kind> kind,
      long nanos,
      long firstContentNanos) {}

  /** A part of the time, and what was slowest in it. */
  private record Slice(long began, PriorityQueue<Past> slowest) {}

  private final Sparing<String, Kept> tenants =
      new Sparing<>(MOST_TENANTS, tenant -> new Kept(), tenant -> "");

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended over && trail.shadowOf().isEmpty() && !trail.supposed()) {
      tenants.of(trail.caller().tenant()).ended(trail, over);
    }
  }

  /** The slowest first. */
  List<Past> slowest(Optional<String> tenant, long now) {
    return tenants
        .all()
        .flatMap(kept -> kept.slowest(now))
        .filter(past -> tenant.map(past.tenant::equals).orElse(true))
        .sorted(Comparator.comparingLong(Past::nanos).reversed())
        .limit(MOST)
        .toList();
  }

  /** Those that failed last: the latest of each kind first, then those before them. */
  List<Past> failed(Optional<String> tenant, long now) {
    Comparator<Past> latest = Comparator.comparingLong(past -> now - past.ended);
    Map<Optional<Failure.Kind>, List<Past>> kinds =
        tenants
            .all()
            .flatMap(kept -> kept.failed(now))
            .filter(past -> tenant.map(past.tenant::equals).orElse(true))
            .sorted(latest)
            .collect(Collectors.groupingBy(Past::kind));
    return IntStream.range(0, MOST)
        .boxed()
        .flatMap(i -> kinds.values().stream().filter(of -> i < of.size()).map(of -> of.get(i)))
        .limit(MOST)
        .toList();
  }

  /** What was asked for; a caller's own word for it may be as long as a body. */
  static String named(Trail trail) {
    String named = trail.named();
    return named.length() > LONGEST_NAME ? named.substring(0, LONGEST_NAME) : named;
  }

  /** Forgets what is to be erased. */
  public void erase(List<Erasure> erasures) {
    tenants
        .all()
        .forEach(kept ->
            kept.forget(past ->
                erasures.stream().anyMatch(one -> one.covers(past.id, past.tenant, past.user))));
  }

  /** What is kept of a tenant, or of those for whom there is no room of their own. */
  private static final class Kept {
    private final Deque<Slice> slices = new ArrayDeque<>();
    private final Map<Failure.Kind, Deque<Past>> failed = new EnumMap<>(Failure.Kind.class);

    /** What is not slower is of no interest. */
    private volatile long least = -1;

    /** Nano time at which the newest slice is over. */
    private volatile long until;

    void ended(Trail trail, Event.Ended over) {
      long nanos = over.durationNanos();
      long now = trail.started() + nanos;
      if (over.failure().isPresent() || nanos > least || now - until >= 0) {
        add(past(trail, over, now));
      }
    }

    private synchronized void add(Past past) {
      if (slices.isEmpty() || past.ended - until >= 0) {
        slices.addLast(
            new Slice(past.ended, new PriorityQueue<>(Comparator.comparingLong(Past::nanos))));
        until = past.ended + SLICE_NANOS;
        least = -1;
        drop(past.ended);
      }
      PriorityQueue<Past> slowest = slices.getLast().slowest;
      slowest.add(past);
      if (slowest.size() > MOST) {
        slowest.remove();
        least = slowest.element().nanos;
      }
      past.kind
          .filter(kind -> kind != Failure.Kind.CANCELLED)
          .ifPresent(kind -> {
            Deque<Past> alike = failed.computeIfAbsent(kind, made -> new ArrayDeque<>());
            alike.addLast(past);
            if (alike.size() > MOST_OF_A_KIND) {
              alike.removeFirst();
            }
          });
    }

    private void drop(long now) {
      while (!slices.isEmpty() && now - slices.getFirst().began > LATELY.toNanos() + SLICE_NANOS) {
        slices.removeFirst();
      }
      failed.values().forEach(of -> of.removeIf(past -> now - past.ended > LATELY.toNanos()));
    }

    synchronized Stream<Past> slowest(long now) {
      drop(now);
      return slices.stream()
          .flatMap(slice -> slice.slowest.stream())
          .filter(past -> now - past.ended <= LATELY.toNanos())
          .toList()
          .stream();
    }

    synchronized Stream<Past> failed(long now) {
      drop(now);
      return failed.values().stream().flatMap(Deque::stream).toList().stream();
    }

    synchronized void forget(Predicate<Past> due) {
      slices.forEach(slice -> slice.slowest.removeIf(due));
      failed.values().forEach(of -> of.removeIf(due));
    }

    private static Past past(Trail trail, Event.Ended over, long now) {
      return new Past(
          trail.id(),
          trail.time(),
          now,
          trail.caller().tenant(),
          trail.caller().app(),
          trail.user(),
          named(trail),
          trail.target().map(Target::name).orElse(""),
          over.failure().map(Failure::kind),
          over.durationNanos(),
          trail.firstContentNanos());
    }
  }
}
