package dev.lintel.filter;

import dev.lintel.Failure;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Seals ids so that every node opens them: under the secret on which the nodes of one store have
 * agreed, which is asked for when it is needed first. What this node sealed under its own secret,
 * for that one could not be had, it opens, too.
 */
final class Seals {
  private final Seal own;
  private final Optional<Supplier<byte[]>> agreement;
  private volatile @Nullable Seal agreed;

  /**
   * @param agreement empty where there is one node; throws {@link Failure} {@code UNAVAILABLE}
   *     where it cannot be had at the moment
   */
  Seals(byte[] own, Optional<Supplier<byte[]>> agreement) {
    this.own = new Seal(own);
    this.agreement = agreement;
  }

  String close(String tenant, Seal.Open open) {
    try {
      return agreed().close(tenant, open);
    } catch (Failure away) {
      // An answer is not lost for its id: here at least it is good.
      return own.close(tenant, open);
    }
  }

  /**
   * Empty where the id was sealed by nobody here, or for another tenant. Throws {@code UNAVAILABLE}
   * where nobody can tell at the moment.
   */
  Optional<Seal.Open> open(String tenant, String shown) {
    Optional<Seal.Open> known = own.open(tenant, shown);
    return known.isPresent() || agreement.isEmpty() || !Seal.maybe(shown)
        ? known
        : agreed().open(tenant, shown);
  }

  private Seal agreed() {
    Seal known = agreed;
    if (known == null) {
      known = agreement.map(asked -> new Seal(asked.get())).orElse(own);
      agreed = known;
    }
    return known;
  }
}
