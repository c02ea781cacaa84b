package dev.lintel.ledger;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether Redis is there: it is looked for as long as it is not, and trusted once it knows what
 * this node does.
 */
final class Contact implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Contact.class);

  /** How often a node is heard of before the silence of one is its death. */
  private static final int BEATS = 5;

  /** How often it is looked for nodes that are not back. */
  private static final long COUNT_MILLIS = 100;

  sealed interface State {}

  /**
   * Calls wait for what comes of it, which is a moment.
   *
   * @param absent who had not come back by then
   */
  record Joining(CompletableFuture<Boolean> over, Absent absent) implements State {}

  /**
   * @param absent who has not told yet what was used meanwhile
   */
  record Up(Link link, Absent absent) implements State {}

  /**
   * @param parts of all nodes
   * @param share this node's; {@code null} where calls are refused
   */
  record Away(Division parts, @Nullable Share share) implements State {}

  /** How all nodes go on without Redis from now on; asked within the outbox. */
  @FunctionalInterface
  interface Dividing {
    /**
     * @param told what the database knows to be spent
     * @param missing how many more nodes there are than Redis knows
     */
    Division among(Map<Place, Long> told, int missing);
  }

  private final Ground ground;
  private final Outbox outbox;
  private final Known known;
  private final Member member;
  private final Reminder reminder;
  private final Dividing divided;
  private final Function<Division, Optional<Share>> share;
  private final Runnable free;
  private final ScheduledExecutorService worker;
  private final AtomicReference<State> state =
      new AtomicReference<>(new Joining(new CompletableFuture<>(), Absent.NOBODY));

  /** What this node had seen to be spent when it lost Redis last. */
  private volatile Map<Place, Long> seen = Map.of();

  private volatile @Nullable Instant since;
  private volatile boolean closed;

  /**
   * @param share with which this node does; empty where calls are refused
   * @param free told when more may be taken, of which Redis does not tell
   * @param worker of one thread
   */
  Contact(
      Ground ground,
      Outbox outbox,
      Known known,
      Member member,
      Reminder reminder,
      Dividing divided,
      Function<Division, Optional<Share>> share,
      Runnable free,
      ScheduledExecutorService worker) {
    this.ground = ground;
    this.outbox = outbox;
    this.known = known;
    this.member = member;
    this.reminder = reminder;
    this.divided = divided;
    this.share = share;
    this.free = free;
    this.worker = worker;
  }

  /** Does not wait. */
  void begin() {
    worker.execute(this::attempt);
    long beat = ground.pace().dead().dividedBy(BEATS).toMillis();
    worker.scheduleWithFixedDelay(this::beat, beat, beat, TimeUnit.MILLISECONDS);
  }

  State now() {
    return Objects.requireNonNull(state.get());
  }

  /** Since when it is as it is; empty before the first connection. */
  Optional<Instant> since() {
    return Optional.ofNullable(since);
  }

  /** Waits for what comes of it; where that takes long Redis is away. */
  void await(Joining joining) {
    try {
      long most = 2 * ground.pace().exchange().toMillis();
      CallThread.await(joining.over.copy().orTimeout(most, TimeUnit.MILLISECONDS));
    } catch (Failure cancelled) {
      throw cancelled;
    } catch (RuntimeException slow) {
      goOn(joining, Map.of(), slow);
    }
  }

  /** It was found not to be trusted any more. */
  void lost(Up up, String why) {
    var joining = new Joining(new CompletableFuture<>(), up.absent);
    if (state.compareAndSet(up, joining)) {
      seen = known.lasting(ground.time().instant());
      LOG.debug("not connected to {} any more: {}", ground.redis(), why);
      outbox.disconnect();
      up.link.close();
      try {
        worker.execute(this::attempt);
      } catch (RejectedExecutionException ended) {
        joining.over.complete(false);
      }
    }
  }

  private void attempt() {
    State last = now();
    if (closed || last instanceof Up) {
      return;
    }
    try {
      join(last);
      if (last instanceof Away || since == null) {
        since = ground.time().instant();
        LOG.info("counts are shared at {} by {} nodes", ground.redis(), member.nodes());
      }
    } catch (RuntimeException failed) {
      outbox.disconnect();
      State now = now();
      if (now instanceof Up up && state.compareAndSet(up, last)) {
        up.link.close();
      }
      if (last instanceof Joining joining) {
        goOn(joining, since == null ? Map.of() : reminder.told(ground.pace().exchange()), failed);
      }
      if (!(now() instanceof Joining)) {
        later();
      }
    } finally {
      if (last instanceof Joining joining) {
        joining.over.complete(true);
      }
    }
  }

  private void later() {
    try {
      long retry = ground.pace().retry().toMillis();
      var _ = worker.schedule(this::attempt, retry, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException ended) {
      LOG.debug("closed while Redis was away", ended);
    }
  }

  /** Without Redis. */
  private void goOn(Joining joining, Map<Place, Long> told, Throwable why) {
    outbox.alone(() -> {
      // Who waits goes on, too: what is held goes into one share only.
      if (now() == joining) {
        Division parts = divided.among(told, joining.absent.missing());
        var away = new Away(parts, share.apply(parts).orElse(null));
        if (state.compareAndSet(joining, away) && !closed) {
          since = ground.time().instant();
          String then =
              away.share == null
                  ? "calls that are counted are refused"
                  : "this node goes on with 1/" + parts.nodes() + " of what is left";
          LOG.warn("Redis at {} is away: {} ({})", ground.redis(), then, Ground.said(why));
        }
      }
      return true;
    });
    joining.over.complete(true);
  }

  /**
   * Brings everything that this node knows, and only then trusts what is kept there.
   *
   * @param last how it was meanwhile
   */
  private void join(State last) {
    Link link = ground.redis().connect();
    try {
      ground.wait(link.load());
      boolean forgotten = forgotten(link);
      Absent absent = absent(last, forgotten);
      ground.wait(reminder.ofSeen(link, seen(last), forgotten));
      Share alone = last instanceof Away away ? away.share : null;
      outbox.connect(link, alone == null ? List::of : alone::used);
      ground.wait(reminder.ofTold(link));
      var up = new Up(link, absent);
      link.onLoss(() -> lost(up, "the connection was lost"));
      member.join(link, () -> state.set(up));
      count(up);
    } catch (RuntimeException failed) {
      link.close();
      throw failed;
    }
  }

  /** What all that this node brings comes on top of. */
  private Map<Place, Long> seen(State last) {
    boolean first = member.confirmed() == 0;
    return first && last instanceof Away ? known.lasting(ground.time().instant()) : seen;
  }

  /** Whether Redis has lost what it knew. */
  private boolean forgotten(Link link) {
    List<String> remembered = ground.wait(link.run(outbox.last(member.joined())));
    long arrived = Long.parseLong(remembered.get(1));
    boolean forgotten =
        arrived < outbox.arrivedLast() || Long.parseLong(remembered.get(2)) < member.confirmed();
    if (forgotten) {
      outbox.forgotten(arrived);
    }
    return forgotten;
  }

  /** Who goes on alone, as far as this node can tell. */
  private Absent absent(State last, boolean forgotten) {
    return switch (last) {
      case Away away -> new Absent(away.parts, ground.pace().dead());
      case Joining joining when forgotten -> {
        int missing = joining.absent.missing();
        yield new Absent(
            outbox.alone(() -> divided.among(Map.of(), missing)), ground.pace().dead());
      }
      // It was a moment that was this node's own.
      case Joining joining -> joining.absent;
      case Up up -> throw new IllegalStateException("it is there");
    };
  }

  /** Until all are back, or as long as they may be alive. */
  private void count(Up up) {
    if (now() != up || up.absent.missing() == 0) {
      return;
    }
    try {
      if (up.absent.hear(member.heardOf(up.link, up.absent.within()))) {
        free.run();
      }
      var _ = worker.schedule(() -> count(up), COUNT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException ended) {
      LOG.debug("closed while nodes were away", ended);
    } catch (RuntimeException failed) {
      lost(up, Ground.said(failed));
    }
  }

  private void beat() {
    known.sweep(ground.time().instant());
    if (!(now() instanceof Up up)) {
      return;
    }
    try {
      if (!member.beat(up.link)) {
        lost(up, "it was taken for dead");
        return;
      }
      ground.wait(reminder.ofFound(up.link));
      lookAgain(up.link);
    } catch (RuntimeException failed) {
      lost(up, Ground.said(failed));
      return;
    }
    reminder.look();
  }

  /** What others held when it was seen last they may have given back. */
  private void lookAgain(Link link) {
    List<Place> held = known.held(Ground.MOST);
    if (held.isEmpty()) {
      return;
    }
    Words words = ground.words("levels", "");
    held.forEach(place -> words.key(place.key()).add(place.kind().word()).add(place.extent()));
    // Nothing depends on it but a share, should one begin: the next beat looks again.
    var _ =
        link.run(words)
            .thenAccept(reply -> {
              for (int i = 0; i < held.size(); i++) {
                known.see(
                    held.get(i),
                    Long.parseLong(reply.get(1 + 3 * i)),
                    Long.parseLong(reply.get(2 + 3 * i)));
              }
            });
  }

  @Override
  public void close() {
    closed = true;
    State last = now();
    if (last instanceof Up up) {
      try {
        member.leave(up.link);
      } catch (RuntimeException gone) {
        LOG.debug("Redis does not hear that this node leaves", gone);
      }
      up.link.close();
    }
    outbox.disconnect();
    if (last instanceof Joining joining) {
      joining.over.complete(false);
    }
  }
}
