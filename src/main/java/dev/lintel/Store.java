package dev.lintel;

/**
 * What outlasts the process, in small roles. Its methods may be called on any thread: on a call's
 * they wait without holding the carrier. Where the store cannot be had they throw {@link Failure}
 * {@code UNAVAILABLE}.
 */
public interface Store extends AutoCloseable {
  Replays replays();

  StoredFiles files();

  Batches batches();

  Records records();

  Spending spending();

  /** Returns once the store has been opened and answers; throws {@link Failure} where it is not. */
  void check();

  /** What was accepted is written before it closes. */
  @Override
  void close();
}
