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
   * @param to no call that came then or later; empty for all until now
   * @param tenant of this one only; empty for all, as are those after it
   * @param model the name that was asked for
   * @param kind of the failure; an empty text for those that were answered
   * @param cursor where the list before this one ended; empty for the first
   * @param limit at least 1
   */
  record Question(
      Instant from,
      Optional<Instant> to,
      Optional<String> tenant,
      Optional<String> app,
      Optional<String> model,
      Optional<String> kind,
      Optional<String> cursor,
      int limit) {
    /** Of one tenant or all. */
    public Question(Instant from, Optional<String> tenant, Optional<String> cursor, int limit) {
      this(
          from,
          Optional.empty(),
          tenant,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          cursor,
          limit);
    }

    /**
     * Only calls with ids before that one are left; empty for all. Throws {@link Failure} {@code
     * INVALID_REQUEST} for a cursor that is none.
     */
    public Optional<String> before() {
      Optional<String> late = to.map(Ids::before);
      if (cursor.isEmpty()) {
        return late;
      }
      String last = cursor.get();
      if (!Ids.mayBe(last)) {
        throw Failure.invalid("'cursor' must be the 'next' of a list of calls.").at("cursor");
      }
      return Optional.of(late.filter(bound -> bound.compareTo(last) < 0).orElse(last));
    }
  }

  /**
   * A part of a list.
   *
   * @param next where it goes on; empty at its end
   * @param whole whether everybody who has records could be asked
   */
  record Page(List<byte[]> records, Optional<String> next, boolean whole) {
    public Page(List<byte[]> records, Optional<String> next) {
      this(records, next, true);
    }
  }

  /** Empty where there is no such call, or it is not known any more. */
  Optional<byte[]> find(String id);

  /**
   * The newest first. Throws {@link Failure} {@code INVALID_REQUEST} for a cursor that is none of
   * its own.
   */
  Page list(Question asked);
}
