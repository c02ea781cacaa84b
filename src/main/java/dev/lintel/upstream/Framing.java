package dev.lintel.upstream;

import dev.lintel.Frame;
import org.jspecify.annotations.Nullable;

/** Cuts the events of a stream out of its bytes. One a reply, used by one thread. */
public interface Framing {
  /**
   * Takes the next bytes, which now belong to the frames. Call {@link #next} until it is empty
   * before more.
   */
  void put(byte[] more);

  /** No more bytes will come. */
  void end();

  /** The next whole event, or {@code null} until more bytes come. */
  @Nullable Frame next();
}
