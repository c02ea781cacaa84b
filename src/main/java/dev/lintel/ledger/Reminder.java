package dev.lintel.ledger;

import dev.lintel.Counters.Charge;
import dev.lintel.Spending;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reminds Redis of what was spent, which it may have lost or never heard of: of what this node has
 * seen there, and of what the database knows. Counts are only ever raised.
 */
final class Reminder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reminder.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Where it was learned what was spent; the words that the script knows. */
  private enum From {
    /** There itself. */
    HERE,
    /** There, before it was lost. */
    BEFORE,
    /** From the database, which nodes may have told of what they have not told there yet. */
    ELSEWHERE;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Ground ground;
  private final Known known;
  private final Supplier<Spending> spending;
  private volatile @Nullable Thread asking;
  private volatile boolean closed;

  /**
   * What the database knew a while ago: who has used it has told Redis meanwhile, or never will.
   */
  private volatile List<Charge> found = List.of();

  /**
   * @param spending may throw where the database is away
   */
  Reminder(Ground ground, Known known, Supplier<Spending> spending) {
    this.ground = ground;
    this.known = known;
    this.spending = spending;
  }

  /**
   * Of what this node had seen when it lost Redis.
   *
   * @param forgotten whether that has lost what it knew
   */
  CompletableFuture<?> ofSeen(Link link, Map<Place, Long> seen, boolean forgotten) {
    return raise(link, seen, forgotten ? From.BEFORE : From.HERE);
  }

  /** Of all that the database knows, for which this waits, and what else was told. */
  CompletableFuture<?> ofTold(Link link) {
    Instant now = ground.time().instant();
    Map<Place, Long> told = told(PATIENCE);
    known.told(now).forEach((place, amount) -> told.merge(place, amount, Math::max));
    return raise(link, told, From.ELSEWHERE);
  }

  /** What the database knows to be spent; nothing where it does not say that in time. Waits. */
  Map<Place, Long> told(Duration patience) {
    return Known.places(ground.redis(), spent(ground.time().instant(), patience));
  }

  CompletableFuture<?> of(List<Charge> charges, Link link) {
    return raise(link, Known.places(ground.redis(), charges), From.ELSEWHERE);
  }

  /** Of what the last look has found. */
  CompletableFuture<?> ofFound(Link link) {
    List<Charge> raised = found;
    found = List.of();
    return of(raised, link);
  }

  /** Asks the database for the accounts that were used since the last look. Does not wait. */
  void look() {
    Thread before = asking;
    if (closed || (before != null && before.isAlive())) {
      return;
    }
    List<String> used = known.used(Ground.MOST);
    if (!used.isEmpty()) {
      asking = Thread.startVirtualThread(() -> look(used));
    }
  }

  private void look(List<String> used) {
    try {
      found = spending.get().of(used, ground.time().instant());
    } catch (RuntimeException unavailable) {
      LOG.debug("the database does not say what was spent", unavailable);
    }
  }

  /** Looks no more. Waits for a look that is under way, after which the database may go. */
  @Override
  public void close() {
    closed = true;
    Thread last = asking;
    try {
      if (last != null && !last.join(PATIENCE)) {
        LOG.debug("the database does not say what was spent");
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Charge> spent(Instant now, Duration patience) {
    var asked =
        CompletableFuture.supplyAsync(() -> spending.get().since(now), Thread::startVirtualThread);
    try {
      return asked.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      LOG.warn("the database does not say what was spent: what Redis and this node know counts");
      return List.of();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(ended);
    }
  }

  private CompletableFuture<?> raise(Link link, Map<Place, Long> least, From from) {
    List<Map.Entry<Place, Long>> all =
        least.entrySet().stream().filter(entry -> entry.getValue() > 0).toList();
    var raised = new ArrayList<CompletableFuture<?>>();
    for (int first = 0; first < all.size(); first += Ground.MOST) {
      var words = ground.words("raise", "").add(from.word());
      var some = all.subList(first, Math.min(all.size(), first + Ground.MOST));
      for (var entry : some) {
        words.key(entry.getKey().key()).add(entry.getKey().extent()).add(entry.getValue());
      }
      raised.add(
          link.run(words)
              .thenAccept(reply -> {
                for (int i = 0; i < some.size(); i++) {
                  known.see(some.get(i).getKey(), Long.parseLong(reply.get(i + 1)));
                }
              }));
    }
    return CompletableFuture.allOf(raised.toArray(CompletableFuture[]::new));
  }
}
