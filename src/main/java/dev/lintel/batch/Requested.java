package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Batches;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What requests of files and batches have in common. */
final class Requested {
  private Requested() {}

  /** How many entries of a list are wanted. */
  static int limit(Map<String, String> query, int usual, int most) {
    String given = query.get("limit");
    if (given == null || given.isEmpty()) {
      return usual;
    }
    try {
      int limit = Integer.parseInt(given);
      if (limit >= 1 && limit <= most) {
        return limit;
      }
    } catch (NumberFormatException noNumber) {
      throw wrongLimit(most);
    }
    throw wrongLimit(most);
  }

  private static Failure wrongLimit(int most) {
    return Failure.invalid("'limit' must be a whole number from 1 to " + most + ".").at("limit");
  }

  /**
   * The caller's batch that the path names.
   *
   * @param prefix of the ids of such batches
   */
  static Batch batch(Batches batches, String prefix, Caller caller, Exchange exchange) {
    String id = exchange.request().path().getOrDefault("id", "");
    return batches
        .find(caller.tenant(), id)
        .filter(batch -> batch.id().startsWith(prefix))
        .orElseThrow(() -> missing("batch", id));
  }

  static Failure missing(String what, String id) {
    return Failure.of(Failure.Kind.NOT_FOUND, "There is no " + what + " '" + id + "'.")
        .at("id")
        .code("not_found");
  }

  /**
   * A page as OpenAI and Anthropic word it.
   *
   * @param more whether something follows
   */
  static <T> void page(
      ObjectNode into, Iterable<T> entries, boolean more, Function<T, ObjectNode> json) {
    ArrayNode data = into.putArray("data");
    entries.forEach(entry -> data.add(json.apply(entry)));
    into.put("first_id", data.isEmpty() ? null : data.get(0).get("id").asString());
    into.put("last_id", data.isEmpty() ? null : data.get(data.size() - 1).get("id").asString());
    into.put("has_more", more);
  }
}
