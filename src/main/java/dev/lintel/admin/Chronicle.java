package dev.lintel.admin;

import dev.lintel.CallRecords;
import dev.lintel.CallRecords.Question;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Records of calls in the order in which they came. Lists give the newest first; so each stretch of
 * time is taken whole, of which no more are held than {@link #MOST}.
 */
final class Chronicle {
  /** A stretch with more is parted. */
  private static final int MOST = 5000;

  private static final int PAGE = 1000;
  private static final Duration FIRST = Duration.ofHours(1);
  private static final Duration LONGEST = Duration.ofDays(1);
  private static final Duration SHORTEST = Duration.ofMillis(1);

  private final CallRecords records;
  private final Optional<String> tenant;
  private boolean whole = true;

  Chronicle(CallRecords records, Optional<String> tenant) {
    this.records = records;
    this.tenant = tenant;
  }

  /** Whether everybody could be asked who has records. */
  boolean whole() {
    return whole;
  }

  /**
   * Holds its thread.
   *
   * @param taking false where it wants no more
   */
  void each(Instant from, Instant to, Predicate<byte[]> taking) {
    Duration length = FIRST;
    for (Instant at = from; at.isBefore(to); ) {
      Instant end = at.plus(length);
      end = end.isAfter(to) ? to : end;
      Optional<List<byte[]>> found = stretch(at, end, length.compareTo(SHORTEST) <= 0);
      if (found.isEmpty()) {
        length = length.dividedBy(4).compareTo(SHORTEST) < 0 ? SHORTEST : length.dividedBy(4);
        continue;
      }
      for (byte[] record : found.get().reversed()) {
        if (!taking.test(record)) {
          return;
        }
      }
      at = end;
      boolean few = found.get().size() < MOST / 4 && length.compareTo(LONGEST) < 0;
      length = few ? length.multipliedBy(2) : length;
    }
  }

  /** The newest first; empty where there are too many, unless it cannot be shorter. */
  private Optional<List<byte[]>> stretch(Instant from, Instant to, boolean shortest) {
    var all = new ArrayList<byte[]>();
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          records.list(
              new Question(
                  from,
                  Optional.of(to),
                  tenant,
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  cursor,
                  PAGE));
      all.addAll(page.records());
      whole &= page.whole();
      cursor = page.next();
      if (all.size() > MOST && cursor.isPresent() && !shortest) {
        return Optional.empty();
      }
    } while (cursor.isPresent());
    return Optional.of(all);
  }
}
