package dev.lintel.dialect;

import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.math.BigDecimal;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * What a call cost, as an extension field {@code cost} of a dialect's own usage object: a plain
 * number of USD, left out where nobody knows.
 */
final class UsageCost {
  private UsageCost() {}

  /** Adds it; over what a provider says itself, since the gateway's own figure is on the record. */
  static void put(ObjectNode usage, Trail trail) {
    // As a raw value, because Jackson would write small numbers with an exponent.
    trail
        .cost()
        .map(BigDecimal::toPlainString)
        .ifPresent(text -> usage.putRawValue("cost", new RawValue(text)));
  }

  /**
   * A provider's event with the cost in its usage; empty where there is nothing to add, so that its
   * own bytes may go out.
   *
   * @param usage the member to add to: the names that lead to it
   */
  static Optional<byte[]> patched(Frame frame, Trail trail, String... usage) {
    return priced(frame, trail, usage).map(Json::bytes);
  }

  /** The same as a tree. */
  static Optional<ObjectNode> priced(Frame frame, Trail trail, String... usage) {
    if (trail.cost().isEmpty()) {
      return Optional.empty();
    }
    ObjectNode event = (ObjectNode) Json.parse(frame.text());
    JsonNode found = event;
    for (String name : usage) {
      found = found.path(name);
    }
    if (!(found instanceof ObjectNode counts)) {
      return Optional.empty();
    }
    put(counts, trail);
    return Optional.of(event);
  }
}
