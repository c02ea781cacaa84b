package dev.lintel;

import java.time.Duration;
import java.util.Optional;

/** The answer to whoever wants to ask a target. */
public sealed interface Leave {
  /**
   * It may be asked now. Whoever takes a pass gives it back by exactly one of these methods, on any
   * thread; the calls that come after the first are not heard.
   */
  non-sealed interface Pass extends Leave {
    /**
     * The target answered.
     *
     * @param firstContentNanos from asking to the first content
     * @param nanos from asking to the end of the reply
     */
    void answered(long firstContentNanos, long nanos, Usage usage);

    /**
     * Tells of a failure; whom it is blamed on and what the provider asked for decide who rests.
     */
    void failed(Failure failure);

    /** The try ended without saying anything of the target, such as by a caller who left. */
    void left();

    /**
     * Another target that was asked beside it was quicker, and the try was ended: it says no more
     * than that the first content takes longer than that.
     */
    default void outrun(long nanos) {
      left();
    }

    /** Nobody was asked with it. */
    default void unused() {
      left();
    }
  }

  /**
   * It may not be asked now.
   *
   * @param rest until it may be, as far as anybody knows
   * @param last what the target failed with last, where that is why
   */
  record Bar(Why why, Duration rest, Optional<Failure> last) implements Leave {
    /** In words for whoever asks why the call went elsewhere. */
    public String words() {
      return why.words + ", " + Math.max(1, rest.toSeconds()) + " s";
    }
  }

  /** Why a target may not be asked. */
  enum Why {
    /** Its provider is in trouble. */
    PROVIDER("the provider rests"),
    /** The model at the provider is in trouble. */
    MODEL("the model rests at the provider"),
    /** The provider refuses the key, for now or for good. */
    KEY("the key rests"),
    /** As many calls as it may have are under way. */
    BUSY("as many calls as it may have are under way"),
    /** What the provider's account may use in this window has been used. */
    SPENT("the limits of the provider's account are spent");

    private final String words;

    Why(String words) {
      this.words = words;
    }

    /** Whether asking all the same does no more harm than failing. */
    public boolean mayBeTried() {
      return this != BUSY && this != SPENT;
    }
  }
}
