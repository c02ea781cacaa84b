package dev.lintel.filter;

import dev.lintel.Chat;
import dev.lintel.Policy;
import dev.lintel.Prompt;
import dev.lintel.Request;
import dev.lintel.Tool;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What a model is offered to act with. */
final class Offered {
  /** Where dialects have tools; a body without any of these offers none. */
  private static final List<String> FIELDS =
      List.of(
          "tools",
          "toolConfig",
          "functions",
          "web_search_options",
          "search_parameters",
          "plugins",
          "mcp_servers");

  /** By these a vendor's own tool is known. */
  private static final List<String> NAMES = List.of("name", "type", "server_label");

  private Offered() {}

  /**
   * Each tool by the names that a rule may have for it, the most telling first; a vendor's own also
   * by its type, and what stands outside the list of tools by its field. Throws {@link
   * dev.lintel.Failure} where the conversation makes no sense.
   */
  static List<List<String>> tools(Request request) {
    if (!(request instanceof Chat chat) || chat.sketched() || isPlain(chat)) {
      return List.of();
    }
    Prompt prompt = chat.prompt();
    var all = new ArrayList<List<String>>();
    for (Tool tool : prompt.tools()) {
      all.add(
          switch (tool) {
            case Tool.Function function -> List.of(function.name());
            case Tool.Native vendors -> names(vendors.extra().fields());
          });
    }
    JsonNode beside = prompt.extra().fields();
    for (String field : FIELDS) {
      JsonNode value = beside.path(field);
      if (value.isArray()) {
        value.forEach(one -> {
          var names = new ArrayList<>(names(one));
          names.add(field);
          all.add(names);
        });
      } else if (!value.isMissingNode() && !value.isNull()) {
        all.add(List.of(field));
      }
    }
    return all;
  }

  private static boolean isPlain(Chat chat) {
    return chat.original()
        .map(original -> FIELDS.stream().noneMatch(original.body()::has))
        .orElse(false);
  }

  private static List<String> names(JsonNode tool) {
    var names = new ArrayList<String>(2);
    for (String field : NAMES) {
      if (tool.path(field).isString()) {
        names.add(tool.path(field).asString());
      }
    }
    if (names.isEmpty()) {
      // Gemini's: { "googleSearch": {} }.
      names.addAll(tool.propertyNames());
    }
    return names.isEmpty() ? List.of("?") : names;
  }

  /** One of its names must be allowed, and none denied. */
  static boolean allowed(List<String> names, Policy.Names rule) {
    return names.stream().noneMatch(rule.denied()::contains)
        && (rule.allowed().isEmpty() || names.stream().anyMatch(rule.allowed().get()::contains));
  }
}
