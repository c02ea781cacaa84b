package dev.lintel.filter;

import dev.lintel.Failure;
import dev.lintel.Leave;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the caller is told where no target may be asked. */
final class Refusal {
  private static final Set<Failure.Kind> LIMITS =
      EnumSet.of(Failure.Kind.UPSTREAM_OVERLOADED, Failure.Kind.UPSTREAM_RATE_LIMITED);

  private Refusal() {}

  /** Whether no more may be asked of who is well: a cause of its own for fallbacks. */
  static boolean isLimit(Failure why) {
    return LIMITS.contains(why.kind());
  }

  /** Whether that one was refused by the gateway's own bounds, and not by what a provider said. */
  static boolean isBounded(Failure refusal) {
    return refusal.getCause() instanceof Failure why && why.upstreamStatus() == 0 && isLimit(why);
  }

  /** Of that model: why for each target, and until when at least. */
  static Failure of(String model, List<Lane> lanes) {
    List<Leave.Bar> bars = lanes.stream().flatMap(lane -> lane.barred().stream()).toList();
    String reasons =
        lanes.stream()
            .flatMap(lane ->
                lane
                    .barred()
                    .map(bar ->
                        lane.target.name()
                            + ": "
                            + bar.words()
                            + bar.last().map(last -> " (" + last.message() + ")").orElse(""))
                    .stream())
            .distinct()
            .collect(Collectors.joining("; "));
    String words =
        "No target of '"
            + model
            + "' may be asked now"
            + (reasons.isEmpty() ? "." : ": " + reasons + ".");
    return behind(bars)
        .map(why -> Failure.of(Failure.Kind.UNAVAILABLE, words, why))
        .orElseGet(() -> Failure.of(Failure.Kind.UNAVAILABLE, words))
        .retryAfter(
            bars.stream()
                .map(Leave.Bar::rest)
                .min(Comparator.naturalOrder())
                .map(Waiting::orGuessed));
  }

  /** What stands behind a refusal, as the cause by which a fallback is chosen: a limit, if any. */
  private static Optional<Failure> behind(List<Leave.Bar> bars) {
    List<Failure> reasons = bars.stream().flatMap(bar -> behind(bar).stream()).toList();
    return reasons.stream()
        .filter(Refusal::isLimit)
        .findFirst()
        .or(() -> reasons.stream().findFirst());
  }

  private static Optional<Failure> behind(Leave.Bar bar) {
    return switch (bar.why()) {
      case BUSY -> Optional.of(Failure.of(Failure.Kind.UPSTREAM_OVERLOADED, bar.words()));
      case SPENT -> Optional.of(Failure.of(Failure.Kind.UPSTREAM_RATE_LIMITED, bar.words()));
      case PROVIDER, MODEL, KEY -> bar.last();
    };
  }
}
