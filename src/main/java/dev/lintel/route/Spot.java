package dev.lintel.route;

import dev.lintel.BreakerRule;
import java.util.function.LongSupplier;

/** What is known of one model at a provider. */
final class Spot {
  final Breaker breaker;
  final Pace pace;

  Spot(LongSupplier clock, BreakerRule rule) {
    breaker = new Breaker(clock, rule);
    pace = new Pace(clock);
  }
}
