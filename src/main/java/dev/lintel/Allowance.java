package dev.lintel;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How much of something callers may have in a time: a limit, where the time rolls, or a budget,
 * where it is the calendar's or all there is.
 *
 * @param rule where it stands in the configuration
 * @param owner whose it is: {@code tenant}, {@code tenant/app} or {@code tenant/app#use_case};
 *     empty for all callers together
 * @param amount in the units of the measure, above 0
 * @param per who of the owner's has one of their own each, in this order; empty for one together
 * @param only the values that count where {@code per} names a dimension, by its name; empty where
 *     all do
 * @param thresholds percents at whose passing somebody is told, growing
 */
public record Allowance(
    String rule,
    String owner,
    Measure measure,
    long amount,
    Span span,
    List<Dimension> per,
    Set<String> only,
    Mode mode,
    List<Integer> thresholds,
    AtLimit atLimit) {

  public Allowance {
    per = List.copyOf(per);
    only = Set.copyOf(only);
    thresholds = List.copyOf(thresholds);
  }

  /** A limit or budget that is enforced, for its owner as a whole. */
  public static Allowance of(String rule, String owner, Measure measure, long amount, Span span) {
    return new Allowance(
        rule,
        owner,
        measure,
        amount,
        span,
        List.of(),
        Set.of(),
        Mode.ENFORCE,
        List.of(),
        AtLimit.REFUSE);
  }

  /** The same of another owner. */
  public Allowance of(String other) {
    return new Allowance(rule, other, measure, amount, span, per, only, mode, thresholds, atLimit);
  }

  /** Whether it outlasts the process: what was spent stays spent. */
  public boolean lasting() {
    return span instanceof Span.Calendar || span instanceof Span.Total;
  }

  /**
   * What is done with a call for which nothing is left.
   *
   * @param downgrade cheaper models that are asked instead, in this order
   * @param answer a text that is answered instead
   * @param approval whether somebody may grant more
   */
  public record AtLimit(List<String> downgrade, Optional<String> answer, boolean approval) {
    public static final AtLimit REFUSE = new AtLimit(List.of(), Optional.empty(), false);

    public AtLimit {
      downgrade = List.copyOf(downgrade);
    }
  }
}
