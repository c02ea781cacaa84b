package dev.lintel;

import java.time.Duration;
import java.util.Optional;

/**
 * How long what calls leave behind is kept at the most; what is empty is kept as long as
 * everybody's.
 *
 * @param records of calls
 * @param replies that are given again under a key of the caller's
 * @param files with the batches that have ended
 */
public record Retention(
    Optional<Duration> records, Optional<Duration> replies, Optional<Duration> files) {
  /** How a rule says it of the calls of a place. */
  public record Rule(Whose whose, Ruled<Retention> ruled) {}
}
