package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * This node's share of what all nodes may, counted in its own memory while nobody keeps a count for
 * all. What was known to be spent stays spent, what calls hold that are under way stays theirs, and
 * of the rest each node has the same part.
 */
final class Share {
  private final Counters memory;
  private final int nodes;
  private final Known known;
  private final Function<Account, Place> place;

  /**
   * How an account stood when this node began to count alone.
   *
   * @param own what this node's calls held
   * @param others what those of all others did, as far as it was seen
   */
  private record Begun(long before, long own, long others) {}

  /** Accounts of windows, by their places. */
  private final Map<String, Account> windows = new ConcurrentHashMap<>();

  private final Map<String, Begun> begun = new ConcurrentHashMap<>();
  private final Map<Place, Long> untold;
  private final Map<Place, Long> own;

  /**
   * @param nodes among which it is divided, with this one
   * @param untold what this node has used that may not have been seen
   * @param own what its calls hold that are under way
   */
  Share(
      Counters memory,
      int nodes,
      Known known,
      Function<Account, Place> place,
      Map<Place, Long> untold,
      Map<Place, Long> own) {
    this.memory = memory;
    this.nodes = Math.max(1, nodes);
    this.known = known;
    this.place = place;
    this.untold = Map.copyOf(untold);
    this.own = Map.copyOf(own);
  }

  /** What a call holds that was let in elsewhere; {@code null} where there is no room for it. */
  Counters.@Nullable Grant adopt(Account account, long reserved) {
    var claim = new Counters.Claim(divided(account), reserved, reserved);
    return memory.take(List.of(claim)) instanceof Counters.Grant grant ? grant : null;
  }

  Counters.Taken take(List<Counters.Claim> claims) {
    return memory.take(divided(claims));
  }

  private List<Counters.Claim> divided(List<Counters.Claim> claims) {
    return claims.stream()
        .map(claim -> new Counters.Claim(divided(claim.account()), claim.bound(), claim.usual()))
        .toList();
  }

  List<Counters.Charge> spent(List<Counters.Claim> claims) {
    return memory.spent(divided(claims));
  }

  List<Counters.Level> levels(List<Account> accounts) {
    return memory.levels(accounts.stream().map(this::divided).toList());
  }

  private Account divided(Account account) {
    Place where = place.apply(account);
    Begun then = begun.computeIfAbsent(where.key(), key -> begin(account, where));
    Allowance whole = account.allowance();
    long amount =
        where.kind() == Place.Kind.SPENT
            ? then.before
                + then.own
                + Math.max(0, whole.amount() - then.before - then.own - then.others) / nodes
            : Math.max(1, whole.amount() / nodes);
    return amount == whole.amount() ? account : new Account(account.id(), of(whole, amount));
  }

  private Begun begin(Account account, Place where) {
    long before = known.begin(where) + untold.getOrDefault(where, 0L);
    long held = own.getOrDefault(where, 0L);
    if (where.kind() == Place.Kind.SPENT && before > 0) {
      memory.atLeast(List.of(new Counters.Charge(account.id(), where.period(), before)));
    } else if (where.rolls()) {
      windows.put(where.key(), account);
      long part = Math.ceilDiv(Math.min(before, account.allowance().amount()), nodes);
      if (part > 0) {
        memory.spent(List.of(new Counters.Claim(account, part, part)));
      }
    }
    return new Begun(before, held, Math.max(0, known.reserved(where) - held));
  }

  /**
   * What windows have let through here, with what was known of them before. What calls have spent
   * of budgets is told as they end.
   */
  List<Outbox.Line> used() {
    var lines = new ArrayList<Outbox.Line>();
    for (Account account : windows.values()) {
      long used = memory.levels(List.of(account)).getFirst().spent();
      if (used > 0) {
        lines.add(new Outbox.Line(account, place.apply(account), "", 0, used, ""));
      }
    }
    return lines;
  }

  private static Allowance of(Allowance whole, long amount) {
    return new Allowance(
        whole.rule(),
        whole.owner(),
        whole.measure(),
        amount,
        whole.span(),
        whole.per(),
        whole.only(),
        whole.mode(),
        whole.thresholds(),
        whole.atLimit());
  }
}
