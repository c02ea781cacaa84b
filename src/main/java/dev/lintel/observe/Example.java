package dev.lintel.observe;

import dev.lintel.TraceContext;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A call, as an example for figures: found out once where it can be found, and only if asked. */
final class Example {
  private final Tracing tracing;
  private final Trail trail;
  private @Nullable Optional<TraceContext> found;

  Example(Tracing tracing, Trail trail) {
    this.tracing = tracing;
    this.trail = trail;
  }

  /** When the call came, in milliseconds since the epoch. */
  long millis() {
    return trail.time().toEpochMilli();
  }

  /** Empty where its trace is not kept. */
  Optional<TraceContext> trace() {
    Optional<TraceContext> known = found;
    if (known == null) {
      known = tracing.kept(trail);
      found = known;
    }
    return known;
  }
}
