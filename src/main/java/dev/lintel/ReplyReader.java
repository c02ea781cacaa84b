package dev.lintel;

import java.util.Optional;

/**
 * Reads one reply of a provider. Made for one reply and used by one thread.
 *
 * <p>Every method throws {@link Failure} where the provider reports an error or the bytes make no
 * sense.
 */
public interface ReplyReader {
  /** The head of a reply that is no error; called once, before everything else. */
  default void head(Headers headers) {}

  /**
   * Asked first of a live reply, whatever its status. What it returns opens a reply that is handed
   * on as its bytes come: each piece is then an {@link #event}, and an empty frame says that there
   * are no more. Empty for every other reply.
   */
  default Optional<Chunk> opaque(int status, Headers headers) {
    return Optional.empty();
  }

  /**
   * Reads a whole reply: one chunk that says everything, its {@code Usage} and {@code Stop}
   * included, with its frame.
   */
  Chunk whole(byte[] body);

  /**
   * Reads one event of a stream. A chunk without parts is one that says nothing to anybody (a ping,
   * a terminal marker).
   */
  Chunk event(Frame frame);

  /**
   * Whether the terminal marker has come, after which nothing more is expected though the
   * connection be open.
   */
  default boolean done() {
    return false;
  }

  /**
   * The provider's stream has ended. Throws {@link Failure} {@code UPSTREAM_ERROR} unless the reply
   * was complete.
   */
  void end();
}
