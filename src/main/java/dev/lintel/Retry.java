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
  /** For a model with so many targets: each is tried once, and there are three tries at least. */
  public static Retry usual(int targets) {
    return new Retry(Math.max(3, targets), Duration.ofMillis(200), Duration.ofSeconds(5));
  }
}
