package dev.lintel.filter;

import dev.lintel.Allowance;
import dev.lintel.Failure;
import dev.lintel.Span;
import java.time.Duration;
import java.util.Optional;

/** What a call is told that an allowance leaves no room for. */
final class Shortage {
  private Shortage() {}

  /**
   * @param again when there may be room again; of a budget without periods it says nothing
   */
  static Failure of(Allowance allowance, Duration again) {
    return allowance.lasting() ? exceeded(allowance, again) : limited(allowance, again);
  }

  private static Failure limited(Allowance allowance, Duration again) {
    String length = allowance.span().name();
    String what =
        switch (allowance.measure()) {
          case REQUESTS -> " requests in " + length;
          case TOKENS -> " tokens in " + length;
          case CONCURRENT -> " calls at once";
          case PICO_USD -> throw new IllegalArgumentException("money is no limit");
        };
    return Failure.of(
            Failure.Kind.RATE_LIMITED,
            "The limit of " + allowance.amount() + what + owned(allowance) + " is reached.")
        .retryAfter(Optional.of(again));
  }

  private static Failure exceeded(Allowance allowance, Duration again) {
    String amount = allowance.measure().text(allowance.amount());
    String unit =
        switch (allowance.measure()) {
          case PICO_USD -> "USD";
          case REQUESTS, TOKENS, CONCURRENT -> allowance.measure().word();
        };
    var failure =
        Failure.of(
            Failure.Kind.BUDGET_EXCEEDED,
            "The budget of "
                + amount
                + " "
                + unit
                + " ("
                + allowance.span().name()
                + ")"
                + owned(allowance)
                + " does not leave enough for this call."
                + (allowance.atLimit().approval() ? " An admin may raise it." : ""));
    return allowance.span() instanceof Span.Total
        ? failure
        : failure.retryAfter(Optional.of(again));
  }

  private static String owned(Allowance allowance) {
    return allowance.owner().isEmpty() ? "" : " of " + allowance.owner();
  }
}
