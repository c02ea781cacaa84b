package dev.lintel;

import java.util.List;
import java.util.Map;

/**
 * Writes one reply to a client. Made for one reply and used by one thread; a stream is any number
 * of {@code event}s and then either {@code end} or {@code error}.
 */
public interface ReplyWriter {
  /** The content type of a stream. */
  String streamType();

  /** The content type of a whole reply that has been written. */
  default String wholeType() {
    return Answer.JSON;
  }

  /** The status with which a live reply begins, once its first chunk is known. */
  default int status() {
    return 200;
  }

  /** What stands in a live reply's head beside the gateway's own. */
  default Map<String, String> headers() {
    return Map.of();
  }

  /**
   * Adds what the client shall see of the chunk, with its framing. Sends the provider's own bytes
   * where they are of this dialect and say no more than the client asked for.
   */
  void event(Chunk chunk, Bytes out);

  /** Adds what ends a complete stream, terminal marker included. */
  void end(Bytes out);

  /** Adds the error event that ends a broken stream; never the terminal marker. */
  void error(Failure failure, Trail trail, Bytes out);

  /** Writes all chunks of a complete reply as one whole reply. */
  byte[] whole(List<Chunk> chunks);
}
