package dev.lintel;

/**
 * One allowance of one of those who have it.
 *
 * @param id the same on every node and after every start, whatever the amount: {@code
 *     acme/support|usd|day}, {@code acme/support|user=ann|tokens|60s}
 */
public record Account(String id, Allowance allowance) {
  @Override
  public boolean equals(Object other) {
    return other instanceof Account account && account.id.equals(id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }
}
