package dev.lintel;

import java.time.Duration;

/**
 * How long a call may wait for what.
 *
 * @param connect for a connection to the provider
 * @param firstToken from sending the request to the first content; of a whole reply, to its first
 *     byte
 * @param idle between two pieces of a reply
 * @param total for everything, retries included
 * @param write for the caller to read what was sent to it
 */
public record Timeouts(
    Duration connect, Duration firstToken, Duration idle, Duration total, Duration write) {
  public static final Timeouts USUAL =
      new Timeouts(
          Duration.ofSeconds(5),
          Duration.ofMinutes(2),
          Duration.ofSeconds(60),
          Duration.ofMinutes(10),
          Duration.ofSeconds(60));
}
