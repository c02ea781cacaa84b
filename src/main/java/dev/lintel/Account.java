package dev.lintel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One allowance of one of those who have it. */
public final class Account {
  private final String id;
  private final Allowance allowance;
  private final List<Allowance> beside;
  private volatile @Nullable Object count;

  /**
   * @param id the same on every node and after every start, whatever the amount: {@code
   *     acme/support|usd|day}, {@code acme/support|user=ann|tokens|60s}
   * @param beside others of the same thing, by which the same count is judged, too
   */
  public Account(String id, Allowance allowance, List<Allowance> beside) {
    this.id = id;
    this.allowance = allowance;
    this.beside = List.copyOf(beside);
  }

  public Account(String id, Allowance allowance) {
    this(id, allowance, List.of());
  }

  public String id() {
    return id;
  }

  public Allowance allowance() {
    return allowance;
  }

  public List<Allowance> beside() {
    return beside;
  }

  /** The same count for another allowance alone. */
  public Account judgedBy(Allowance other) {
    return new Account(id, other);
  }

  /**
   * What those who count have left here last, so that they need not look it up by the id; it may be
   * another's, or over.
   */
  public @Nullable Object count() {
    return count;
  }

  public void count(Object known) {
    count = known;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Account account && account.id.equals(id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return id + " by " + allowance + (beside.isEmpty() ? "" : " and " + beside);
  }
}
