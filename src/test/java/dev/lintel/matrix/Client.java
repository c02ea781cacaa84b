package dev.lintel.matrix;

import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A client of one dialect, written from its vendor's documents and not from Lintel's code. */
public interface Client {
  /** As in the table. */
  String name();

  /** The dialect of a provider whose words are this client's own. */
  String own();

  String path(String model, boolean stream);

  ObjectNode body(Ask ask, String model, boolean stream);

  Said whole(byte[] reply);

  /** Throws {@link AssertionError} where the stream is not one that the vendor's SDK would take. */
  Said streamed(byte[] reply);

  /** The words for a reply that is complete, cut at its limit, calls tools, and is refused. */
  Stops stops();

  record Stops(String end, String length, String tools, String sequence, String refusal) {}

  /** Whether {@code input} has the cached tokens in it. */
  boolean cachedInside();

  /** The JSON of each event of a stream of server-sent events, {@code [DONE]} left out. */
  static List<JsonNode> events(byte[] stream) {
    var events = new ArrayList<JsonNode>();
    for (String line : new String(stream, StandardCharsets.UTF_8).split("\n", -1)) {
      if (line.startsWith("data:") && !line.contains("[DONE]")) {
        events.add(Json.parse(line.substring(5).strip()));
      }
    }
    return events;
  }

  /** Throws {@link AssertionError} unless it holds. */
  static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  static JsonNode json(byte[] bytes) {
    return Json.parse(bytes, 0, bytes.length);
  }
}
