package dev.lintel;

import java.time.Instant;
import java.util.List;

/** What rules of policies had to say against calls, counted. */
@FunctionalInterface
public interface Findings {
  /**
   * One rule, one caller.
   *
   * @param mode as {@link Mode#word} says it
   * @param kind of the failure that it was, or would have been
   * @param first when it first said so, in the time that was asked for
   * @param message one of those that it had
   * @param examples ids of calls, at least one
   */
  record Row(
      String rule,
      String mode,
      String kind,
      String tenant,
      String app,
      long calls,
      Instant first,
      Instant last,
      String message,
      List<String> examples) {
    public Row {
      examples = List.copyOf(examples);
    }
  }

  /**
   * What there is.
   *
   * @param calls how many calls were looked at, whether or not a rule spoke against them
   * @param whole whether these are all calls of that time
   */
  record Found(List<Row> rows, long calls, boolean whole) {
    public Found {
      rows = List.copyOf(rows);
    }
  }

  /**
   * @param from no call that came before it
   * @param to no call that came then or later
   */
  Found between(Instant from, Instant to);
}
