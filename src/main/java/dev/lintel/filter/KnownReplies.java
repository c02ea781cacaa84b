package dev.lintel.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.lintel.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is known here of replies and their pieces, by their ids; every tenant's apart, and bounded.
 */
final class KnownReplies {
  /** Of one tenant, so that no other one's replies are pushed out. */
  private static final long MOST_BYTES = 32L << 20;

  private static final Duration KEPT = Duration.ofHours(24);

  /** Of an entry beside what it holds. */
  private static final int ENTRY_BYTES = 300;

  /** What is kept under an id. */
  sealed interface Kept {
    /** A reply: everything that was said up to its end, and how the client saw it. */
    record Reply(List<JsonNode> said, List<JsonNode> input, byte[] response, int weight)
        implements Kept {}

    /** A piece of one. */
    record Piece(JsonNode item, int weight) implements Kept {}

    /** A piece that is at its provider. */
    record Away(Continuity.Pin pin) implements Kept {
      @Override
      public int weight() {
        return ENTRY_BYTES;
      }
    }

    int weight();
  }

  private final Map<String, Cache<String, Kept>> tenants = new ConcurrentHashMap<>();

  @Nullable Kept find(String tenant, String id) {
    return of(tenant).getIfPresent(id);
  }

  Optional<Kept.Reply> reply(String tenant, String id) {
    return find(tenant, id) instanceof Kept.Reply reply ? Optional.of(reply) : Optional.empty();
  }

  /** False where there is no such reply. */
  boolean forget(String tenant, String id) {
    boolean known = reply(tenant, id).isPresent();
    if (known) {
      of(tenant).invalidate(id);
    }
    return known;
  }

  void keep(String tenant, String id, Continuity.Pin maker) {
    of(tenant).put(id, new Kept.Away(maker));
  }

  /**
   * Keeps a reply that nobody else does, and its pieces by their own ids.
   *
   * @param before what had been said before its input
   * @param inputBytes about how many the input takes
   */
  void keep(
      String tenant,
      String id,
      byte[] response,
      List<JsonNode> before,
      List<JsonNode> input,
      long inputBytes,
      List<JsonNode> output) {
    Cache<String, Kept> mine = of(tenant);
    var said = new ArrayList<JsonNode>(before.size() + input.size() + output.size());
    said.addAll(before);
    said.addAll(input);
    for (JsonNode item : output) {
      String name = item.path("id").asString("");
      JsonNode nameless = nameless(item);
      said.add(nameless);
      if (!name.isEmpty()) {
        mine.put(name, new Kept.Piece(nameless, ENTRY_BYTES + Json.bytes(nameless).length));
      }
    }
    long weight = 500 + response.length * 2L + inputBytes + 16L * said.size();
    mine.put(id, new Kept.Reply(said, input, response, (int) Math.min(weight, Integer.MAX_VALUE)));
  }

  private Cache<String, Kept> of(String tenant) {
    return tenants.computeIfAbsent(
        tenant,
        name ->
            Caffeine.newBuilder()
                .maximumWeight(MOST_BYTES)
                .weigher((String id, Kept value) -> value.weight())
                .expireAfterAccess(KEPT)
                .build());
  }

  /** Ids of the gateway's making mean nothing to a provider. */
  private static JsonNode nameless(JsonNode item) {
    if (!(item instanceof ObjectNode object)) {
      return item;
    }
    ObjectNode copy = Json.object();
    object
        .properties()
        .forEach(field -> {
          if (!field.getKey().equals("id")) {
            copy.set(field.getKey(), field.getValue());
          }
        });
    return copy;
  }
}
