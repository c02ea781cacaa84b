package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import dev.lintel.Turn.Role;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a conversation as Anthropic takes it: all instructions in {@code system}, the user first,
 * turns that alternate, and after a turn that calls tools one that begins with the result of each.
 * What is missing for that is added, and reported.
 */
final class AnthropicTurnWriter {
  /** Stands where a turn has to say something and says nothing. */
  private static final String FILLER = "...";

  private final AnthropicBlockWriter writer;
  private final Adaptation adaptation;
  private final boolean own;
  private final ArrayNode system = Json.array();
  private List<ObjectNode> messages = new ArrayList<>();

  /**
   * @param own whether the caller speaks this dialect: then a system turn within the conversation
   *     stays there
   */
  AnthropicTurnWriter(Adaptation adaptation, boolean own) {
    this.adaptation = adaptation;
    this.own = own;
    this.writer = new AnthropicBlockWriter(adaptation, own);
  }

  AnthropicTurnWriter add(List<Turn> turns) {
    for (int i = 0; i < turns.size(); i++) {
      add(turns.get(i), "messages[" + i + "]");
    }
    begin();
    answerTools();
    fill();
    return this;
  }

  ArrayNode system() {
    return system;
  }

  ArrayNode messages() {
    ArrayNode array = Json.array();
    messages.forEach(array::add);
    return array;
  }

  private void add(Turn turn, String place) {
    ArrayNode content = Json.array();
    for (int j = 0; j < turn.blocks().size(); j++) {
      Block block = turn.blocks().get(j);
      writer.write(block, turn.role(), place + ".content[" + j + "]").ifPresent(content::add);
    }
    switch (turn.role()) {
      case USER -> append("user", content, turn.extra(), place);
      case ASSISTANT -> {
        if (!content.isEmpty()) {
          append("assistant", content, turn.extra(), place);
        }
      }
      case SYSTEM -> {
        if (own && !messages.isEmpty()) {
          append("system", content, turn.extra(), place);
        } else if (!content.isEmpty()) {
          if (!messages.isEmpty()) {
            adaptation.rename(place, "system");
          }
          system.addAll(content);
        }
      }
    }
  }

  /** Neighbours of one role become one turn. */
  private void append(String role, ArrayNode content, Extra extra, String place) {
    ObjectNode last = messages.isEmpty() ? null : messages.getLast();
    if (last != null && last.path("role").asString().equals(role)) {
      content(last).addAll(content);
    } else {
      last = Json.object().put("role", role);
      last.set("content", content);
      messages.add(last);
    }
    writer.extra(last, extra, place + ".");
  }

  private void begin() {
    if (messages.isEmpty() || !isRole(messages.getFirst(), Role.USER)) {
      adaptation.mend("messages[0]");
      messages.addFirst(user(Json.array().add(text(FILLER))));
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
      boolean user = isRole(message, Role.USER);
      if (!user && !asked.isEmpty()) {
        paired.add(user(answers(asked, Json.array())));
      }
      if (user) {
        message.set("content", answers(asked, content(message)));
      }
      asked = isRole(message, Role.ASSISTANT) ? calls(content(message)) : Set.of();
      paired.add(message);
    }
    if (!asked.isEmpty()) {
      paired.add(user(answers(asked, Json.array())));
    }
    messages = paired;
  }

  private ArrayNode answers(Set<String> asked, ArrayNode content) {
    var open = new LinkedHashSet<>(asked);
    ArrayNode results = Json.array();
    ArrayNode others = Json.array();
    for (JsonNode block : content) {
      String id = block.path("tool_use_id").asString("");
      if (!isType(block, "tool_result")) {
        others.add(block);
      } else if (open.remove(id)) {
        results.add(block);
      } else {
        adaptation.mend("tool_result " + id);
        block.path("content").forEach(others::add);
      }
    }
    for (String id : open) {
      adaptation.mend("tool_use " + id);
      results
          .addObject()
          .put("type", "tool_result")
          .put("tool_use_id", id)
          .put("content", "The tool gave no result.")
          .put("is_error", true);
    }
    return results.addAll(others);
  }

  private static Set<String> calls(ArrayNode content) {
    var ids = new LinkedHashSet<String>();
    for (JsonNode block : content) {
      if (isType(block, "tool_use")) {
        ids.add(block.path("id").asString());
      }
    }
    return ids;
  }

  private void fill() {
    for (int i = 0; i < messages.size(); i++) {
      if (content(messages.get(i)).isEmpty()) {
        adaptation.mend("messages[" + i + "].content");
        content(messages.get(i)).add(text(FILLER));
      }
    }
  }

  /**
   * Whether the conversation stands within a tool loop whose last turn of the model does not begin
   * with a thought: Anthropic refuses to think then.
   */
  boolean thoughtless() {
    if (messages.size() < 2) {
      return false;
    }
    ArrayNode last = content(messages.get(messages.size() - 1));
    ArrayNode before = content(messages.get(messages.size() - 2));
    return isType(last.path(0), "tool_result")
        && !isType(before.path(0), "thinking")
        && !isType(before.path(0), "redacted_thinking");
  }

  private static boolean isRole(JsonNode message, Role role) {
    return message.path("role").asString("").equalsIgnoreCase(role.name());
  }

  static boolean isType(JsonNode block, String type) {
    return block.path("type").asString("").equals(type);
  }

  static ArrayNode content(JsonNode message) {
    return (ArrayNode) message.path("content");
  }

  private static ObjectNode user(ArrayNode content) {
    ObjectNode message = Json.object().put("role", "user");
    message.set("content", content);
    return message;
  }

  private static ObjectNode text(String text) {
    return Json.object().put("type", "text").put("text", text);
  }
}
