package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Changes messages of OpenAI's dialect into what Mistral takes of them. */
final class MistralMessages {
  /** Its own error says so: "Tool call id has to be defined, of length 9, a-z, A-Z, 0-9". */
  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9]{9}");

  private static final int ID_LENGTH = 9;

  /** Stands where somebody has to speak and says nothing. */
  private static final String FILLER = "...";

  /** Fields that clients of OpenAI's dialect put into messages, and Mistral refuses. */
  private static final List<String> REFUSED =
      List.of(
          "name", "refusal", "audio", "annotations", "function_call", "images", "cache_control");

  /** Under which clients give thoughts back. */
  private static final List<String> THOUGHTS =
      List.of("reasoning_content", "reasoning", "reasoning_details", OpenAiThoughts.BLOCKS);

  private final Adaptation adaptation;
  private boolean changed;

  MistralMessages(Adaptation adaptation) {
    this.adaptation = adaptation;
  }

  /** Changes the messages where they are; whether there was anything to change. */
  boolean fit(ArrayNode messages) {
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i) instanceof ObjectNode message) {
        message(message, "messages[" + i + "].");
      }
    }
    order(messages);
    if (messages.isEmpty() || !(messages.get(messages.size() - 1) instanceof ObjectNode last)) {
      return changed;
    }
    if (is(last, "assistant") && !last.has("tool_calls") && !last.has("prefix")) {
      // "Expected last role User or Tool (or Assistant with prefix True)".
      last.put("prefix", true);
      changed = true;
    }
    return changed;
  }

  /**
   * Mistral expects the assistant after a tool, and no instructions after either of them: {@code
   * _validate_message_order} of its mistral-common.
   */
  private void order(ArrayNode messages) {
    String before = "";
    for (int i = 0; i < messages.size(); i++) {
      String role = messages.get(i).path("role").asString("");
      boolean late = role.equals("system") && (before.equals("assistant") || before.equals("tool"));
      if (late && messages.get(i) instanceof ObjectNode message) {
        adaptation.change("messages[" + i + "].role", "user");
        role = "user";
        message.put("role", role);
        changed = true;
      }
      if (role.equals("user") && before.equals("tool")) {
        adaptation.mend("messages[" + i + "]");
        messages.insert(i++, Json.object().put("role", "assistant").put("content", FILLER));
        changed = true;
      }
      before = role;
    }
  }

  private void message(ObjectNode message, String place) {
    if (is(message, "developer")) {
      message.put("role", "system");
      changed = true;
    }
    if (is(message, "assistant")) {
      refusal(message);
      thoughts(message);
      message.path("tool_calls").forEach(call -> id(call, "id"));
    }
    id(message, "tool_call_id");
    for (String field : REFUSED) {
      if (field.equals("name") && is(message, "tool")) {
        continue;
      }
      JsonNode gone = message.remove(field);
      if (gone != null) {
        changed = true;
        if (!gone.isNull() && !(gone.isContainer() && gone.isEmpty())) {
          adaptation.drop(place + field);
        }
      }
    }
    if (message.path("content") instanceof ArrayNode parts) {
      parts.forEach(this::part);
    }
  }

  private static boolean is(JsonNode message, String role) {
    return message.path("role").asString("").equals(role);
  }

  /** Its words are all that is left of a refusal. */
  private void refusal(ObjectNode message) {
    String words = message.path("refusal").asString("");
    if (!words.isEmpty() && message.path("content").asString("").isEmpty()) {
      message.put("content", words);
      message.remove("refusal");
      changed = true;
    }
  }

  /** A thought is the first piece of what was said. */
  private void thoughts(ObjectNode message) {
    String text = "";
    for (String field : THOUGHTS) {
      JsonNode given = message.remove(field);
      changed |= given != null;
      text = text.isEmpty() && given != null ? given.asString("") : text;
    }
    if (text.isEmpty()) {
      return;
    }
    ArrayNode content = Json.array();
    ObjectNode thought = content.addObject().put("type", "thinking");
    thought.putArray("thinking").addObject().put("type", "text").put("text", text);
    JsonNode said = message.path("content");
    if (said.isArray()) {
      said.forEach(content::add);
    } else if (!said.asString("").isEmpty()) {
      content.addObject().put("type", "text").put("text", said.asString());
    }
    message.set("content", content);
  }

  /**
   * An id of another vendor goes out as the first digits of its hash. Nobody has to find it again:
   * calls and results of one request get the same, and replies have ids of their own.
   */
  private void id(JsonNode holder, String field) {
    String given = holder.path(field).asString("");
    if (!given.isEmpty() && !ID.matcher(given).matches() && holder instanceof ObjectNode node) {
      node.put(field, ToolNames.hex(given, ID_LENGTH));
      changed = true;
    }
  }

  private void part(JsonNode given) {
    if (!(given instanceof ObjectNode part)) {
      return;
    }
    changed |= part.remove("cache_control") != null;
    JsonNode file = part.path("file");
    if (file.path("file_data").isString()) {
      part.remove("file");
      part.put("type", "document_url").set("document_url", file.get("file_data"));
      if (file.path("filename").isString()) {
        part.set("document_name", file.get("filename"));
      }
      changed = true;
    } else if (part.path("input_audio").path("data").isString()) {
      part.set("input_audio", part.get("input_audio").get("data"));
      changed = true;
    }
  }
}
