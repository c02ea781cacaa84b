package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A dialect whose requests may name what earlier replies left behind. */
public interface Stateful extends Dialect {
  /** What the request names. Throws {@link Failure} where a name is not of the right shape. */
  Ties ties(Chat chat);

  /** What the request adds to the conversation, item by item; shared: do not change it. */
  List<JsonNode> input(Chat chat);

  /** The request with what it names said, or named as its provider knows it. */
  Chat tied(Chat chat, Knowledge knowledge);

  /**
   * What is known of the names in a request.
   *
   * @param previous what the provider calls the reply that it goes on from; empty where that is
   *     said instead
   * @param before what comes before the request's own input
   * @param items what stands in the place of those that are named
   * @param without the ids of sealed thoughts that are left out
   */
  record Knowledge(
      Optional<String> previous,
      List<JsonNode> before,
      Map<String, JsonNode> items,
      Set<String> without) {}
}
