package dev.lintel.main;

import dev.lintel.CallRecord;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Counters;
import dev.lintel.Erasure;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Footing;
import dev.lintel.Listener;
import dev.lintel.Records;
import dev.lintel.Store;
import dev.lintel.Trail;
import dev.lintel.Whose;
import dev.lintel.journal.Courier;
import dev.lintel.journal.MappedJournal;
import dev.lintel.observe.AllCalls;
import dev.lintel.observe.CallLog;
import dev.lintel.observe.RecentCalls;
import dev.lintel.redact.Redaction;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The record of every call: put down in the journal, told in the log, and brought to the store. */
final class Evidence implements Listener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Evidence.class);

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();

  /** How long a question waits for the calls that have ended before it. */
  private static final Duration BEHIND = Duration.ofSeconds(1);

  private final MappedJournal journal;
  private final RecentCalls recent = new RecentCalls(10_000, 16 << 20);
  private final CallRecords all;
  private final CallLog log;
  private final Supplier<Store> store;
  private final LongConsumer appending;
  private final SetClock clock;
  private final CountDownLatch known = new CountDownLatch(1);
  private volatile @Nullable Courier courier;

  /** Whether the store has to say what was spent. */
  private boolean stale = true;

  /**
   * @param out where the line of each call goes
   * @param store asked for each batch; may throw {@link Failure} {@code UNAVAILABLE}
   * @param appending takes how many nanoseconds each record took
   */
  Evidence(
      MappedJournal journal,
      OutputStream out,
      Supplier<Store> store,
      LongConsumer appending,
      SetClock clock) {
    this.journal = journal;
    this.clock = clock;
    this.appending = appending;
    this.store = store;
    this.all = upToNow(new AllCalls(recent, () -> store.get().records()));
    this.log = new CallLog(out, Redaction::secrets);
  }

  /**
   * Begins to read the journal on. Once it is known, somebody is told what was spent before this
   * process began: first what this node alone knows, then all that the store has. The latter again
   * whenever the clock was set, for whoever had begun another period has forgotten this one.
   */
  void begin(Consumer<List<Counters.Charge>> spent) {
    spent.accept(journal.charges());
    courier =
        new Courier(
            journal,
            () -> store.get().records(),
            new Courier.Hearer() {
              @Override
              public void hear(byte[] json, boolean again) {
                recent.add(json);
                if (!again) {
                  log.add(json);
                }
              }

              @Override
              public void pause() {
                log.flush();
              }
            },
            () -> {
              stale |= clock.wasSet();
              if (stale) {
                spent.accept(store.get().spending().since(Instant.now()));
                stale = false;
                known.countDown();
              }
            });
  }

  /** From now on that share of the answered calls has lines, and all that failed. */
  void tell(double share) {
    log.share(share);
  }

  /** Waits until the store has said what was spent; false where it does not in that time. */
  boolean spentIsKnown(Duration most) {
    try {
      return known.await(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Whether there is a record of that call, of this process or of one before it. Throws {@link
   * Failure} {@code UNAVAILABLE} where that is not known yet.
   */
  boolean has(String callId) {
    if (!spentIsKnown(PATIENCE)) {
      throw Failure.of(
          Failure.Kind.UNAVAILABLE,
          "The records of before have not been brought to the store yet.");
    }
    return all.find(callId).isPresent();
  }

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended over) {
      long began = System.nanoTime();
      try {
        journal.append(CallRecord.of(trail, over), trail.charges());
        appending.accept(System.nanoTime() - began);
      } catch (Failure noRoom) {
        // The journal counts and tells of it; the call has been answered.
        LOG.debug("{}: {}", trail.id(), noRoom.getMessage());
      } catch (RuntimeException bug) {
        LOG.error("the record of {} cannot be written", trail.id(), bug);
      }
    }
  }

  /**
   * Those of the store and those that are on their way to it: whoever has been answered finds his
   * call.
   */
  CallRecords all() {
    return all;
  }

  private CallRecords upToNow(CallRecords records) {
    return new CallRecords() {
      @Override
      public Optional<byte[]> find(String id) {
        await(begun -> begun.told(BEHIND));
        return records.find(id);
      }

      @Override
      public Page list(Question asked) {
        await(begun -> begun.told(BEHIND));
        return records.list(asked);
      }
    };
  }

  /**
   * The store's, with those in it that have ended before, as far as it takes them in time. Throws
   * {@link Failure} {@code UNAVAILABLE}.
   */
  Records stored() {
    await(begun -> begun.brought(BEHIND));
    return store.get().records();
  }

  private void await(Function<Courier, CompletableFuture<Boolean>> hurry) {
    Courier begun = courier;
    if (begun != null && !CallThread.await(hurry.apply(begun))) {
      LOG.debug("what has ended is not there in time");
    }
  }

  /** Forgets records of those calls that came before that time, as far as they are in no store. */
  void forget(Map<Whose, Instant> before) {
    if (!before.isEmpty()) {
      recent.forget(before);
      journal.turn();
    }
  }

  /**
   * The same for what is to be erased, and what processes before this one have left.
   *
   * @return false where some of it still waits for the store
   */
  boolean erase(List<Erasure> erasures) {
    recent.erase(erasures);
    if (!spentIsKnown(PATIENCE)) {
      return false;
    }
    long end = journal.end();
    journal.turn();
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (journal.holds(end) && System.nanoTime() - until < 0) {
      await(begun -> begun.brought(BEHIND));
      LockSupport.parkNanos(this, PAUSE_NANOS);
    }
    // What was told meanwhile had ended before.
    recent.erase(erasures);
    return !journal.holds(end);
  }

  /**
   * How the journal is: {@code full} where it has no room, {@code waiting} while the store takes
   * nothing, {@code open} once something was lost; else empty.
   */
  Optional<Footing> footing() {
    Courier begun = courier;
    boolean waits = begun != null && begun.away();
    if (!journal.full() && !waits && journal.lost() == 0) {
      return Optional.empty();
    }
    String state = journal.full() ? "full" : waits ? "waiting" : "open";
    return Optional.of(
        new Footing(
            state,
            Optional.empty(),
            state.equals("open"),
            Map.of(
                "lost",
                Long.toString(journal.lost()),
                "waiting_bytes",
                Long.toString(journal.waiting()))));
  }

  MappedJournal journal() {
    return journal;
  }

  /** Tells and brings what is left, as far as the store is there. */
  @Override
  public void close() {
    Courier begun = courier;
    if (begun != null) {
      begun.close();
    }
    journal.close();
  }
}
