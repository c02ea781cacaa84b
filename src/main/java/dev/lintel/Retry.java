package dev.lintel;

import java.time.Duration;

/**
 * How often and after which waits a call is tried.
 *
 * @param attempts all tries over a model's targets; at least 1
 * @param least the first wait before a target is asked again; doubles each time, with jitter
 * @param most no wait is longer
 */
public record Retry(int attempts, Duration least, Duration most) {
  /** So that so many can be asked once each, and with three tries at least. */
  public static Retry usual(int asked) {
    return new Retry(Math.max(3, asked), Duration.ofMillis(200), Duration.ofSeconds(5));
  }
}
