package dev.lintel;

/** Wants to keep what a caller is answered. Told by the edge, once. */
public interface Keeper {
  /** The most bytes of a body that are kept. */
  long largest();

  /** The reply is complete but for its end, which is sent when this returns. */
  void keep(Replay reply);

  /** There is no complete reply, or none worth keeping. Must not wait. */
  void drop();
}
