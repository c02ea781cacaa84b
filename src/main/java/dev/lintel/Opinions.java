package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How well calls were answered, kept for as long as their records are: who forgets a record forgets
 * what was said of it.
 */
public interface Opinions {
  /** What sums can be asked by. */
  List<String> COLUMNS = List.of("tenant", "app", "use_case", "model", "target", "source", "label");

  /** The {@link Feed}'s topic. */
  String TOPIC = "opinions";

  /**
   * In the place of what the same source said of that call before. Durable when it returns.
   *
   * @return false where the call is {@linkplain Erasure erased}: nothing of it is kept
   */
  boolean keep(Opinion opinion);

  /** What was said of that call. */
  default List<Opinion> of(String callId) {
    return of(List.of(callId));
  }

  /**
   * What was said of those calls, call by call.
   *
   * @param callIds a thousand at the most
   */
  List<Opinion> of(List<String> callIds);

  /**
   * @param values of the columns that were asked for, in their order
   * @param total of the scores
   * @param good how many scores are above a half
   */
  record Sum(List<String> values, long count, double total, long good) {
    public double mean() {
      return total / count;
    }
  }

  /**
   * What was said of the calls of a time.
   *
   * @param by some of {@link #COLUMNS}: each row is of one value of each
   * @param tenant of this one only; empty for all
   * @param from calls that came then or later
   * @param to calls that came before
   */
  List<Sum> sums(List<String> by, Optional<String> tenant, Instant from, Instant to);
}
