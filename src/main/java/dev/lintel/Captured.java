package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a call said and was answered, on its way to be kept.
 *
 * @param request as it was read at first
 * @param chunks of the answer, in the dialect of the caller's common model
 * @param failure that the caller was told; empty where it was answered
 * @param held how many bytes were {@linkplain Taker#hold held} for the answer
 * @param cut whether the answer was longer than what is here
 * @param until when it must be gone
 */
public record Captured(
    Trail trail,
    Capture.Level level,
    Request request,
    List<Chunk> chunks,
    long held,
    Optional<Failure> failure,
    boolean cut,
    Instant until) {

  /** Takes what shall be kept, and bounds how much there is of it at any time. */
  public interface Taker {
    /**
     * Whether there is room for so much more of an answer. It is held then, until what it is a part
     * of is taken.
     */
    boolean hold(long bytes);

    /** Must not wait: what finds no room is lost, and counted. */
    void take(Captured captured);
  }
}
