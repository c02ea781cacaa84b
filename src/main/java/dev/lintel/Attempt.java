package dev.lintel;

import java.math.BigDecimal;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/**
 * One try at one target.
 *
 * @param target {@code provider/model}
 * @param status the provider's HTTP status; 0 where it gave none
 * @param kind why it failed; empty where it answered
 * @param cost of what the provider reported, or of what was estimated of its answer, in USD; empty
 *     where nobody knows
 * @param message what the provider or the gateway said of the failure; empty where it answered
 * @param began nanoseconds from the request's arrival; -1 where nobody knows
 * @param took nanoseconds; -1 where nobody knows
 */
public record Attempt(
    String target,
    int status,
    Optional<Failure.Kind> kind,
    String message,
    long latencyMs,
    Optional<BigDecimal> cost,
    long began,
    long took) {

  /** One of which nobody knows when it began. */
  public Attempt(
      String target,
      int status,
      Optional<Failure.Kind> kind,
      String message,
      long latencyMs,
      Optional<BigDecimal> cost) {
    this(target, status, kind, message, latencyMs, cost, -1, -1);
  }

  /** One of which nobody knows what it cost, either. */
  public Attempt(
      String target, int status, Optional<Failure.Kind> kind, String message, long latencyMs) {
    this(target, status, kind, message, latencyMs, Optional.empty());
  }

  /** The same at that cost. */
  Attempt costing(Optional<BigDecimal> known) {
    return new Attempt(target, status, kind, message, latencyMs, known, began, took);
  }

  /** {@code {target, status, kind, message, latency_ms, cost_usd}}, what is not there null. */
  public void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("target", target);
    if (status == 0) {
      json.writeNullProperty("status");
    } else {
      json.writeNumberProperty("status", status);
    }
    json.writeStringProperty("kind", kind.map(Failure.Kind::word).orElse(null));
    json.writeStringProperty("message", kind.isPresent() ? message : null);
    json.writeNumberProperty("latency_ms", latencyMs);
    json.writeStringProperty("cost_usd", cost.map(BigDecimal::toPlainString).orElse(null));
    json.writeEndObject();
  }

  /** The same as a tree. */
  public JsonNode json() {
    return Json.parse(Json.bytes(this::write));
  }
}
