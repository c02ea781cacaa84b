package dev.lintel.main;

import dev.lintel.Erasure;
import dev.lintel.Erasures;
import dev.lintel.Failure;
import dev.lintel.Rounds;
import dev.lintel.Store;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works off what was asked to be erased: each node what it has itself, and one of them what is in
 * the store. Goes on where it was after a start, and waits for a store that is away.
 */
final class Erasing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Erasing.class);
  private static final Duration LOOK = Duration.ofMinutes(1);
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /** For so long another node leaves to one what is in the store. */
  private static final Duration TURN = Duration.ofSeconds(10);

  /** Some 10 ms of the store's, after which others have their turn. */
  private static final int MOST = 1000;

  private static final Duration PAUSE = Duration.ofMillis(5);

  private final Supplier<Store> store;
  private final Supplier<String> journal;
  private final String node;
  private final Predicate<List<Erasure>> here;
  private final InstantSource clock;
  private final Rounds rounds = new Rounds("lintel-erasing", this::round);
  private boolean failed;

  /**
   * @param store may throw {@link Failure} {@code UNAVAILABLE}, as may what it has
   * @param journal by which this node is known
   * @param node its name
   * @param here removes what this node has; false where some of it is left
   */
  Erasing(
      Supplier<Store> store,
      Supplier<String> journal,
      String node,
      Predicate<List<Erasure>> here,
      InstantSource clock) {
    this.store = store;
    this.journal = journal;
    this.node = node;
    this.here = here;
    this.clock = clock;
  }

  void begin() {
    rounds.begin(Duration.ZERO);
  }

  /** Those of the store, which knows of this node from now on. */
  Erasures known() {
    Erasures erasures = store.get().erasures();
    erasures.reached(journal.get(), node, clock.instant());
    return erasures;
  }

  /** Something may have been asked for. Does not wait. */
  void hurry() {
    rounds.hurry();
  }

  private Duration round() {
    boolean all = false;
    try {
      all = look();
      failed = false;
    } catch (Failure away) {
      say(away.message());
    } catch (RuntimeException bug) {
      say(bug.toString());
      LOG.debug("erasing", bug);
    }
    return all ? LOOK : AGAIN;
  }

  private void say(String why) {
    if (!failed) {
      failed = true;
      LOG.warn("what is to be erased stays for now: {}", why);
    }
  }

  /** Whether nothing is left to do. */
  private boolean look() {
    Store known = store.get();
    Erasures erasures = known.erasures();
    long reached = erasures.reached(journal.get(), node, clock.instant());
    List<Erasure> open = erasures.open(reached);
    List<Erasure> news = open.stream().filter(one -> one.number() > reached).toList();
    // First what is here: what it brings to the store now does not stay there.
    boolean gone = news.isEmpty() || here.test(news);
    boolean all = gone;
    for (Erasure one : open) {
      if (!one.stored()) {
        boolean mine = known.first("erasure/" + one.number(), clock.instant(), TURN);
        all &= mine && stored(erasures, one);
      }
    }
    if (!news.isEmpty() && gone && files(known, news)) {
      erasures.confirm(journal.get(), news.getLast().number(), clock.instant());
      return all;
    }
    return all && news.isEmpty();
  }

  /** Which files go is known once the store is through with all of them. */
  private static boolean files(Store known, List<Erasure> news) {
    return news.stream()
        .allMatch(
            one -> known.erasures().find(one.tenant(), one.id()).map(Erasure::stored).orElse(true));
  }

  private boolean stored(Erasures erasures, Erasure erasure) {
    Optional<String> from = erasures.records(erasure, Optional.empty(), MOST);
    while (from.isPresent()) {
      if (!rounds.rest(PAUSE)) {
        return false;
      }
      from = erasures.records(erasure, from, MOST);
    }
    boolean all = erasures.rest(erasure);
    if (all) {
      LOG.info("what {} was to erase is out of the store", erasure.id());
    }
    return all;
  }

  @Override
  public void close() {
    rounds.close();
  }
}
