package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.CallThread;
import dev.lintel.Counters;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Mode;
import dev.lintel.Span;
import dev.lintel.Spending;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts in a Redis that several nodes share: one exchange at a call's entry, none that is waited
 * for at its end.
 *
 * <p>Each node is there under a name of its own as long as it is heard of; what its calls have
 * reserved counts under that name, so that it is free once the node is dead. Whenever a node loses
 * its connection, or is taken for dead, it comes back under another name, brings what its calls
 * have reserved and used meanwhile, and raises what was spent to what it knows: so Redis may forget
 * everything, and a spent budget stays spent.
 *
 * <p>While Redis is away each node goes on with its share of what is left, or refuses.
 */
public final class RedisCounters implements Counters {
  private static final Logger LOG = LoggerFactory.getLogger(RedisCounters.class);

  /** How many accounts one run of the script is about at the most. */
  private static final int MOST = 200;

  private static final Duration LATE = Duration.ofDays(1);
  private static final Duration SHORTLY = Duration.ofSeconds(1);

  /** What becomes of calls while Redis is away. */
  public enum WhenAway {
    /** Each node goes on with its share. */
    SHARE,
    /** They are refused. */
    REFUSE
  }

  /**
   * @param exchange after which Redis is away that does not answer
   * @param retry how often it is looked whether it is there again
   * @param dead after which a node that is not heard of is dead
   */
  public record Pace(Duration exchange, Duration retry, Duration dead) {
    public static final Pace USUAL =
        new Pace(Duration.ofMillis(500), Duration.ofMillis(500), Duration.ofSeconds(10));
  }

  /**
   * How it is at the moment.
   *
   * @param since when it is so; empty before the first connection
   * @param nodes how many nodes share the counts, as far as this one has heard
   */
  public record Status(
      boolean connected, Optional<Instant> since, WhenAway mode, int nodes, String address) {}

  private sealed interface State {}

  /** Calls wait for what comes of it, which is a moment. */
  private record Joining(CompletableFuture<Boolean> over) implements State {}

  private record Up(Link link) implements State {}

  /** The share is {@code null} where calls are refused. */
  private record Away(@Nullable Share share) implements State {}

  private final Redis redis;
  private final WhenAway whenAway;
  private final Pace pace;
  private final InstantSource time;
  private final Watcher watcher;
  private final Supplier<Counters> memory;
  private final Supplier<Spending> spending;
  private final Known known = new Known(CallThread::nanoTime);
  private final Outbox outbox;
  private final Set<Held> open = ConcurrentHashMap.newKeySet();
  private final List<Runnable> hearers = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lintel-shared").factory());
  private final AtomicReference<State> state =
      new AtomicReference<>(new Joining(new CompletableFuture<>()));
  private final AtomicBoolean asking = new AtomicBoolean();
  private final Elsewhere elsewhere = new Elsewhere(worker, this::now, this::givenBack);

  /** Of all processes at all times, this one. */
  private final String sender = Ids.of("node_");

  /** How often it has joined; of the outbox, as the next. */
  private long joins;

  /** Names under which it was there, and may still be as far as it knows. */
  private final Set<String> before = new HashSet<>();

  private volatile String name = "";
  private volatile int nodes = 1;
  private volatile @Nullable Instant since;
  private volatile boolean closed;

  /**
   * What the database knew a while ago: who has used it has told Redis meanwhile, or never will.
   */
  private volatile List<Charge> toRaise = List.of();

  /**
   * Begins to connect, and does not wait for it.
   *
   * @param time by which the calendar goes; the same on all nodes, as far as clocks are
   * @param memory makes what counts in this node's own memory
   * @param spending what the database knows to be spent; may throw where that is away
   */
  public RedisCounters(
      Redis redis,
      WhenAway whenAway,
      Pace pace,
      InstantSource time,
      Watcher watcher,
      Supplier<Counters> memory,
      Supplier<Spending> spending) {
    this.redis = redis;
    this.whenAway = whenAway;
    this.pace = pace;
    this.time = time;
    this.watcher = watcher;
    this.memory = memory;
    this.spending = spending;
    this.outbox = new Outbox(redis, sender, this::arrived, this::unsettled);
    worker.execute(this::attempt);
    long beat = pace.dead.dividedBy(5).toMillis();
    worker.scheduleWithFixedDelay(this::beat, beat, beat, TimeUnit.MILLISECONDS);
  }

