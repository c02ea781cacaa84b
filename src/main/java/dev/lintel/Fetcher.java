package dev.lintel;

/** Follows links for providers that take bytes alone. */
@FunctionalInterface
public interface Fetcher {
  /**
   * What stood behind a link.
   *
   * @param type as its server said; empty where it said nothing
   */
  record Fetched(String type, byte[] bytes) {}

  /**
   * Waits on the call's thread.
   *
   * @param deadline {@link System#nanoTime}
   * @throws Failure {@code INVALID_REQUEST}, with words that begin with the link's fault, where it
   *     leads where it may not, to nothing, or to more than a link may
   */
  Fetched fetch(String url, Reach reach, long deadline);
}
