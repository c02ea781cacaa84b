package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.CallThread;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Level;
import dev.lintel.Counters.Short;
import dev.lintel.Counters.Taken;
import dev.lintel.Failure;
import dev.lintel.Mode;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * What a call waits for at its entry: one run of the script, which gives it all it asks for or
 * nothing.
 */
final class Exchange {
  private static final Duration LATE = Duration.ofDays(1);
  private static final Duration SHORTLY = Duration.ofSeconds(1);

  private final Ground ground;
  private final Known known;
  private final Member member;
  private final Holdings holdings;
  private final Contact contact;
  private final Elsewhere elsewhere;

  Exchange(
      Ground ground,
      Known known,
      Member member,
      Holdings holdings,
      Contact contact,
      ScheduledExecutorService worker) {
    this.ground = ground;
    this.known = known;
    this.member = member;
    this.holdings = holdings;
    this.contact = contact;
    this.elsewhere = new Elsewhere(worker, this::standings, holdings::tell);
  }

  /** Returns {@code null} where Redis is away, or takes this node for another. */
  @Nullable Taken take(Contact.Up up, List<Claim> claims) {
    Instant now = ground.time().instant();
    String holder = member.name();
    var words = ground.words("take", holder);
    var places = new Place[claims.size()];
    for (int i = 0; i < places.length; i++) {
      Claim claim = claims.get(i);
      Allowance allowance = claim.account().allowance();
      Place place = Place.of(ground.redis(), claim.account(), now);
      places[i] = place;
      words.key(place.key()).add(place.kind().word()).add(place.extent());
      if (allowance.mode() == Mode.ENFORCE) {
        words.add(most(up, claim.account(), place));
      } else {
        words.add("");
      }
      words.add(Math.max(0, claim.bound())).add(Math.max(0, claim.usual()));
    }
    CompletableFuture<List<String>> asked = up.link().run(words);
    List<String> reply;
    try {
      reply = CallThread.await(ground.bounded(asked));
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
      contact.lost(up, Ground.said(failed));
      return null;
    }
    return switch (reply.getFirst()) {
      case "taken" -> granted(reply, claims, places, holder, now);
      case "short" -> missing(up, reply, claims, places, now);
      default -> {
        contact.lost(up, "it was taken for dead");
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
    member.heardOf(Integer.parseInt(reply.get(2)));
    var reserved = new long[places.length];
    var left = new long[places.length];
    for (int i = 0; i < places.length; i++) {
      long spent = Long.parseLong(reply.get(3 + 3 * i));
      long under = Long.parseLong(reply.get(4 + 3 * i));
      reserved[i] = Long.parseLong(reply.get(5 + 3 * i));
      left[i] = claims.get(i).account().allowance().amount() - spent - under;
      known.see(places[i], spent, under);
    }
    Held held = Held.there(holdings, claims, places, reserved, left, now, reply.get(1));
    return holdings.add(held, holder, () -> member.name().equals(holder)) ? held : null;
  }

  /** As far as all nodes may go that are there. */
  private static long most(Contact.Up up, Account account, Place place) {
    return Math.max(0, account.allowance().amount() - up.absent().parts(account, place));
  }

  private Short missing(
      Contact.Up up, List<String> reply, List<Claim> claims, Place[] places, Instant now) {
    int number = Integer.parseInt(reply.get(1));
    long spent = Long.parseLong(reply.get(2));
    long reserved = Long.parseLong(reply.get(3));
    long rolls = Long.parseLong(reply.get(4));
    known.see(places[number], spent, reserved);
    Claim claim = claims.get(number);
    long amount = most(up, claim.account(), places[number]);
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
        held || up.absent().missing() > 0);
  }

  /** Returns {@code null} where Redis is away. */
  @Nullable List<Level> levels(Contact.Up up, List<Account> accounts) {
    Instant now = ground.time().instant();
    var levels = new ArrayList<Level>();
    for (int from = 0; from < accounts.size(); from += Ground.MOST) {
      List<Place> places =
          accounts.subList(from, Math.min(accounts.size(), from + Ground.MOST)).stream()
              .map(account -> Place.of(ground.redis(), account, now))
              .toList();
      List<String> reply;
      try {
        reply = CallThread.await(ground.bounded(standings(up, places)));
      } catch (Failure cancelled) {
        throw cancelled;
      } catch (RuntimeException failed) {
        contact.lost(up, Ground.said(failed));
        return null;
      }
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

  private CompletableFuture<List<String>> standings(Contact.Up up, List<Place> places) {
    var words = ground.words("levels", "");
    places.forEach(place -> words.key(place.key()).add(place.kind().word()).add(place.extent()));
    return up.link().run(words);
  }

  private CompletableFuture<List<String>> standings(List<Place> places) {
    return contact.now() instanceof Contact.Up up
        ? ground.bounded(standings(up, places))
        : CompletableFuture.failedFuture(new IllegalStateException("Redis is away"));
  }
}
