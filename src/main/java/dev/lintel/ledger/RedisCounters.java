package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.CallThread;
import dev.lintel.Counters;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Spending;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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

  private final Ground ground;
  private final WhenAway whenAway;
  private final Watcher watcher;
  private final Known known = new Known(CallThread::nanoTime);
  private final Outbox outbox;
  private final Holdings holdings;
  private final Member member;
  private final Reminder reminder;
  private final Contact contact;
  private final Exchange exchange;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lintel-shared").factory());

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
    this.ground = new Ground(redis, pace, time);
    this.whenAway = whenAway;
    this.watcher = watcher;
    String sender = Ids.of("node_");
    outbox = new Outbox(redis, sender, this::arrived, this::unsettled);
    holdings = new Holdings(outbox, known);
    member = new Member(ground, outbox, holdings, sender);
    reminder = new Reminder(ground, known, spending);
    contact =
        new Contact(
            ground,
            outbox,
            known,
            member,
            reminder,
            this::divided,
            parts -> share(parts, memory),
            holdings::tell,
            worker);
    exchange = new Exchange(ground, known, member, holdings, contact, worker);
    contact.begin();
  }

  /** Within the outbox. */
  private Division divided(Map<Place, Long> told, int missing) {
    return new Division(
        member.nodes() + missing,
        known,
        outbox.untold(),
        holdings.own(),
        told,
        ground.time().instant());
  }

  /** Within the outbox. */
  private Optional<Share> share(Division parts, Supplier<Counters> memory) {
    return switch (whenAway) {
      case SHARE -> Optional.of(holdings.into(new Share(memory.get(), parts, ground::place)));
      case REFUSE -> Optional.empty();
    };
  }

  public Status status() {
    return new Status(
        contact.now() instanceof Contact.Up,
        contact.since(),
        whenAway,
        member.nodes(),
        ground.redis().toString());
  }

  @Override
  public Taken take(List<Claim> claims) {
    while (true) {
      Taken taken =
          switch (contact.now()) {
            case Contact.Joining joining -> {
              contact.await(joining);
              yield null;
            }
            case Contact.Up up -> exchange.take(up, claims);
            case Contact.Away away -> alone(away, claims);
          };
      if (taken != null) {
        return taken;
      }
    }
  }

  /** Returns {@code null} where Redis has come back meanwhile, whose word counts then. */
  private @Nullable Taken alone(Contact.Away away, List<Claim> claims) {
    Share share = away.share();
    if (share == null) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "What callers may use is counted at a place that cannot be reached at the moment.")
          .retryAfter(Optional.of(SHORTLY));
    }
    return switch (share.take(claims)) {
      case Short missing -> missing;
      case Grant grant -> {
        Instant now = ground.time().instant();
        var places = new Place[claims.size()];
        for (int i = 0; i < places.length; i++) {
          places[i] = Place.of(ground.redis(), claims.get(i).account(), now);
        }
        Held held = Held.here(holdings, claims, places, now, grant);
        if (holdings.add(held, "", () -> contact.now() == away)) {
          yield held;
        }
        var _ = grant.settle(new long[places.length]);
        yield null;
      }
    };
  }

  @Override
  public List<Charge> spent(List<Claim> claims) {
    Instant now = ground.time().instant();
    var lines = new ArrayList<Outbox.Line>();
    var charges = new ArrayList<Charge>();
    if (contact.now() instanceof Contact.Away(_, Share share) && share != null) {
      share.spent(claims);
    }
    for (Claim claim : claims) {
      Place place = Place.of(ground.redis(), claim.account(), now);
      if (place.kind() != Place.Kind.NOW && claim.bound() > 0) {
        lines.add(new Outbox.Line(claim.account(), place, "", 0, claim.bound(), ""));
        place.charge(claim.bound()).ifPresent(charges::add);
      }
    }
    outbox.send(lines, false);
    return charges;
  }

  @Override
  public List<Level> levels(List<Account> accounts) {
    while (true) {
      List<Level> levels =
          switch (contact.now()) {
            case Contact.Joining joining -> {
              contact.await(joining);
              yield null;
            }
            case Contact.Up up -> exchange.levels(up, accounts);
            case Contact.Away(_, Share share) ->
                share != null ? share.levels(accounts) : remembered(accounts);
          };
      if (levels != null) {
        return levels;
      }
    }
  }

  private List<Level> remembered(List<Account> accounts) {
    return accounts.stream()
        .map(ground::place)
        .map(place -> new Level(known.of(place), 0, place.end()))
        .toList();
  }

  @Override
  public void atLeast(List<Charge> charges) {
    Known.places(ground.redis(), charges).forEach(known::tell);
    if (contact.now() instanceof Contact.Up up) {
      var _ = reminder.of(charges, up.link());
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
    Thresholds.tell(
        watcher, account, line.place().period(), Math.max(0, spent - line.used()), spent);
  }

  private void unsettled() {
    if (contact.now() instanceof Contact.Up up) {
      contact.lost(up, "it refuses to settle");
    }
  }

  @Override
  public void hear(Runnable givenBack) {
    holdings.hear(givenBack);
  }

  @Override
  public void unhear(Runnable givenBack) {
    holdings.unhear(givenBack);
  }

  @Override
  public void close() {
    contact.close();
    worker.shutdownNow();
    try {
      // What connects at the moment does so by a client that is closed next.
      if (!worker.awaitTermination(
          2 * ground.pace().exchange().toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.debug("an attempt to connect to {} goes on", ground.redis());
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
    reminder.close();
  }
}
