package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client of one dialect, written from its vendor's documents and not from Lintel's code. Whatever
 * its vendor's API would never send is an {@link AssertionError}.
 */
public interface Client {
  /** As in the table. */
  String name();

  /** The dialect of a provider whose words are this client's own. */
  String own();

  String path(String model, boolean stream);

  ObjectNode body(Ask ask, String model, boolean stream);

  Said whole(byte[] reply);

  Said streamed(byte[] reply);

  /** The {@code lintel} object of a refusal that is worded as the vendor words it. */
  JsonNode refused(int status, HttpHeaders headers, byte[] body);

  /** The {@code lintel} object of the error that ends a stream which nobody may take for whole. */
  JsonNode broken(byte[] stream);

  /** The words for a reply that is complete, cut at its limit, calls tools, and is refused. */
  Stops stops();

  /**
   * @param refusals any of these, as the vendor has more than one way to refuse
   */
  record Stops(String end, String length, String tools, String sequence, List<String> refusals) {}

  /** Whether {@code input} has the cached tokens in it. */
  boolean cachedInside();

  /**
   * An event of a stream of server-sent events.
   *
   * @param name empty where it has none
   */
  record Event(String name, JsonNode data) {
    String type() {
      return data.path("type").asString("");
    }
  }

  /**
   * Every event of a stream.
   *
   * @param named whether each must have its type as its name
   * @param done whether the stream must end with {@code [DONE]}; else there must be none
   */
  static List<Event> events(byte[] stream, boolean named, boolean done) {
    var events = new ArrayList<Event>();
    String text = new String(stream, StandardCharsets.UTF_8);
    check(text.endsWith("\n\n"), "an event ends with an empty line");
    boolean ended = false;
    for (String block : text.split("\n\n")) {
      String name = "";
      String data = "";
      for (String line : block.split("\n")) {
        if (line.startsWith("event:")) {
          name = line.substring(6).strip();
        } else if (line.startsWith("data:")) {
          check(data.isEmpty(), "an event has one line of data");
          data = line.substring(5).strip();
        } else {
          check(line.startsWith(":"), "a line is an event's name, its data or a comment: " + line);
        }
      }
      if (data.isEmpty()) {
        continue;
      }
      check(!ended, "nothing follows [DONE]");
      if (data.equals("[DONE]")) {
        ended = true;
        continue;
      }
      var event = new Event(name, Json.parse(data));
      check(!named || event.name.equals(event.type()), "an event is named by its type: " + name);
      events.add(event);
    }
    check(ended == done, done ? "a stream ends with [DONE]" : "there is no [DONE]");
    check(!events.isEmpty(), "a stream has events");
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

  /** The text of that field, which must be there. */
  static String text(JsonNode of, String field) {
    String text = of.path(field).asString("");
    check(!text.isEmpty(), "'" + field + "' is missing in " + of);
    return text;
  }
}
