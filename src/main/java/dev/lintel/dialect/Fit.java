package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Json;
import dev.lintel.Provider.Quirks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fits a request's body to its target, whatever the dialect: what is the gateway's own is taken
 * out, and each field goes by the name that the provider has for it, or not at all.
 */
final class Fit {
  /** Takes a member out of a {@link Body#patch}. */
  static final Optional<byte[]> GONE = Optional.empty();

  private Fit() {}

  /** The gateway's own fields, which no provider is sent. */
  static List<String> gatewayFields(Body body) {
    var fields = new ArrayList<String>(3);
    if (body.has("lintel")) {
      fields.add("lintel");
    }
    // As an object, provider is OpenRouter's own field.
    for (String field : List.of("provider", "api_key")) {
      if (body.isText(field)) {
        fields.add(field);
      }
    }
    return fields;
  }

  /**
   * The caller's bytes, but for what has to change.
   *
   * @param changes of the dialect itself; more are added
   */
  static byte[] patched(
      Body body, Map<String, Optional<byte[]>> changes, Quirks quirks, Adaptation adaptation) {
    gatewayFields(body).forEach(field -> changes.put(field, GONE));
    for (String field : quirks.drop()) {
      if (body.has(field)) {
        adaptation.drop(field);
        changes.put(field, GONE);
      }
    }
    quirks
        .rename()
        .forEach((from, to) -> {
          if (body.has(from)) {
            changes.put(from, GONE);
            if (!body.has(to)) {
              adaptation.rename(from, to);
              changes.put(to, body.value(from).map(Json::bytes));
            }
          }
        });
    return body.patch(changes);
  }

  /**
   * Changes a body that was written anew.
   *
   * @param callers whether a field's name is the caller's: another one is no news to it
   */
  static void written(
      ObjectNode body, Predicate<String> callers, Quirks quirks, Adaptation adaptation) {
    for (String field : quirks.drop()) {
      if (body.remove(field) != null) {
        adaptation.drop(field);
      }
    }
    quirks
        .rename()
        .forEach((from, to) -> {
          JsonNode value = body.remove(from);
          if (value != null && !body.has(to)) {
            body.set(to, value);
            if (callers.test(from)) {
              adaptation.rename(from, to);
            }
          }
        });
  }
}
