package dev.lintel.alert;

import dev.lintel.Alarm;
import dev.lintel.AlertRule;
import dev.lintel.Notice;
import dev.lintel.Rounds;
import dev.lintel.Sample;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All rules at work, on a thread that no call waits for. */
public final class Alarms implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Alarms.class);
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final Function<Set<String>, List<Sample>> samples;
  private final Consumer<Notice> tell;
  private final String node;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private Map<String, Watch> watches = Map.of();
  private final Rounds rounds = new Rounds("lintel-alerts", this::round);

  /**
   * @param samples of the metrics of those names
   * @param tell does not wait
   * @param node which one says so
   */
  public Alarms(
      Function<Set<String>, List<Sample>> samples,
      Consumer<Notice> tell,
      String node,
      InstantSource clock,
      LongSupplier nanos) {
    this.samples = samples;
    this.tell = tell;
    this.node = node;
    this.clock = clock;
    this.nanos = nanos;
  }

  /** From now on those and no others; what goes on holding is not told anew. */
  public synchronized void use(List<AlertRule> rules) {
    var next = new LinkedHashMap<String, Watch>();
    for (AlertRule rule : rules) {
      Watch known = watches.get(rule.name());
      next.put(rule.name(), known == null ? new Watch(rule, node) : known.by(rule));
    }
    watches = next;
  }

  /** Begins to look, every some seconds. */
  public void start() {
    rounds.begin(Duration.ZERO);
  }

  private Duration round() {
    try {
      look();
    } catch (RuntimeException failed) {
      LOG.warn("the rules of alerts could not be looked at: {}", failed.getMessage());
    }
    return EVERY;
  }

  /** Once; to take the samples may have to wait, and nobody waits for that. */
  void look() {
    Set<String> metrics = metrics();
    if (!metrics.isEmpty()) {
      look(samples.apply(metrics));
    }
  }

  private synchronized Set<String> metrics() {
    return watches.values().stream()
        .map(watch -> watch.rule().figure().metric())
        .collect(Collectors.toSet());
  }

  private synchronized void look(List<Sample> now) {
    watches.values().forEach(watch -> watch.look(nanos.getAsLong(), clock.instant(), now, tell));
  }

  /** How every rule stands. */
  public synchronized List<Alarm.Watched> all() {
    var all = new ArrayList<Alarm.Watched>();
    watches
        .values()
        .forEach(watch -> all.add(new Alarm.Watched(watch.rule(), watch.seen(), watch.alarms())));
    return all;
  }

  @Override
  public void close() {
    rounds.end();
  }
}
