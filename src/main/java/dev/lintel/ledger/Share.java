package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * This node's share of what all nodes may, counted in its own memory while nobody keeps a count for
 * all. What was known to be spent stays spent, and of the rest each node has the same part.
 */
final class Share {
  private final Counters memory;
  private final int nodes;
  private final Known known;
  private final Function<Account, Place> place;

  /** What was spent of accounts when this node began to count alone, by their places. */
  private final Map<String, Account> begun = new ConcurrentHashMap<>();

  private final Map<String, Long> spent = new ConcurrentHashMap<>();

  /**
   * @param nodes among which it is divided, with this one
   */
  Share(Counters memory, int nodes, Known known, Function<Account, Place> place) {
    this.memory = memory;
    this.nodes = Math.max(1, nodes);
    this.known = known;
    this.place = place;
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
    long before = spent.computeIfAbsent(where.key(), key -> begin(account, where));
    Allowance whole = account.allowance();
    long amount =
        where.kind() == Place.Kind.SPENT
            ? before + Math.max(0, whole.amount() - before) / nodes
            : Math.max(1, whole.amount() / nodes);
    return amount == whole.amount() ? account : new Account(account.id(), of(whole, amount));
  }

  private long begin(Account account, Place where) {
    long before = known.begin(where);
    if (where.kind() == Place.Kind.SPENT && before > 0) {
      memory.atLeast(List.of(new Counters.Charge(account.id(), where.period(), before)));
    } else if (where.rolls()) {
      begun.put(where.key(), account);
      long part = Math.ceilDiv(Math.min(before, account.allowance().amount()), nodes);
      if (part > 0) {
        memory.spent(List.of(new Counters.Claim(account, part, part)));
      }
    }
    return before;
  }

  /**
   * What windows have let through here, with what was known of them before. What calls have spent
   * of budgets is told as they end.
   */
  List<Outbox.Line> used() {
    var lines = new ArrayList<Outbox.Line>();
    for (Account account : begun.values()) {
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
