package dev.lintel.observe;

import dev.lintel.CallThread;
import dev.lintel.Health;
import dev.lintel.Json;
import dev.lintel.Sample;
import dev.lintel.Trail;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What goes on now: rates, who waits for whom, the slowest, the failing. Made of what the metrics
 * say at two moments, so that it costs something only while somebody looks: who looks first waits a
 * second for the second of them.
 */
public final class Moment {
  /** A rate over less says nothing. */
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();

  /** What was seen so shortly ago is not looked at again. */
  private static final long SAME_NANOS = LEAST_NANOS / 2;

  private static final long NOW_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

  /** Between the moments that are kept. */
  private static final long STEP_NANOS = Duration.ofSeconds(5).toNanos();

  /** Nobody has looked for so long: what was seen then says nothing of now. */
  private static final long GAP_NANOS = Duration.ofSeconds(15).toNanos();

  /**
   * This node.
   *
   * @param shared whether other nodes may serve calls, too, of which nothing is told here
   */
  public record Node(String name, String version, boolean shared, Instant started) {}

  private final Node node;
  private final Function<Set<String>, List<Sample>> samples;
  private final Predicate<String> configured;
  private final Supplier<Map<String, Health>> health;
  private final Supplier<List<Trail>> serving;
  private final Notable notable;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Look> looks = new ArrayDeque<>();
  private @Nullable Look latest;

  /**
   * @param samples of the metrics of those names; may wait
   * @param configured whether that is the name of a configured model
   * @param health of every provider, by name
   * @param serving the calls under way; of other gateways of this process, too
   */
  public Moment(
      Node node,
      Function<Set<String>, List<Sample>> samples,
      Predicate<String> configured,
      Supplier<Map<String, Health>> health,
      Supplier<List<Trail>> serving,
      Notable notable,
      InstantSource clock) {
    this.node = node;
    this.samples = samples;
    this.configured = configured;
    this.health = health;
    this.serving = serving;
    this.notable = notable;
    this.clock = clock;
  }

  /** What is seen now, and what was some seconds and a minute before, as far as anybody looked. */
  private record Seen(Look now, Look lately, Look minute) {}

  private Seen seen() {
    lock.lock();
    try {
      Look now = look();
      return new Seen(now, before(now, NOW_NANOS), before(now, MINUTE_NANOS));
    } finally {
      lock.unlock();
    }
  }

  private Look look() {
    long now = CallThread.nanoTime();
    Look last = latest;
    if (last != null && now - last.nanos() < SAME_NANOS) {
      return last;
    }
    Look next = Look.of(now, samples.apply(Look.METRICS), last);
    if (last != null && now - last.nanos() > GAP_NANOS) {
      looks.clear();
    }
    if (looks.isEmpty() || now - looks.getLast().nanos() >= STEP_NANOS) {
      looks.addLast(next);
    }
    // The one before the minute stays: from it on it has grown within it.
    while (looks.size() > 1 && now - second().nanos() >= MINUTE_NANOS) {
      looks.removeFirst();
    }
    latest = next;
    return next;
  }

  private Look second() {
    Iterator<Look> all = looks.iterator();
    all.next();
    return all.next();
  }

  /** The youngest look that is so old; the oldest, where none is. */
  private Look before(Look now, long nanos) {
    Iterator<Look> youngest = looks.descendingIterator();
    while (youngest.hasNext()) {
      Look one = youngest.next();
      if (now.nanos() - one.nanos() >= nanos) {
        return one;
      }
    }
    return looks.getFirst();
  }

  /**
   * Lets go what was seen, once nobody has looked for a while. To be called now and then; does not
   * wait: whoever looks now may wait for the caller's own thread.
   */
  public void rest() {
    if (lock.tryLock()) {
      try {
        if (latest != null && CallThread.nanoTime() - latest.nanos() > GAP_NANOS) {
          looks.clear();
          latest = null;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * As the admin API shows it. On a call's thread, which may wait for a second.
   *
   * @param tenant of that one alone; empty for all
   */
  public ObjectNode shown(Optional<String> tenant) {
    Seen seen = seen();
    for (long young = young(seen); young > 0; young = young(seen)) {
      CallThread.current().await(() -> false, CallThread.nanoTime() + young);
      seen = seen();
    }
    List<Trail> underWay =
        serving.get().stream()
            .filter(trail -> trail.served().node().equals(node.name))
            .filter(trail -> tenant.map(trail.caller().tenant()::equals).orElse(true))
            .toList();
    Tables lately = between(seen.lately, seen.now, tenant, underWay);
    Tables minute = between(seen.minute, seen.now, tenant, underWay);
    Map<String, Health> states = health.get();

    ObjectNode shown = Json.object();
    shown.put("node", node.name).put("version", node.version).put("shared", node.shared);
    shown.put("time", clock.instant().toString()).put("started", node.started.toString());
    shown.put("tenant", tenant.orElse(null));
    shown.put("under_way", underWay.size());
    shown.put("waiting", tenant.isPresent() ? null : Long.valueOf(Math.round(seen.now.waiting())));
    shown.set("now", sums(lately));
    shown.set("minute", sums(minute));
    shown.set("kinds", kinds(lately, minute));
    shown.set("models", minute.models(configured, states));
    shown.set("providers", minute.providers(states));
    shown.set("tenants", minute.tenants());
    shown.set("calls", minute.calls());
    long nanos = CallThread.nanoTime();
    shown.set("slowest", Tables.past(notable.slowest(tenant, nanos)));
    shown.set("failed", Tables.past(notable.failed(tenant, nanos)));
    return shown;
  }

  /** Nanoseconds until there is enough between for a rate. */
  private static long young(Seen seen) {
    return LEAST_NANOS - (seen.now.nanos() - seen.minute.nanos());
  }

  private static Tables between(
      Look before, Look now, Optional<String> tenant, List<Trail> underWay) {
    return new Tables(tenant, now.since(before), now.secondsSince(before), now.bounds(), underWay);
  }

  private static ObjectNode sums(Tables tables) {
    Sum sum = tables.sum();
    ObjectNode sums = Json.object().put("seconds", Sum.rounded(tables.seconds()));
    sum.figures(sums, tables.seconds());
    sum.tokensByKind(sums, tables.seconds());
    return sums;
  }

  /** How calls ended that were not answered, the most frequent first. */
  private static ArrayNode kinds(Tables lately, Tables minute) {
    Sum few = lately.sum();
    Sum sum = minute.sum();
    ArrayNode kinds = Json.array();
    IntStream.range(1, Look.ENDS.size())
        .filter(how -> sum.ended(how) > 0)
        .boxed()
        .sorted(Comparator.comparingDouble(how -> -sum.ended(how)))
        .forEach(how ->
            kinds
                .addObject()
                .put("kind", Look.ENDS.get(how))
                .put("calls", Math.round(sum.ended(how)))
                .put("per_second", Sum.rounded(few.ended(how) / lately.seconds())));
    return kinds;
  }
}
