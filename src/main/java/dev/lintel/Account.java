package dev.lintel;

import java.util.List;

/**
 * One allowance of one of those who have it.
 *
 * @param id the same on every node and after every start, whatever the amount: {@code
 *     acme/support|usd|day}, {@code acme/support|user=ann|tokens|60s}
 * @param beside others of the same thing, by which the same count is judged, too
 */
public record Account(String id, Allowance allowance, List<Allowance> beside) {
  public Account {
    beside = List.copyOf(beside);
  }

  public Account(String id, Allowance allowance) {
    this(id, allowance, List.of());
  }

  /** The same count for another allowance alone. */
  public Account judgedBy(Allowance other) {
    return new Account(id, other);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Account account && account.id.equals(id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }
}
