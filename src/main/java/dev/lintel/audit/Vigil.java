package dev.lintel.audit;

import dev.lintel.AuditTrail;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Footing;
import dev.lintel.Rounds;
import dev.lintel.Verification;
import dev.lintel.Verification.Broken;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the chains while the gateway runs: at the start the last entries, then all of them,
 * and again from time to time; and keeps where the chains of other nodes end. A chain that is
 * broken stops nobody, but is said wherever people look.
 */
public final class Vigil implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Vigil.class);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration ANCHOR = Duration.ofMinutes(1);
  private static final Duration WHOLE = Duration.ofHours(1);

  /** Of one answer, after which another goes on. */
  private static final Duration MOST = Duration.ofSeconds(20);

  /** Of the chains, between which others have their turn at the store. */
  private static final Duration SPELL = Duration.ofSeconds(2);

  private final Supplier<AuditTrail> trail;
  private final InstantSource clock;
  private final Consumer<Broken> told;
  private final Anchors anchors = new Anchors();
  private final ExecutorService asked =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("lintel-audit-asked").factory());
  private final Rounds rounds = new Rounds("lintel-audit", this::round);
  private boolean begun;
  private boolean said;
  private long anchored;
  private long whole;
  private volatile Optional<Broken> broken = Optional.empty();

  /** Whether that was found where records were compared, so that the chains alone do not tell. */
  private boolean among;

  /** Where whoever compares records, from the beginning on, has come. */
  private Optional<String> reached = Optional.empty();

  private volatile Instant since = Instant.EPOCH;
  private volatile long entries;

  /**
   * @param trail may throw {@link Failure} {@code UNAVAILABLE}, as may what it has
   * @param told once, when a chain is found to be broken
   */
  public Vigil(Supplier<AuditTrail> trail, InstantSource clock, Consumer<Broken> told) {
    this.trail = trail;
    this.clock = clock;
    this.told = told;
  }

  public void begin() {
    anchored = System.nanoTime();
    whole = anchored;
    rounds.begin(Duration.ZERO);
  }

  private Duration round() {
    try {
      long now = System.nanoTime();
      if (!begun) {
        note(new Verifier(trail.get(), System::nanoTime).latest(), false, false);
        begun = true;
        all();
        whole = System.nanoTime();
      } else if (now - whole >= WHOLE.toNanos()) {
        all();
        whole = System.nanoTime();
      }
      if (now - anchored >= ANCHOR.toNanos()) {
        anchors.look(trail.get());
        anchored = now;
      }
      said = false;
    } catch (Failure away) {
      if (!said) {
        said = true;
        LOG.warn("the chain of evidence is not looked after now: {}", away.getMessage());
      }
    } catch (RuntimeException bug) {
      if (!said) {
        said = true;
        LOG.error("the chain of evidence is not looked after", bug);
      }
    }
    return LOOK;
  }

  private void all() {
    var verifier = new Verifier(trail.get(), System::nanoTime);
    Optional<String> next = Optional.empty();
    long sum = 0;
    do {
      Verification found = verifier.verify(false, next, SPELL);
      sum += found.entries();
      next = found.next();
      note(new Verification(sum, 0, 0, found.broken(), found.heads(), next), next.isEmpty(), false);
    } while (rounds.rest(PAUSE) && next.isPresent());
  }

  /**
   * What is found now; {@code next} where there was no time for all of it. On any thread, none of
   * which it holds.
   *
   * @param from {@code next} of what was found before; empty for all
   */
  public Verification verify(boolean records, Optional<String> from) {
    Verification found =
        CallThread.await(
            CompletableFuture.supplyAsync(
                () -> new Verifier(trail.get(), System::nanoTime).verify(records, from, MOST),
                asked));
    note(found, whole(records, from, found), records);
    return found;
  }

  /** Whether that was the last of what comes to all. */
  private synchronized boolean whole(boolean records, Optional<String> from, Verification found) {
    if (!records) {
      return from.isEmpty() && found.next().isEmpty();
    }
    boolean goesOn = from.isEmpty() || from.equals(reached);
    if (goesOn) {
      reached = found.next();
    }
    return goesOn && found.next().isEmpty();
  }

  /**
   * @param all whether nothing is left to be looked at
   * @param compared whether that goes for records, too
   */
  private synchronized void note(Verification found, boolean all, boolean compared) {
    if (all && found.intact() && !compared) {
      entries = found.entries();
    }
    if (found.broken().isPresent()) {
      boolean news = broken.isEmpty();
      if (news || !broken.equals(found.broken())) {
        LOG.error("{}", found.broken().get().sentence());
        broken = found.broken();
        among = compared;
      }
      if (news) {
        since = clock.instant();
        told.accept(found.broken().get());
      }
    } else if (all && broken.isPresent() && (compared || !among)) {
      LOG.warn("the chain of evidence holds again: somebody has put back what was missing");
      broken = Optional.empty();
      since = clock.instant();
    }
  }

  /** How it is; nothing to be said while all chains hold. */
  public Optional<Footing> footing() {
    return broken.map(now ->
        new Footing(
            "broken",
            Optional.of(since),
            false,
            Map.of("node", now.node(), "sequence", Long.toString(now.sequence()))));
  }

  public boolean intact() {
    return broken.isEmpty();
  }

  /** As they were counted when all of them were looked at. */
  public long entries() {
    return entries;
  }

  @Override
  public void close() {
    asked.shutdown();
    rounds.close();
  }
}
