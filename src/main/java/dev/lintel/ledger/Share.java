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
 * all.
 */
final class Share {
  private final Counters memory;
  private final Division parts;
  private final Function<Account, Place> place;

  /** Accounts of windows, by their places. */
  private final Map<String, Account> windows = new ConcurrentHashMap<>();

  /** Where it counts, by key. */
  private final Map<String, Place> begun = new ConcurrentHashMap<>();

  Share(Counters memory, Division parts, Function<Account, Place> place) {
    this.memory = memory;
    this.parts = parts;
    this.place = place;
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
    begun.computeIfAbsent(where.key(), key -> begin(account, where));
    long amount = parts.mine(account, where);
    Allowance whole = account.allowance();
    return amount == whole.amount() ? account : new Account(account.id(), of(whole, amount));
  }

  private Place begin(Account account, Place where) {
    long before = parts.before(where);
    if (where.kind() == Place.Kind.SPENT && before > 0) {
      memory.atLeast(List.of(new Counters.Charge(account.id(), where.period(), before)));
    } else if (where.rolls()) {
      windows.put(where.key(), account);
      long part = Math.ceilDiv(Math.min(before, account.allowance().amount()), parts.nodes());
      if (part > 0) {
        memory.spent(List.of(new Counters.Claim(account, part, part)));
      }
    }
    return where;
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
