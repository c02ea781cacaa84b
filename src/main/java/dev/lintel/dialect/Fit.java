package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Provider.Quirks;
import dev.lintel.Tool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fits a request's body to its target, whatever the dialect: what is the gateway's own is taken
 * out, and each field goes by the name that the provider has for it, or not at all.
 */
final class Fit {
  /** Takes a member out of a {@link Body#patch}. */
  static final Optional<byte[]> GONE = Optional.empty();

  /** OpenRouter's field by which a caller asks what its call cost. */
  private static final String USAGE = "usage";

  /** Fields that the gateway answers for in the provider's place, by their dialect: no loss. */
  private static final Map<String, Set<String>> ANSWERED_HERE =
      Map.of(ResponsesWords.NAME, Set.of("store", "stream_options"));

  /** Fields that mean something at one provider alone: nobody else can be asked with them. */
  private static final Map<String, Set<String>> TIED =
      Map.of(ResponsesWords.NAME, Set.of("previous_response_id", "conversation", "prompt"));

  /**
   * Ends the dialect of an {@link Extra} that holds the whole of something beside what was read of
   * it: a writer of another dialect loses nothing by leaving it out.
   */
  static final String WHOLE = "/whole";

  private Fit() {}

  /** The gateway's own fields, which no provider is sent but one that knows them itself. */
  static List<String> gatewayFields(Body body) {
    var fields = new ArrayList<String>(3);
    if (body.has(USAGE)
        && body.value(USAGE).filter(value -> value.path("include").isBoolean()).isPresent()) {
      fields.add(USAGE);
    }
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
   * The caller's bytes, but for what has to change: what the provider refuses goes, or gets the
   * name that it has there.
   *
   * @param changes of the dialect itself; more are added
   */
  static byte[] patched(
      Body body, Map<String, Optional<byte[]>> changes, Quirks quirks, Adaptation adaptation) {
    for (String field : gatewayFields(body)) {
      // A provider that knows the field itself has it among its own names.
      if (!field.equals(quirks.rename().get(field))) {
        changes.put(field, GONE);
      }
    }
    for (String field : quirks.drop()) {
      if (body.has(field)) {
        changes.put(field, GONE);
        String name = quirks.rename().get(field);
        if (name == null || body.has(name)) {
          adaptation.drop(field);
        } else {
          adaptation.rename(field, name);
          changes.put(name, body.value(field).map(Json::bytes));
        }
      }
    }
    return body.patch(changes);
  }

  /**
   * Changes a body that was written anew: each field gets the name that the provider prefers.
   *
   * @param callers whether a field's name is the caller's: another one is no news to it
   */
  static void written(
      ObjectNode body, Predicate<String> callers, Quirks quirks, Adaptation adaptation) {
    for (String field : quirks.drop()) {
      if (!quirks.rename().containsKey(field) && body.remove(field) != null) {
        adaptation.drop(field);
      }
    }
    quirks
        .rename()
        .forEach((from, to) -> {
          JsonNode value = body.remove(from);
          if (value != null && body.has(to)) {
            adaptation.drop(from);
          } else if (value != null) {
            body.set(to, value);
            if (callers.test(from)) {
              adaptation.rename(from, to);
            }
          }
        });
  }

  /**
   * The tools that a target of a dialect gets: those of its vendor's own as they came, other
   * vendors' dropped.
   *
   * @param function words one, given its place in the request
   */
  static ArrayNode tools(
      Prompt prompt,
      String dialect,
      BiFunction<Tool.Function, String, ObjectNode> function,
      Adaptation adaptation) {
    ArrayNode tools = Json.array();
    for (int i = 0; i < prompt.tools().size(); i++) {
      String place = "tools[" + i + "]";
      switch (prompt.tools().get(i)) {
        case Tool.Function own -> tools.add(function.apply(own, place));
        case Tool.Native same when same.extra().of(dialect) -> tools.add(same.extra().fields());
        case Tool.Native foreign -> adaptation.drop(place);
      }
    }
    return tools;
  }

  /**
   * Puts a dialect's own fields back where they stood, over what was made of them; reports those of
   * another dialect.
   *
   * @param dialect in which is written
   * @param prefix what stands before a field's name in a report, its dot included
   */
  static void putBack(
      Extra extra, String dialect, ObjectNode into, String prefix, Adaptation adaptation) {
    if (extra.of(dialect)) {
      merge(into, extra.fields());
    } else if (!extra.dialect().endsWith(WHOLE)) {
      Set<String> answered =
          prefix.isEmpty() ? ANSWERED_HERE.getOrDefault(extra.dialect(), Set.of()) : Set.of();
      for (String name : extra.fields().propertyNames()) {
        if (prefix.isEmpty() && TIED.getOrDefault(extra.dialect(), Set.of()).contains(name)) {
          throw Failure.invalid("The target cannot know what '" + name + "' names.")
              .at(name)
              .again(Failure.Again.ELSEWHERE);
        }
        if (!answered.contains(name)) {
          adaptation.drop(prefix + name);
        }
      }
    }
  }

  /** Adds the fields, those of inner objects too; what both have is taken from {@code from}. */
  static void merge(ObjectNode into, ObjectNode from) {
    for (var field : from.properties()) {
      JsonNode known = into.get(field.getKey());
      if (known instanceof ObjectNode inner && field.getValue() instanceof ObjectNode more) {
        merge(inner, more);
      } else {
        // A copy: the request is written once a target, and what is merged here may grow.
        into.set(field.getKey(), field.getValue().deepCopy());
      }
    }
  }
}
