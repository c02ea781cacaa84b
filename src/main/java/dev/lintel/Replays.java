package dev.lintel;

/**
 * Replies that were asked for under a key of the caller's, kept for a while so that the same
 * question gets the same answer. A key is free, held by a running call, or kept with its reply.
 */
public interface Replays {
  /** The caller's word for one piece of work, of one app. */
  record Key(String tenant, String app, String name) {}

  /** What stands under a key. */
  sealed interface Found {
    /** Nothing stood there; now the asking call holds it. */
    record Free() implements Found {}

    /** Another call holds it. */
    record Running() implements Found {}

    /** It was used for another question. */
    record Other() implements Found {}

    record Kept(Replay reply) implements Found {}
  }

  /**
   * Looks a key up, and holds it for that call where it is free. A holder whose process has died
   * loses its keys within 15 s.
   *
   * @param question stands for all that must be the same for an answer to be given again
   */
  Found take(Key key, byte[] question, String callId);

  /** Keeps the holder's reply; durable when this returns. Nothing happens to a key it has lost. */
  void keep(Key key, Replay reply);

  /** Frees a key that the call still holds. Does not wait. */
  void free(Key key, String callId);
}
