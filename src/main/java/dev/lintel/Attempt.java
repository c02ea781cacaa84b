package dev.lintel;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * One try at one target.
 *
 * @param target {@code provider/model}
 * @param status the provider's HTTP status; 0 where it gave none
 * @param kind why it failed; empty where it answered
 * @param cost of what the provider reported, in USD; empty where nobody knows
 * @param message what the provider or the gateway said of the failure; empty where it answered
 */
public record Attempt(
    String target,
    int status,
    Optional<Failure.Kind> kind,
    String message,
    long latencyMs,
    Optional<BigDecimal> cost) {

  /** One of which nobody knows what it cost. */
  public Attempt(
      String target, int status, Optional<Failure.Kind> kind, String message, long latencyMs) {
    this(target, status, kind, message, latencyMs, Optional.empty());
  }

  public ObjectNode json() {
    ObjectNode node = Json.object();
    node.put("target", target);
    if (status == 0) {
      node.putNull("status");
    } else {
      node.put("status", status);
    }
    if (kind.isPresent()) {
      node.put("kind", kind.get().name().toLowerCase(Locale.ROOT)).put("message", message);
    } else {
      node.putNull("kind").putNull("message");
    }
    node.put("latency_ms", latencyMs);
    return node.put("cost_usd", cost.map(BigDecimal::toPlainString).orElse(null));
  }
}
