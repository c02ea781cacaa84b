package dev.lintel.observe;

import dev.lintel.Stop;
import dev.lintel.Timings;
import dev.lintel.Trail;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** How long calls take from stop to stop, and what of it is the gateway's own doing. */
final class StopFigures {
  private static final Stop[] STOPS = Stop.values();

  private final Buckets.Cell[] cells = new Buckets.Cell[STOPS.length];
  private final Buckets.Cell own;

  StopFigures(PrometheusRegistry registry) {
    var stops =
        new Buckets(
            registry,
            "lintel_stop_seconds",
            "How long calls took from one stop to the next, waits for room included.",
            Buckets.NANOS,
            Buckets.MOMENTS,
            "stop");
    for (Stop stop : STOPS) {
      cells[stop.ordinal()] = stops.of(stop.word());
    }
    own =
        new Buckets(
                registry,
                "lintel_gateway_seconds",
                "What calls took in the gateway itself: not clients, providers, or waits for room.",
                Buckets.NANOS,
                Buckets.MOMENTS)
            .of();
  }

  void ended(Trail trail, long nanos) {
    Timings timings = trail.timings();
    long before = 0;
    long here = -timings.waited();
    for (Stop stop : STOPS) {
      long at = stop == Stop.SETTLE ? nanos : timings.at(stop);
      if (at >= 0) {
        long took = Math.max(0, at - before);
        cells[stop.ordinal()].observe(took);
        here += isOurs(stop) ? took : 0;
        before = Math.max(before, at);
      }
    }
    own.observe(Math.max(0, here));
  }

  /** What comes before the first, and before an answer, is others' time. */
  private static boolean isOurs(Stop stop) {
    return switch (stop) {
      case RECEIVE, FIRST_CONTENT, ANSWER -> false;
      case AUTHENTICATE, READ, ADMIT, CHOOSE, SETTLE -> true;
    };
  }
}
