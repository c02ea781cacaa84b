package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Where the records of calls can be looked up, each as the JSON that {@link CallRecord} writes. */
public interface CallRecords {
  /**
   * Which of them.
   *
   * @param from no call that came before it
   * @param tenant of this one only; empty for all
   * @param cursor where the list before this one ended; empty for the first
   * @param limit at least 1
   */
  record Question(Instant from, Optional<String> tenant, Optional<String> cursor, int limit) {}

  /**
   * A part of a list.
   *
   * @param next where it goes on; empty at its end
   */
  record Page(List<byte[]> records, Optional<String> next) {}

  /** Empty where there is no such call, or it is not known any more. */
  Optional<byte[]> find(String id);

  /**
   * The newest first. Throws {@link Failure} {@code INVALID_REQUEST} for a cursor that is none of
   * its own.
   */
  Page list(Question asked);
}
