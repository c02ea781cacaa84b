package dev.lintel.ledger;

/** Knows since when it was not used, as far as somebody has looked. */
abstract class Idling {
  /** Without a fence: a use that a look misses costs no more than being made anew. */
  private boolean used = true;

  private long since;

  final void use() {
    used = true;
  }

  /** The first look after the last use. One look at a time. */
  final long idleSince(Moment now) {
    if (used) {
      used = false;
      since = now.nanos();
    }
    return since;
  }
}
