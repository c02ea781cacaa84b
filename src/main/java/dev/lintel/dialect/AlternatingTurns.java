package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Messages as Anthropic and Bedrock take them: the user first, roles that alternate, and after a
 * turn that calls tools one that begins with the result of each. What is missing for that is added,
 * and reported.
 */
final class AlternatingTurns {
  /** Stands where a turn has to say something and says nothing. */
  static final String FILLER = "...";

  static final String NO_RESULT = "The tool gave no result.";

  private static final String USER = "user";
  private static final String ASSISTANT = "assistant";

  /** How a dialect writes the blocks that matter here. */
  interface Shape {
    ObjectNode text(String text);

    /** The id of the call that the block is; empty where it is none. */
    String call(JsonNode block);

    /** The id of the call whose result the block is; empty where it is none. */
    String result(JsonNode block);

    /** What a result says, as blocks of the user's own. */
    List<JsonNode> said(JsonNode result);

    /** {@link #NO_RESULT} as a result that is an error. */
    ObjectNode missing(String id);

    boolean thought(JsonNode block);
  }

  private final Shape shape;
  private final Adaptation adaptation;
  private List<ObjectNode> messages = new ArrayList<>();

  AlternatingTurns(Shape shape, Adaptation adaptation) {
    this.shape = shape;
    this.adaptation = adaptation;
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  List<ObjectNode> messages() {
    return messages;
  }

  ArrayNode array() {
    ArrayNode array = Json.array();
    messages.forEach(array::add);
    return array;
  }

  /** Neighbours of one role become one turn, which is returned. */
  ObjectNode append(String role, ArrayNode content) {
    if (!messages.isEmpty() && isRole(messages.getLast(), role)) {
      content(messages.getLast()).addAll(content);
    } else {
      messages.add(message(role, content));
    }
    return messages.getLast();
  }

  /** All turns are there. */
  void complete() {
    if (messages.isEmpty() || !isRole(messages.getFirst(), USER)) {
      adaptation.mend("messages[0]");
      messages.addFirst(message(USER, Json.array().add(shape.text(FILLER))));
    }
    answerTools();
    for (int i = 0; i < messages.size(); i++) {
      if (content(messages.get(i)).isEmpty()) {
        adaptation.mend("messages[" + i + "].content");
        content(messages.get(i)).add(shape.text(FILLER));
      }
    }
  }

  /**
   * Each call gets its result in the next turn: one that is missing is made up as an error, one
   * that nobody asked for becomes plain content.
   */
  private void answerTools() {
    var paired = new ArrayList<ObjectNode>(messages.size() + 1);
    Set<String> asked = Set.of();
    for (ObjectNode message : messages) {
      boolean user = isRole(message, USER);
      if (!user && !asked.isEmpty()) {
        paired.add(message(USER, answers(asked, Json.array())));
      }
      if (user) {
        message.set("content", answers(asked, content(message)));
      }
      asked = isRole(message, ASSISTANT) ? calls(content(message)) : Set.of();
      paired.add(message);
    }
    if (!asked.isEmpty()) {
      paired.add(message(USER, answers(asked, Json.array())));
    }
    messages = paired;
  }

  private ArrayNode answers(Set<String> asked, ArrayNode content) {
    var open = new LinkedHashSet<>(asked);
    ArrayNode results = Json.array();
    ArrayNode others = Json.array();
    for (JsonNode block : content) {
      String id = shape.result(block);
      if (id.isEmpty()) {
        others.add(block);
      } else if (open.remove(id)) {
        results.add(block);
      } else {
        adaptation.mend("tool_result " + id);
        shape.said(block).forEach(others::add);
      }
    }
    for (String id : open) {
      adaptation.mend("tool_use " + id);
      results.add(shape.missing(id));
    }
    return results.addAll(others);
  }

  private Set<String> calls(ArrayNode content) {
    var ids = new LinkedHashSet<String>();
    for (JsonNode block : content) {
      String id = shape.call(block);
      if (!id.isEmpty()) {
        ids.add(id);
      }
    }
    return ids;
  }

  /**
   * Whether the conversation stands within a tool loop whose last turn of the model does not begin
   * with a thought: Claude refuses to think then.
   */
  boolean thoughtless() {
    if (messages.size() < 2) {
      return false;
    }
    ArrayNode last = content(messages.getLast());
    ArrayNode before = content(messages.get(messages.size() - 2));
    return !shape.result(last.path(0)).isEmpty() && !shape.thought(before.path(0));
  }

  private static boolean isRole(JsonNode message, String role) {
    return message.path("role").asString("").equals(role);
  }

  static ArrayNode content(JsonNode message) {
    return (ArrayNode) message.path("content");
  }

  private static ObjectNode message(String role, ArrayNode content) {
    ObjectNode message = Json.object().put("role", role);
    message.set("content", content);
    return message;
  }
}
