package dev.lintel.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Account;
import dev.lintel.Counters;
import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Grant;
import dev.lintel.Counters.Level;
import dev.lintel.Measure;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Thousands of calls that begin and end in any order, while time goes on, against a list of what
 * was taken and when: the ledger says the same.
 */
class LedgerModelTest {
  private static final Instant BEGIN = Instant.parse("2026-11-21T12:00:00Z");
  private static final long PART = Duration.ofSeconds(2).toNanos();

  private long nanos;

  /** Something that was taken: of it {@code amount} counts, which is held until it is settled. */
  private static final class Entry {
    final long part;
    final long hour;
    long amount;
    boolean held = true;

    Entry(long nanos, long amount) {
      this.part = nanos / PART;
      this.hour = hour(nanos);
      this.amount = amount;
    }
  }

  private static long hour(long nanos) {
    return BEGIN.plusNanos(nanos).getEpochSecond() / 3600;
  }

  /** The plainest ledger that can be: it adds up what it remembers. */
  private final class Model {
    final Map<String, List<Entry>> entries = new HashMap<>();

    private boolean counts(Account account, Entry entry) {
      return switch (account.allowance().span()) {
        case Span.Rolling rolling -> entry.part > nanos / PART - 30;
        case Span.Calendar calendar -> entry.hour == hour(nanos);
        case Span.Total total -> true;
        case Span.Now now -> entry.held;
      };
    }

    long sum(Account account, boolean held) {
      return entries.getOrDefault(account.id(), List.of()).stream()
          .filter(entry -> entry.held == held && counts(account, entry))
          .mapToLong(entry -> entry.amount)
          .sum();
    }

    /** Which claim is short; -1 where none is. */
    int first(List<Claim> claims) {
      for (int i = 0; i < claims.size(); i++) {
        if (hold(claims.get(i)) < 0) {
          return i;
        }
      }
      return -1;
    }

    long hold(Claim claim) {
      long left =
          claim.account().allowance().amount()
              - sum(claim.account(), true)
              - sum(claim.account(), false);
      if (claim.bound() <= left) {
        return claim.bound();
      }
      boolean alone =
          entries.getOrDefault(claim.account().id(), List.of()).stream()
              .noneMatch(entry -> entry.held && counts(claim.account(), entry));
      return alone && claim.usual() <= left ? left : -1;
    }

    List<Entry> take(List<Claim> claims) {
      var taken = new ArrayList<Entry>();
      for (Claim claim : claims) {
        var entry = new Entry(nanos, hold(claim));
        if (claim.account().allowance().measure() == Measure.REQUESTS) {
          entry.held = false;
        }
        entries.computeIfAbsent(claim.account().id(), id -> new ArrayList<>()).add(entry);
        taken.add(entry);
      }
      return taken;
    }

    void settle(List<Claim> claims, List<Entry> taken, long[] used) {
      for (int i = 0; i < used.length; i++) {
        taken.get(i).held = false;
        taken.get(i).amount = used[i];
      }
    }
  }

  private record Running(List<Claim> claims, List<Entry> entries, Grant grant) {}

  @Test
  void says_what_a_plain_list_of_all_that_happened_says() {
    for (int round = 0; round < 40; round++) {
      long seed = System.nanoTime() + round;
      try {
        interleave(new Random(seed));
      } catch (AssertionError wrong) {
        throw new AssertionError("seed " + seed, wrong);
      }
    }
  }

  private void interleave(Random random) {
    nanos = 0;
    Counters counters =
        new MemoryCounters(
            () -> nanos, () -> BEGIN.plusNanos(nanos), (account, period, percent, spent) -> {});
    var model = new Model();
    List<Account> accounts =
        List.of(
            CountersContract.account("a", Measure.REQUESTS, 25, CountersContract.MINUTE),
            CountersContract.account("a", Measure.TOKENS, 400, CountersContract.MINUTE),
            CountersContract.account("a", Measure.CONCURRENT, 6, new Span.Now()),
            CountersContract.money("a", 5000, new Span.Calendar(Span.Unit.HOUR, ZoneOffset.UTC)),
            CountersContract.money("t", 40_000, new Span.Total()));
    var running = new ArrayList<Running>();
    var charged = new HashMap<String, Long>();
    for (int step = 0; step < 1500; step++) {
      switch (random.nextInt(5)) {
        case 0 -> nanos += random.nextInt(10) * PART;
        case 1, 2 -> {
          List<Claim> claims = claims(accounts, random);
          int shortage = model.first(claims);
          Counters.Taken taken = counters.take(claims);
          if (shortage >= 0) {
            assertThat(taken)
                .isInstanceOfSatisfying(
                    Counters.Short.class, was -> assertThat(was.claim()).isEqualTo(shortage));
          } else {
            assertThat(taken).isInstanceOf(Grant.class);
            running.add(new Running(claims, model.take(claims), (Grant) taken));
          }
        }
        default -> {
          // What is longer than a window is another test's.
          running.removeIf(old -> !young(old) && end(old, model, random, charged));
          if (!running.isEmpty()) {
            end(running.remove(random.nextInt(running.size())), model, random, charged);
          }
        }
      }
      running.removeIf(old -> !young(old) && end(old, model, random, charged));
      check(counters, accounts, model);
    }
    running.forEach(last -> end(last, model, random, charged));
    check(counters, accounts, model);
    assertThat(charged.getOrDefault(accounts.get(4).id() + Instant.EPOCH, 0L))
        .isEqualTo(model.sum(accounts.get(4), false));
  }

  private boolean young(Running call) {
    return call.entries.isEmpty() || nanos / PART - call.entries.getFirst().part < 20;
  }

  private static List<Claim> claims(List<Account> accounts, Random random) {
    var claims = new ArrayList<Claim>();
    long bound = 1 + random.nextInt(120);
    for (Account account : accounts) {
      if (random.nextInt(4) > 0) {
        boolean one =
            account.allowance().measure() == Measure.REQUESTS
                || account.allowance().measure() == Measure.CONCURRENT;
        claims.add(
            one ? new Claim(account, 1, 1) : new Claim(account, bound, 1 + random.nextLong(bound)));
      }
    }
    return claims;
  }

  private static boolean end(Running call, Model model, Random random, Map<String, Long> charged) {
    var used = new long[call.claims.size()];
    for (int i = 0; i < used.length; i++) {
      Measure measure = call.claims.get(i).account().allowance().measure();
      used[i] =
          measure == Measure.REQUESTS || measure == Measure.CONCURRENT
              ? 1
              : random.nextLong(call.claims.get(i).bound() + 5);
    }
    model.settle(call.claims, call.entries, used);
    for (Charge charge : call.grant.settle(used)) {
      charged.merge(charge.account() + charge.period(), charge.amount(), Long::sum);
    }
    return true;
  }

  private static void check(Counters counters, List<Account> accounts, Model model) {
    List<Level> levels = counters.levels(accounts);
    for (int i = 0; i < accounts.size(); i++) {
      Account account = accounts.get(i);
      boolean now = account.allowance().span() instanceof Span.Now;
      assertThat(levels.get(i).reserved())
          .as(account.id() + " reserved")
          .isEqualTo(model.sum(account, true));
      assertThat(levels.get(i).spent())
          .as(account.id() + " spent")
          .isEqualTo(now ? 0 : model.sum(account, false));
    }
  }
}
