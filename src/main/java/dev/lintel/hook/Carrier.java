package dev.lintel.hook;

import dev.lintel.Notice;

/** Brings a notice to a receiver. */
interface Carrier {
  /** One try, which ends within {@link Hook#PATIENCE}. */
  Tried bring(Notice notice) throws InterruptedException;

  /**
   * What came of one try.
   *
   * @param again whether another may do better
   * @param why without what may be a secret
   */
  record Tried(boolean good, boolean again, String why) {
    static final Tried GOOD = new Tried(true, false, "");

    static Tried failed(Throwable cause) {
      // The message may hold the address, and that a secret.
      return new Tried(false, true, cause.getClass().getSimpleName());
    }
  }
}
