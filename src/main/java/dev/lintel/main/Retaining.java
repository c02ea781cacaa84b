package dev.lintel.main;

import dev.lintel.Failure;
import dev.lintel.Forgetting;
import dev.lintel.Mode;
import dev.lintel.Records;
import dev.lintel.Retention;
import dev.lintel.Rounds;
import dev.lintel.Ruled;
import dev.lintel.Store;
import dev.lintel.Whose;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what policies do not let anybody keep any longer, once an hour: each node what it has
 * itself, and one of them what is in the store.
 */
final class Retaining implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Retaining.class);
  private static final Duration LOOK = Duration.ofMinutes(5);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final String NAME = "retention";

  /** Some 10 ms of the store's, after which others have their turn. */
  private static final int MOST = 1000;

  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Supplier<Store> store;
  private final Supplier<List<Retention.Rule>> rules;
  private final Consumer<Map<Whose, Instant>> here;
  private final InstantSource clock;
  private final Rounds rounds = new Rounds("lintel-retention", this::round);
  private Instant forgot = Instant.MIN;

  /**
   * @param store may throw {@link Failure} {@code UNAVAILABLE}, as may what it has
   * @param rules that hold now
   * @param here forgets records of those calls that came before that time, on this node
   */
  Retaining(
      Supplier<Store> store,
      Supplier<List<Retention.Rule>> rules,
      Consumer<Map<Whose, Instant>> here,
      InstantSource clock) {
    this.store = store;
    this.rules = rules;
    this.here = here;
    this.clock = clock;
  }

  void begin() {
    rounds.begin(LOOK);
  }

  private Duration round() {
    try {
      look();
    } catch (Failure away) {
      LOG.warn("what is too old to be kept stays for now: {}", away.getMessage());
    } catch (RuntimeException bug) {
      LOG.error("what is too old to be kept stays for now", bug);
    }
    return LOOK;
  }

  /** Removes what is due, unless that was done within the hour. */
  void look() {
    List<Retention.Rule> all = rules.get();
    if (all.isEmpty()) {
      return;
    }
    Instant now = clock.instant();
    // What lies ahead was said by a clock that has been put right.
    if (!now.isBefore(forgot.plus(HOUR)) || now.isBefore(forgot)) {
      forgot = now;
      here.accept(records(all, now));
    }
    Store known = store.get();
    if (known.first(NAME, now, HOUR)) {
      for (Retention.Rule rule : all) {
        if (rule.ruled().mode() == Mode.ENFORCE) {
          remove(known.forgetting(), rule.whose(), rule.ruled().value(), now);
        } else {
          tell(known.records(), rule.whose(), rule.ruled(), now);
        }
      }
    }
  }

  private static Map<Whose, Instant> records(List<Retention.Rule> all, Instant now) {
    var before = new HashMap<Whose, Instant>();
    for (Retention.Rule rule : all) {
      if (rule.ruled().mode() == Mode.ENFORCE) {
        rule.ruled()
            .value()
            .records()
            .ifPresent(kept ->
                before.merge(
                    rule.whose(),
                    now.minus(kept),
                    (one, other) -> one.isAfter(other) ? one : other));
      }
    }
    return before;
  }

  private void remove(Forgetting forgetting, Whose whose, Retention kept, Instant now) {
    if (kept.records().isPresent()) {
      Instant before = now.minus(kept.records().get());
      Optional<String> from = forgetting.records(whose, before, Optional.empty(), MOST);
      while (from.isPresent() && rounds.rest(PAUSE)) {
        from = forgetting.records(whose, before, from, MOST);
      }
    }
    if (kept.replies().isPresent()) {
      Instant before = now.minus(kept.replies().get());
      while (forgetting.replies(whose, before, MOST) && rounds.rest(PAUSE)) {
        LOG.debug("there are more replies of {}", whose.place());
      }
    }
    if (kept.files().isPresent()) {
      Instant before = now.minus(kept.files().get());
      while (forgetting.files(whose, before, MOST) && rounds.rest(PAUSE)) {
        LOG.debug("there are more files of {}", whose.place());
      }
    }
  }

  /** Of a rule that is not enforced: how many calls it would leave without a record. */
  private static void tell(Records records, Whose whose, Ruled<Retention> rule, Instant now) {
    if (rule.value().records().isEmpty()) {
      return;
    }
    Instant before = now.minus(rule.value().records().get());
    long calls =
        records
            .usage(
                new Records.UsageQuestion(
                    List.of("tenant", "app", "use_case"),
                    Optional.of(whose.tenant()).filter(tenant -> !tenant.isEmpty()),
                    Optional.empty(),
                    Optional.of(before),
                    Optional.empty(),
                    Optional.empty(),
                    Integer.MAX_VALUE))
            .rows()
            .stream()
            .filter(row -> whose.are(row.values().get(0), row.values().get(1), row.values().get(2)))
            .mapToLong(Records.UsageRow::calls)
            .sum();
    String words = "{} ({}) would have left no record of {} calls of {} before {}";
    String place = whose.place().isEmpty() ? "everybody's" : "'" + whose.place() + "'";
    switch (rule.mode()) {
      case WARN -> LOG.warn(words, rule.rule(), rule.mode().word(), calls, place, before);
      case OBSERVE, ENFORCE ->
          LOG.info(words, rule.rule(), rule.mode().word(), calls, place, before);
    }
  }

  @Override
  public void close() {
    rounds.close();
  }
}
