package dev.lintel.secret;

import dev.lintel.Sealer;
import java.util.function.Supplier;

/**
 * Closes what lies in a store of several nodes, so that each of them can open it: also under a key
 * on which they have agreed there, which is asked for when it is needed first.
 */
public final class AgreedSealer implements Sealer {
  private final Supplier<Sealer> agreed;
  private volatile Sealer known;

  /**
   * @param agreed throws {@link dev.lintel.Failure} {@code UNAVAILABLE} where the store cannot be
   *     had
   */
  public AgreedSealer(Supplier<Sealer> agreed) {
    this.agreed = agreed;
    this.known = new Asking();
  }

  /** Until it is known. */
  private final class Asking implements Sealer {
    private Sealer asked() {
      Sealer answer = agreed.get();
      known = answer;
      return answer;
    }

    @Override
    public String seal(String what, String secret) {
      return asked().seal(what, secret);
    }

    @Override
    public String open(String what, String sealed) {
      return asked().open(what, sealed);
    }

    @Override
    public String renewed(String sealed) {
      return asked().renewed(sealed);
    }
  }

  @Override
  public String seal(String what, String secret) {
    return known.seal(what, secret);
  }

  @Override
  public String open(String what, String sealed) {
    return known.open(what, sealed);
  }

  @Override
  public String renewed(String sealed) {
    return known.renewed(sealed);
  }
}
