package dev.lintel.dialect;

import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.math.BigDecimal;
import java.util.Optional;
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
   * @param usage the name of the top-level member to add to
   */
  static Optional<byte[]> patched(Frame frame, String usage, Trail trail) {
    return priced(frame, usage, trail).map(Json::bytes);
  }

  /** The same as a tree. */
  static Optional<ObjectNode> priced(Frame frame, String usage, Trail trail) {
    if (trail.cost().isEmpty()) {
      return Optional.empty();
    }
    ObjectNode event = (ObjectNode) Json.parse(frame.text());
    if (!(event.get(usage) instanceof ObjectNode counts)) {
      return Optional.empty();
    }
    put(counts, trail);
    return Optional.of(event);
  }
}
