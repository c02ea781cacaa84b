package dev.lintel.filter;

import dev.lintel.Chat;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Prompt;
import dev.lintel.Request;
import dev.lintel.Stateful;
import dev.lintel.Tool;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a provider does beside its answer, and so does twice where it is asked twice. What cannot be
 * read may do anything.
 */
final class Deeds {
  /** Fields with which it runs something by itself, or goes on with what it has kept. */
  private static final Set<String> ACTING =
      Set.of(
          "background",
          "conversation",
          "web_search_options",
          "search_parameters",
          "plugins",
          "mcp_servers",
          "container");

  /** Where dialects have the tools that they offer, the provider's own among them. */
  private static final List<String> TOOLS = List.of("tools", "toolConfig");

  /** Fields with which it keeps its answer. */
  private static final Set<String> KEEPING = Set.of("store", "previous_response_id");

  private Deeds() {}

  /** Whether it runs tools, or changes what others see. */
  static boolean acts(Request request) {
    if (!(request instanceof Chat chat) || isPlain(chat)) {
      return false;
    }
    try {
      Prompt prompt = chat.prompt();
      return prompt.tools().stream().anyMatch(Tool.Native.class::isInstance)
          || says(prompt, ACTING);
    } catch (Failure passedUnread) {
      return true;
    }
  }

  /** Whether that is clear without a look into the conversation. */
  private static boolean isPlain(Chat chat) {
    return chat.original()
        .map(Inbound::body)
        .filter(body -> TOOLS.stream().noneMatch(body::has) && ACTING.stream().noneMatch(body::has))
        .isPresent();
  }

  /** Whether somebody may ask for the answer later. */
  static boolean keeps(Request request) {
    if (!(request instanceof Chat chat)) {
      return false;
    }
    if (chat.dialect() instanceof Stateful dialect
        && (chat.original().isEmpty() || dialect.ties(chat).kept())) {
      return true;
    }
    try {
      return says(chat.prompt(), KEEPING);
    } catch (Failure passedUnread) {
      return true;
    }
  }

  private static boolean says(Prompt prompt, Set<String> names) {
    return prompt.extra().fields().properties().stream()
        .anyMatch(field -> names.contains(field.getKey()) && isSet(field.getValue()));
  }

  private static boolean isSet(JsonNode value) {
    return !value.isNull() && !(value.isBoolean() && !value.asBoolean());
  }
}
