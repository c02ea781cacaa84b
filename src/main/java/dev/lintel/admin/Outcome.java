package dev.lintel.admin;

import dev.lintel.Failure;
import dev.lintel.Finding;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/**
 * What would have come of a call.
 *
 * @param failure empty where it would have been answered
 * @param target that would have been asked last; empty where none would
 * @param cost empty where nobody knows
 * @param guessed whether what it would have used is told by what other calls used
 * @param nanos from its arrival to its end; -1 where nobody knows
 * @param findings what rules would have said
 */
public record Outcome(
    Optional<Failure> failure,
    String target,
    Optional<BigDecimal> cost,
    boolean guessed,
    long nanos,
    List<Finding> findings) {
  boolean refused() {
    return failure.isPresent()
        && target.isEmpty()
        && failure.get().kind() != Failure.Kind.CANCELLED;
  }

  boolean answered() {
    return failure.isEmpty();
  }

  /** The rule that refuses it, or what stands for one. */
  String rule() {
    String rule = "";
    for (Finding finding : findings) {
      if (failure.isPresent()
          && finding.mode() == dev.lintel.Mode.ENFORCE
          && finding.kind() == failure.get().kind()) {
        rule = finding.rule();
      }
    }
    return rule;
  }
}