  public Status status() {
    return new Status(
        state.get() instanceof Up, Optional.ofNullable(since), whenAway, nodes, redis.toString());
  }

  // Coming and going

  private State known() {
    return Objects.requireNonNull(state.get());
  }

  /** On the worker. */
  private void attempt() {
    State last = known();
    if (closed || last instanceof Up) {
      return;
    }
    try {
      join(last);
      if (last instanceof Away || since == null) {
        since = time.instant();
        LOG.info("counts are shared at {} by {} nodes", redis, nodes);
      }
    } catch (RuntimeException failed) {
      outbox.disconnect();
      State now = known();
      if (now instanceof Up up && state.compareAndSet(up, last)) {
        up.link.close();
      }
      if (last instanceof Joining joining) {
        goOn(joining, failed);
      }
      if (!(known() instanceof Joining)) {
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
      var _ = worker.schedule(this::attempt, pace.retry.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException ended) {
      LOG.debug("closed while Redis was away", ended);
    }
  }

  /** Without Redis. */
  private void goOn(Joining joining, Throwable why) {
    Share share = whenAway == WhenAway.REFUSE ? null : outbox.alone(this::share);
    if (state.compareAndSet(joining, new Away(share)) && !closed) {
      since = time.instant();
      String then =
          share == null
              ? "calls that are counted are refused"
              : "this node goes on with 1/" + nodes + " of what is left";
      LOG.warn("Redis at {} is away: {} ({})", redis, then, said(why));
    }
    joining.over.complete(true);
  }

  /** In which calls that are under way keep what they hold. Within the outbox. */
  private Share share() {
    var own = new HashMap<Place, Long>();
    for (Held held : open) {
      for (int i = 0; i < held.places.length; i++) {
        if (held.places[i].kind() == Place.Kind.SPENT) {
          own.merge(held.places[i], held.reserved[i], Long::sum);
        }
      }
    }
    var share = new Share(memory.get(), nodes, known, this::place, outbox.untold(), own);
    for (Held held : open) {
      for (int i = 0; i < held.places.length; i++) {
        Place.Kind kind = held.places[i].kind();
        boolean lasts = kind == Place.Kind.SPENT || kind == Place.Kind.NOW;
        held.adopted[i] =
            lasts && held.reserved[i] > 0
                ? share.adopt(held.claims.get(i).account(), held.reserved[i])
                : null;
      }
    }
    return share;
  }

  private static String said(Throwable failed) {
    Throwable cause = failed.getCause() == null ? failed : failed.getCause();
    return String.valueOf(cause.getMessage());
  }

  private void lost(Up up, String why) {
    var joining = new Joining(new CompletableFuture<>());
    if (state.compareAndSet(up, joining)) {
      LOG.debug("not connected to {} any more: {}", redis, why);
      outbox.disconnect();
      up.link.close();
      try {
        worker.execute(this::attempt);
      } catch (RejectedExecutionException ended) {
        joining.over.complete(false);
      }
    }
  }

  private void unsettled() {
    if (known() instanceof Up up) {
      lost(up, "it refuses to settle");
    }
  }

  /** Brings everything that this node knows, and only then trusts what is kept there. */
  private void join(State last) {
    Link link = redis.connect();
    try {
      wait(link.load());
      long arrived = Long.parseLong(wait(link.run(outbox.last())).get(1));
      outbox.lost(arrived).forEach(known::add);
      Instant now = time.instant();
      var seen = new HashMap<Place, Long>();
      known.lasting(now).forEach(entry -> seen.put(entry.place, entry.base()));
      wait(raise(link, seen, false));
      if (last instanceof Away away && away.share != null) {
        bring(link, away.share);
      } else {
        outbox.connect(link);
      }
      var told = Known.places(redis, spent(now));
      known.lasting(now).forEach(entry -> told.merge(entry.place, entry.told(), Math::max));
      wait(raise(link, told, true));
      String next = Ids.of("node_");
      var up = new Up(link);
      link.onLoss(() -> lost(up, "the connection was lost"));
      wait(
          outbox.alone(() -> {
            CompletableFuture<List<String>> joined = link.run(joining(next));
            name = next;
            state.set(up);
            return joined.thenAccept(reply -> nodes = Integer.parseInt(reply.get(1)));
          }));
      outbox.alone(() -> before.removeIf(old -> !old.equals(name)));
    } catch (RuntimeException failed) {
      link.close();
      throw failed;
    }
  }

  /** What windows have let through here counts there, too; what calls have spent is on its way. */
  private void bring(Link link, Share share) {
    outbox.alone(() -> {
      outbox.connect(link);
      var lines = new ArrayList<Outbox.Line>();
      for (Account account : share.windows()) {
        long used = share.used(account);
        if (used > 0) {
          lines.add(new Outbox.Line(account, place(account), "", 0, used, ""));
        }
      }
      for (int from = 0; from < lines.size(); from += MOST) {
        outbox.send(lines.subList(from, Math.min(lines.size(), from + MOST)), true);
      }
      return true;
    });
  }

  /** Under a new name, with what calls under way have reserved. Within the outbox. */
  private Words joining(String next) {
    var sums = new HashMap<Place, Long>();
    var fresh = new ArrayList<Outbox.Line>();
    for (Held held : open) {
      held.holder = next;
      for (int i = 0; i < held.places.length; i++) {
        Place place = held.places[i];
        if (place.kind() != Place.Kind.ONCE) {
          sums.merge(place, held.reserved[i], Long::sum);
        }
        if (place.kind() == Place.Kind.WINDOW && held.local != null) {
          // Its window has not heard of it.
          fresh.add(
              new Outbox.Line(held.claims.get(i).account(), place, "", 0, held.reserved[i], ""));
        }
      }
    }
    if (!fresh.isEmpty()) {
      outbox.send(fresh, true);
    }
    before.add(name);
    var words =
        words("join", next)
            .key(redis.named("joined:" + sender))
            .add(++joins)
            .add(String.join(" ", before));
    sums.forEach((place, reserved) -> {
      words.key(place.key());
      words.add(place.kind().word()).add(place.extent()).add(reserved);
    });
    return words;
  }

  private List<Charge> spent(Instant now) {
    var asked =
        CompletableFuture.supplyAsync(() -> spending.get().since(now), Thread::startVirtualThread);
    try {
      return asked.get(2, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      LOG.warn("Redis is not told what the database knows to be spent, which does not answer");
      return List.of();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(ended);
    }
  }

  /** Complete once that much is spent there at least. */
  private CompletableFuture<?> raise(Link link, Map<Place, Long> least, boolean elsewhere) {
    List<Map.Entry<Place, Long>> all =
        least.entrySet().stream().filter(entry -> entry.getValue() > 0).toList();
    var raised = new ArrayList<CompletableFuture<?>>();
    for (int from = 0; from < all.size(); from += MOST) {
      var words = words("raise", name).add(elsewhere ? "1" : "0");
      var some = all.subList(from, Math.min(all.size(), from + MOST));
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

  /** On the worker. */
  private void beat() {
    known.sweep(time.instant());
    if (!(known() instanceof Up up)) {
      return;
    }
    try {
      List<String> reply = wait(up.link.run(words("beat", name)));
      if (reply.getFirst().equals("unknown")) {
        lost(up, "it was taken for dead");
        return;
      }
      nodes = Integer.parseInt(reply.get(1));
      List<Charge> raised = toRaise;
      toRaise = List.of();
      if (!raised.isEmpty()) {
        wait(raise(up.link, Known.places(redis, raised), true));
      }
      lookAgain(up);
    } catch (RuntimeException failed) {
      lost(up, said(failed));
      return;
    }
    lookUp();
  }

  /** What others held when it was seen last they may have given back. */
  private void lookAgain(Up up) {
    List<Place> held = known.held(MOST);
    if (!held.isEmpty()) {
      List<String> reply = wait(now(up, held));
      for (int i = 0; i < held.size(); i++) {
        known.see(
            held.get(i),
            Long.parseLong(reply.get(1 + 3 * i)),
            Long.parseLong(reply.get(2 + 3 * i)));
      }
    }
  }

  /**
   * What the database knows of the accounts in use, which Redis may have lost or never heard of.
   */
  private void lookUp() {
    List<String> used = known.used(MOST);
    if (!used.isEmpty() && asking.compareAndSet(false, true)) {
      var _ =
          Thread.startVirtualThread(() -> {
            try {
              toRaise = spending.get().of(used, time.instant());
            } catch (RuntimeException unavailable) {
              LOG.debug("the database does not say what was spent", unavailable);
            } finally {
              asking.set(false);
            }
          });
    }
  }

  private <T> T wait(CompletableFuture<T> asked) {
    try {
      return asked.copy().orTimeout(pace.exchange.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException failed) {
      throw new IllegalStateException(failed.getCause());
    }
  }

  private Words words(String what, String who) {
    return new Words()
        .key(redis.named("nodes"))
        .add(what)
        .add(pace.dead.toMillis())
        .add(who)
        .add(redis.ahead());
  }

  private Place place(Account account) {
    return Place.of(redis, account, time.instant());
  }

  // Counting

  @Override
  public Taken take(List<Claim> claims) {
    while (true) {
      Taken taken =
          switch (known()) {
            case Joining joining -> {
              await(joining);
              yield null;
            }
            case Up up -> take(up, claims);
            case Away away -> take(away, claims);
          };
      if (taken != null) {
        return taken;
      }
    }
  }

  private void await(Joining joining) {
    try {
      CallThread.await(
          joining.over.copy().orTimeout(2 * pace.exchange.toMillis(), TimeUnit.MILLISECONDS));
    } catch (Failure cancelled) {
      throw cancelled;
    } catch (RuntimeException slow) {
      goOn(joining, slow);
    }
  }

  /** Returns {@code null} where Redis is away, or takes this node for another. */
  private @Nullable Taken take(Up up, List<Claim> claims) {
    Instant now = time.instant();
    String holder = name;
    var words = words("take", holder);
    var places = new Place[claims.size()];
    for (int i = 0; i < places.length; i++) {
      Claim claim = claims.get(i);
      Allowance allowance = claim.account().allowance();
      Place place = Place.of(redis, claim.account(), now);
      places[i] = place;
      words.key(place.key()).add(place.kind().word()).add(place.extent());
      if (allowance.mode() == Mode.ENFORCE) {
        words.add(allowance.amount());
      } else {
        words.add("");
      }
      words.add(Math.max(0, claim.bound())).add(Math.max(0, claim.usual()));
    }
    CompletableFuture<List<String>> asked = up.link.run(words);
    List<String> reply;
    try {
      reply =
          CallThread.await(asked.copy().orTimeout(pace.exchange.toMillis(), TimeUnit.MILLISECONDS));
    } catch (Failure cancelled) {
      // It may have been given all the same.
      var _ =
          asked.thenAccept(late -> {
            if (granted(late, claims, places, holder, now) instanceof Held held) {
              held.settle(new long[places.length]);
            }
          });
      throw cancelled;
    } catch (RuntimeException failed) {
      lost(up, said(failed));
      return null;
    }
    return switch (reply.getFirst()) {
      case "taken" -> granted(reply, claims, places, holder, now);
      case "short" -> missing(reply, claims, places, now);
      default -> {
        lost(up, "it was taken for dead");
        yield null;
      }
    };
  }

  /** Returns {@code null} where it was given to a node that is dead by now. */
  private @Nullable Held granted(
      List<String> reply, List<Claim> claims, Place[] places, String holder, Instant now) {
    if (!reply.getFirst().equals("taken")) {
      return null;
    }
    nodes = Integer.parseInt(reply.get(2));
    var reserved = new long[places.length];
    var left = new long[places.length];
    for (int i = 0; i < places.length; i++) {
      long spent = Long.parseLong(reply.get(3 + 3 * i));
      long under = Long.parseLong(reply.get(4 + 3 * i));
      reserved[i] = Long.parseLong(reply.get(5 + 3 * i));
      left[i] = claims.get(i).account().allowance().amount() - spent - under;
      known.see(places[i], spent, under);
    }
    var held = new Held(claims, places, reserved, left, now, reply.get(1), null);
    boolean mine =
        outbox.alone(() -> {
          held.holder = holder;
          return name.equals(holder) && open.add(held);
        });
    return mine ? held : null;
  }

  private Short missing(List<String> reply, List<Claim> claims, Place[] places, Instant now) {
    int number = Integer.parseInt(reply.get(1));
    long spent = Long.parseLong(reply.get(2));
    long reserved = Long.parseLong(reply.get(3));
    long rolls = Long.parseLong(reply.get(4));
    known.see(places[number], spent, reserved);
    Claim claim = claims.get(number);
    long amount = claim.account().allowance().amount();
    Duration again =
        switch (claim.account().allowance().span()) {
          case Span.Calendar calendar -> Duration.between(now, places[number].end());
          case Span.Total total -> LATE;
          case Span.Now present -> SHORTLY;
          case Span.Rolling rolling ->
              claim.usual() > amount ? LATE : Duration.ofMillis(Math.max(1, rolls));
        };
    boolean held = reserved > 0 && reply.get(5).equals("1");
    if (held) {
      elsewhere.missed(places[number], spent, reserved);
    }
    return new Short(
        number,
        Math.max(0, amount - spent - reserved),
        again.compareTo(LATE) > 0 ? LATE : again,
        held);
  }

  private @Nullable Taken take(Away away, List<Claim> claims) {
    Share share = away.share;
    if (share == null) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "What callers may use is counted at a place that cannot be reached at the moment.")
          .retryAfter(Optional.of(SHORTLY));
    }
    return switch (share.take(claims)) {
      case Short missing -> missing;
      case Grant grant -> {
        Instant now = time.instant();
        var places = new Place[claims.size()];
        for (int i = 0; i < places.length; i++) {
          places[i] = Place.of(redis, claims.get(i).account(), now);
        }
        long[] reserved = claims.stream().mapToLong(Claim::bound).toArray();
        var held = new Held(claims, places, reserved, new long[0], now, "", grant);
        // Once Redis is there again its word counts.
        boolean mine = outbox.alone(() -> known() == away && open.add(held));
        if (!mine) {
          var _ = grant.settle(new long[places.length]);
        }
        yield mine ? held : null;
      }
    };
  }

  @Override
  public List<Charge> spent(List<Claim> claims) {
    Instant now = time.instant();
    var lines = new ArrayList<Outbox.Line>();
    var charges = new ArrayList<Charge>();
    if (known() instanceof Away(Share share) && share != null) {
      share.spent(claims);
    }
    for (Claim claim : claims) {
      Place place = Place.of(redis, claim.account(), now);
      if (place.kind() != Place.Kind.NOW && claim.bound() > 0) {
        lines.add(new Outbox.Line(claim.account(), place, "", 0, claim.bound(), ""));
        charge(place, claim.bound(), charges);
      }
    }
    outbox.send(lines, false);
    return charges;
  }

  private static void charge(Place place, long used, List<Charge> charges) {
    if (place.kind() == Place.Kind.SPENT && used > 0) {
      charges.add(new Charge(place.id(), place.period(), used));
    }
  }

  @Override
  public List<Level> levels(List<Account> accounts) {
    while (true) {
      switch (known()) {
        case Joining joining -> await(joining);
        case Up up -> {
          try {
            return levels(up, accounts);
          } catch (IllegalStateException failed) {
            lost(up, said(failed));
          }
        }
        case Away(Share share) -> {
          return share != null ? share.levels(accounts) : remembered(accounts);
        }
      }
    }
  }

  private List<Level> remembered(List<Account> accounts) {
    return accounts.stream()
        .map(this::place)
        .map(place -> new Level(known.of(place), 0, place.end()))
        .toList();
  }

  private List<Level> levels(Up up, List<Account> accounts) {
    Instant now = time.instant();
    var levels = new ArrayList<Level>();
    for (int from = 0; from < accounts.size(); from += MOST) {
      List<Account> some = accounts.subList(from, Math.min(accounts.size(), from + MOST));
      List<Place> places = some.stream().map(a -> Place.of(redis, a, now)).toList();
      List<String> reply = CallThread.await(bounded(now(up, places)));
      for (int i = 0; i < places.size(); i++) {
        Place place = places.get(i);
        long spent = Long.parseLong(reply.get(1 + 3 * i));
        long wait = Long.parseLong(reply.get(3 + 3 * i));
        long reserved = Long.parseLong(reply.get(2 + 3 * i));
        known.see(place, spent, reserved);
        levels.add(
            new Level(
                spent,
                reserved,
                place.kind() == Place.Kind.SPENT ? place.end() : now.plusMillis(wait)));
      }
    }
    return levels;
  }

  private CompletableFuture<List<String>> now(Up up, List<Place> places) {
    var words = words("levels", name);
    places.forEach(place -> words.key(place.key()).add(place.kind().word()).add(place.extent()));
    return up.link.run(words);
  }

  private CompletableFuture<List<String>> now(List<Place> places) {
    return known() instanceof Up up
        ? bounded(now(up, places))
        : CompletableFuture.failedFuture(new IllegalStateException("Redis is away"));
  }

  private void givenBack() {
    hearers.forEach(Runnable::run);
  }

  private CompletableFuture<List<String>> bounded(CompletableFuture<List<String>> asked) {
    return asked
        .copy()
        .orTimeout(pace.exchange.toMillis(), TimeUnit.MILLISECONDS)
        .handle((reply, failed) -> {
          if (failed != null) {
            throw new IllegalStateException(failed);
          }
          return reply;
        });
  }

  @Override
  public void atLeast(List<Charge> charges) {
    Known.places(redis, charges).forEach(known::tell);
    if (known() instanceof Up up) {
      var _ = raise(up.link, Known.places(redis, charges), true);
    }
  }

  /** How many messages are on their way to Redis. */
  int waiting() {
    return outbox.waiting();
  }

  /** What was spent of an account in the end, once it has used that. */
  private void arrived(Outbox.Line line, long spent) {
    if (line.place().kind() != Place.Kind.SPENT || spent == 0) {
      return;
    }
    known.see(line.place(), spent);
    Account account = line.account();
    Thresholds.passed(account.allowance(), Math.max(0, spent - line.used()), spent)
        .ifPresent(percent -> watcher.passed(account, line.place().period(), percent, spent));
  }

  @Override
  public void hear(Runnable givenBack) {
    hearers.add(givenBack);
  }

  @Override
  public void unhear(Runnable givenBack) {
    hearers.remove(givenBack);
  }

  @Override
  public void close() {
    closed = true;
    State last = known();
    if (last instanceof Up up) {
      try {
        // What was sent before it has arrived once this has.
        wait(up.link.run(words("leave", name)));
      } catch (RuntimeException gone) {
        LOG.debug("Redis does not hear that this node leaves", gone);
      }
      up.link.close();
    }
    outbox.disconnect();
    if (last instanceof Joining joining) {
      joining.over.complete(false);
    }
    worker.shutdownNow();
  }

  /** What a call holds: there, and where Redis is away in this node's memory. */
  private final class Held implements Grant {
    private final List<Claim> claims;
    private final Place[] places;
    private final long[] reserved;
    private final long[] left;
    private final Instant began;
    private final String taken;
    private final @Nullable Grant local;

    /** The same in a share that began while it was under way, by its claims. */
    private final @Nullable Grant[] adopted;

    /** The node's name under which it is reserved; of the outbox, as the next. */
    private String holder = "";

    private boolean over;

    /**
     * @param taken when, by Redis's clock; empty where it was not taken there
     */
    Held(
        List<Claim> claims,
        Place[] places,
        long[] reserved,
        long[] left,
        Instant began,
        String taken,
        @Nullable Grant local) {
      this.claims = claims;
      this.places = places;
      this.reserved = reserved;
      this.left = left;
      this.began = began;
      this.taken = taken;
      this.local = local;
      this.adopted = new Grant[places.length];
    }

    @Override
    public long left(int claim) {
      return local != null ? local.left(claim) : left[claim];
    }

    @Override
    public Duration reset(int claim) {
      if (local != null) {
        return local.reset(claim);
      }
      return switch (claims.get(claim).account().allowance().span()) {
        case Span.Calendar calendar -> Duration.between(began, places[claim].end());
        case Span.Total total -> Duration.ofSeconds(Long.MAX_VALUE);
        case Span.Now present -> Duration.ZERO;
        case Span.Rolling rolling -> rolling.length();
      };
    }

    @Override
    public List<Charge> settle(long[] used) {
      outbox.alone(() -> {
        if (over) {
          throw new IllegalStateException("was settled before");
        }
        over = true;
        open.remove(this);
        for (int i = 0; i < places.length; i++) {
          known.release(places[i], reserved[i]);
        }
        List<Outbox.Line> lines = lines(used);
        if (!lines.isEmpty()) {
          outbox.send(lines, local != null);
        }
        return true;
      });
      if (local != null) {
        local.settle(used);
      }
      for (int i = 0; i < adopted.length; i++) {
        Grant grant = adopted[i];
        if (grant != null) {
          grant.settle(new long[] {used[i]});
        }
      }
      var charges = new ArrayList<Charge>(2);
      for (int i = 0; i < places.length; i++) {
        charge(places[i], used[i], charges);
      }
      givenBack();
      return charges;
    }

    private List<Outbox.Line> lines(long[] used) {
      var lines = new ArrayList<Outbox.Line>(places.length);
      for (int i = 0; i < places.length; i++) {
        long counted = places[i].kind() == Place.Kind.NOW ? 0 : used[i];
        // Requests are counted where they are held, so that most say nothing when they end.
        boolean known = places[i].kind() == Place.Kind.ONCE && counted == reserved[i];
        if (!known && (counted > 0 || reserved[i] > 0)) {
          lines.add(
              new Outbox.Line(
                  claims.get(i).account(), places[i], holder, reserved[i], counted, taken));
        }
      }
      return lines;
    }
  }
}
