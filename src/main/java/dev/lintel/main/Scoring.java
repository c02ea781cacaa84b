package dev.lintel.main;

import dev.lintel.Failure;
import dev.lintel.Opinions;
import dev.lintel.Rounds;
import dev.lintel.route.Scores;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks in the store how well answers were found, where a strategy goes by that: at the start, soon
 * after somebody has said something on whatever node, and once in a while, since what was said
 * grows old. So all nodes see the same, and a call waits for none of it.
 */
final class Scoring implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scoring.class);

  /** Calls before are not looked at. */
  private static final int DAYS = 28;

  /** The scores of calls of so many days ago count half. */
  private static final double HALF_DAYS = 7;

  /** Calls are rated soon or never: those of the days before are looked at seldom. */
  private static final int FRESH_DAYS = 2;

  private static final long OFTEN_NANOS = 1_000_000_000L;
  private static final long SELDOM_NANOS = 600 * OFTEN_NANOS;

  /** How many times longer than it looks it waits, so that others have the store. */
  private static final int PAUSE = 20;

  private final Supplier<Opinions> opinions;
  private final Supplier<Optional<Predicate<String>>> wanted;
  private final Consumer<Scores> told;
  private final InstantSource clock;
  private final Rounds rounds = new Rounds("lintel-scores", this::round);

  /** By the day of the calls. By the one thread only. */
  private final TreeMap<LocalDate, List<Opinions.Sum>> known = new TreeMap<>();

  private volatile boolean news = true;
  private long next;
  private long whole;
  private boolean away;

  /**
   * @param opinions may throw {@link Failure} {@code UNAVAILABLE}, as may they
   * @param wanted of which models somebody wants to know now; empty where of none
   */
  Scoring(
      Supplier<Opinions> opinions,
      Supplier<Optional<Predicate<String>>> wanted,
      Consumer<Scores> told,
      InstantSource clock) {
    this.opinions = opinions;
    this.wanted = wanted;
    this.told = told;
    this.clock = clock;
  }

  void begin() {
    next = System.nanoTime();
    whole = next - SELDOM_NANOS;
    rounds.begin(Duration.ZERO);
  }

  /** Something was said, or somebody else wants to know. Does not wait. */
  void hurry() {
    news = true;
    rounds.hurry();
  }

  private Duration round() {
    long now = System.nanoTime();
    boolean all = now - whole >= SELDOM_NANOS;
    if (now - next >= 0 && (news || all)) {
      news = false;
      if (looked(all)) {
        whole = all ? now : whole;
      } else {
        news = true;
      }
      next = System.nanoTime() + Math.max(OFTEN_NANOS, PAUSE * (System.nanoTime() - now));
    }
    long until = news ? next : whole + SELDOM_NANOS;
    return Duration.ofNanos(Math.max(1, until - System.nanoTime()));
  }

  private boolean looked(boolean all) {
    try {
      look(all);
      if (away) {
        away = false;
        LOG.info("how well answers were found is known again");
      }
      return true;
    } catch (Failure failed) {
      if (!away) {
        away = true;
        LOG.warn("how well answers were found is not known: {}", failed.getMessage());
      }
    } catch (RuntimeException bug) {
      LOG.error("how well answers were found is not known", bug);
    }
    return false;
  }

  /**
   * Tells what is in the store.
   *
   * @param all also of days of which it was known already
   */
  void look(boolean all) {
    Optional<Predicate<String>> models = wanted.get();
    if (models.isEmpty()) {
      known.clear();
      told.accept(Scores.NONE);
      return;
    }
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    known.headMap(today.minusDays(DAYS - 1L)).clear();
    known.keySet().removeIf(day -> all || day.isAfter(today.minusDays(FRESH_DAYS)));
    told.accept(
        scores(
            models.get(),
            today,
            day -> known.computeIfAbsent(day, missing -> sums(opinions.get(), missing))));
  }

  /** The same at once, of those models. */
  static Scores now(Opinions opinions, Predicate<String> models, InstantSource clock) {
    return scores(
        models, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC), day -> sums(opinions, day));
  }

  private static Scores scores(
      Predicate<String> models, LocalDate today, Function<LocalDate, List<Opinions.Sum>> of) {
    var making = new Scores.Making(models);
    for (int ago = 0; ago < DAYS; ago++) {
      double weight = Math.pow(0.5, ago / HALF_DAYS);
      of.apply(today.minusDays(ago)).forEach(sum -> making.add(sum, weight));
    }
    return making.made();
  }

  private static List<Opinions.Sum> sums(Opinions opinions, LocalDate day) {
    return opinions.sums(
        Scores.BY,
        Optional.empty(),
        day.atStartOfDay().toInstant(ZoneOffset.UTC),
        day.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC));
  }

  @Override
  public void close() {
    rounds.end();
  }
}
