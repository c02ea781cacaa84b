package dev.lintel.trace;

import dev.lintel.Attempt;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.GenAi;
import dev.lintel.Provider;
import dev.lintel.Request;
import dev.lintel.Served;
import dev.lintel.TraceContext;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the spans of a call that is over are made of. Taken from its trail at once, which holds the
 * request; nothing of what the call said or was answered is in it.
 *
 * @param state that the caller's trace brought along; empty where it brought none
 * @param named the model that was asked for
 * @param firstContent nanoseconds from the request's arrival; -1 where there was none
 * @param attempts none where somebody else's call has made them
 * @param asked the providers of the attempts, as far as they are still configured
 */
record Told(
    TraceContext context,
    String state,
    boolean flagged,
    Instant time,
    long nanos,
    long firstContent,
    String operation,
    String named,
    boolean stream,
    String tenant,
    String app,
    String useCase,
    String target,
    String variant,
    String shadowOf,
    String judgeOf,
    String replayOf,
    Served served,
    Optional<Failure.Kind> failure,
    Usage usage,
    Optional<BigDecimal> cost,
    List<Attempt> attempts,
    Map<String, Provider> asked) {
  /** A caller's own word for a model may be as long as a body. */
  private static final int LONGEST = 256;

  static Told of(
      Trail trail,
      Event.Ended ended,
      TraceContext context,
      boolean flagged,
      Map<String, Provider> providers) {
    List<Attempt> attempts = trail.free() ? List.of() : List.copyOf(trail.attempts());
    String named = trail.named();
    return new Told(
        context,
        context.parent().isEmpty() ? "" : trail.terms().along().getOrDefault("tracestate", ""),
        flagged,
        trail.time(),
        ended.durationNanos(),
        trail.firstContentNanos(),
        GenAi.operation(trail),
        named.length() > LONGEST ? named.substring(0, LONGEST) : named,
        trail.request().map(Request::stream).orElse(false),
        trail.caller().tenant(),
        trail.caller().app(),
        trail.terms().get("use_case").orElse(""),
        trail.target().map(target -> target.name()).orElse(""),
        trail.variant(),
        trail.shadowOf().orElse(""),
        trail.judgeOf().orElse(""),
        trail.replay().map(replay -> replay.callId()).orElse(""),
        trail.served(),
        ended.failure().map(Failure::kind),
        trail.usage(),
        trail.cost(),
        attempts,
        attempts.stream()
            .map(attempt -> providerOf(attempt.target()))
            .distinct()
            .filter(providers::containsKey)
            .collect(Collectors.toUnmodifiableMap(name -> name, providers::get)));
  }

  /** A target's provider, which has no slash in its name. */
  static String providerOf(String target) {
    return target.substring(0, Math.max(0, target.indexOf('/')));
  }

  int spans() {
    return 1 + attempts.size();
  }
}
