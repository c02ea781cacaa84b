package dev.lintel;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * What is kept of a call that has ended. Taken from its trail at once: a trail holds the request,
 * which need not live until somebody has time to write.
 *
 * @param useCase empty where the caller named none; so are the other texts that are not there
 * @param tags as they were given, with commas between them
 * @param model the name that was asked for
 * @param target that was asked last
 * @param status that the caller was answered with; 499 where it left before
 * @param firstContentNanos from the request's arrival; -1 where there was none
 * @param replayOf the call whose reply was given again
 * @param shadowOf the call of which it is a copy for comparison
 * @param judgeOf the call of which it asks how well it was answered
 * @param served the node, and the revision of the configuration
 * @param adapted what the target could not take as it was asked, such as {@code drop:seed}
 * @param optedOut nobody may train a model with what the call said
 */
public record CallRecord(
    String id,
    Instant time,
    Caller caller,
    String useCase,
    String user,
    String tags,
    String dialect,
    String model,
    String target,
    int status,
    Optional<Failure> failure,
    boolean stream,
    long firstContentNanos,
    long durationNanos,
    Usage usage,
    Optional<BigDecimal> cost,
    List<Attempt> attempts,
    Decision decision,
    String variant,
    String replayOf,
    String shadowOf,
    String judgeOf,
    List<Finding> findings,
    Served served,
    Asked asked,
    List<String> adapted,
    String traceId,
    Timings timings,
    boolean optedOut) {
  /** A caller's own word for a model may be as long as a body. */
  private static final int LONGEST_NAME = 256;

  /** On the call's own thread, once the call is over, so that nothing more is noted. */
  public static CallRecord of(Trail trail, Event.Ended ended) {
    String named = trail.named();
    return new CallRecord(
        trail.id(),
        trail.time(),
        trail.caller(),
        trail.terms().get("use_case").orElse(""),
        trail.user(),
        trail.terms().get("tags").orElse(""),
        trail.dialect().map(Dialect::name).orElse(""),
        named.length() > LONGEST_NAME ? named.substring(0, LONGEST_NAME) : named,
        trail.target().map(Target::name).orElse(""),
        ended.failure().map(failure -> status(failure, trail)).orElse(trail.status()),
        ended.failure(),
        trail.request().map(Request::stream).orElse(false),
        trail.firstContentNanos(),
        ended.durationNanos(),
        trail.usage(),
        trail.cost(),
        List.copyOf(trail.attempts()),
        trail.decision().copy(),
        trail.variant(),
        trail.replay().map(Replay::callId).orElse(""),
        trail.shadowOf().orElse(""),
        trail.judgeOf().orElse(""),
        List.copyOf(trail.findings()),
        trail.served(),
        trail.asked(),
        List.copyOf(trail.adapted()),
        trail.traceId(),
        timings(trail, ended),
        trail.optedOut());
  }

  private static Timings timings(Trail trail, Event.Ended ended) {
    Timings timings = trail.timings().copy();
    timings.passed(Stop.SETTLE, trail.started() + ended.durationNanos());
    return timings;
  }

  /** A stream that breaks has had its status; each dialect has its own for a failure. */
  private static int status(Failure failure, Trail trail) {
    boolean begun =
        trail.firstContentNanos() >= 0 && trail.request().map(Request::live).orElse(false);
    if (failure.kind() == Failure.Kind.CANCELLED) {
      return failure.status();
    }
    return begun
        ? trail.status()
        : trail
            .dialect()
            .map(dialect -> dialect.error(failure, trail).status())
            .orElse(failure.status());
  }

  /**
   * One object, in the words of the admin API; what is not there is null, and {@code user}, {@code
   * tags}, {@code message}, {@code variant}, {@code replay_of}, {@code shadow_of}, {@code judge_of}
   * and {@code policy} are left out.
   *
   * @param when the time as it is to be shown
   * @param most how many of the targets that were looked at; {@code decision_left_out} says how
   *     many there are beyond them
   */
  public void write(JsonGenerator json, String when, int most) {
    json.writeStartObject();
    json.writeStringProperty("request_id", id);
    json.writeStringProperty("time", when);
    json.writeStringProperty("tenant", orNull(caller.tenant()));
    json.writeStringProperty("app", orNull(caller.app()));
    json.writeStringProperty("key_id", orNull(caller.keyId()));
    json.writeStringProperty("use_case", orNull(useCase));
    writeKnown(json, "user", user);
    writeKnown(json, "tags", tags);
    json.writeStringProperty("dialect", orNull(dialect));
    json.writeStringProperty("model", orNull(model));
    json.writeStringProperty("target", orNull(target));
    json.writeNumberProperty("status", status);
    json.writeStringProperty("kind", failure.map(why -> why.kind().word()).orElse(null));
    if (failure.isPresent()) {
      json.writeStringProperty("message", failure.get().message());
    }
    json.writeBooleanProperty("stream", stream);
    if (firstContentNanos < 0) {
      json.writeNullProperty("ttft_ms");
    } else {
      json.writeNumberProperty("ttft_ms", firstContentNanos / 1_000_000);
    }
    json.writeNumberProperty("latency_ms", durationNanos / 1_000_000);
    json.writeName("usage");
    usage.write(json);
    json.writeStringProperty("cost_usd", cost.map(BigDecimal::toPlainString).orElse(null));
    json.writeArrayPropertyStart("attempts");
    attempts.forEach(attempt -> attempt.write(json));
    json.writeEndArray();
    json.writeName("decision");
    int left = decision.write(json, most);
    if (left > 0) {
      json.writeNumberProperty("decision_left_out", left);
    }
    writeKnown(json, "variant", variant);
    writeKnown(json, "replay_of", replayOf);
    writeKnown(json, "shadow_of", shadowOf);
    writeKnown(json, "judge_of", judgeOf);
    if (!findings.isEmpty()) {
      json.writeArrayPropertyStart("policy");
      findings.forEach(finding -> finding.write(json));
      json.writeEndArray();
    }
    if (!served.node().isEmpty()) {
      json.writeStringProperty("node", served.node());
    }
    json.writeNumberProperty("revision", served.revision());
    json.writeStringProperty("trace_id", traceId);
    asked.write(json);
    if (!adapted.isEmpty()) {
      json.writeArrayPropertyStart("adapted");
      adapted.forEach(json::writeString);
      json.writeEndArray();
    }
    if (optedOut) {
      json.writeStringProperty("training", Terms.OPTED_OUT);
    }
    json.writeName("timings_us");
    timings.write(json);
    json.writeEndObject();
  }

  private static void writeKnown(JsonGenerator json, String name, String value) {
    if (!value.isEmpty()) {
      json.writeStringProperty(name, value);
    }
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
