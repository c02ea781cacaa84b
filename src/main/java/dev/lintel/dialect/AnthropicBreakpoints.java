package dev.lintel.dialect;

import dev.lintel.Adaptation;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The places up to which Anthropic's API keeps a prompt in its cache. */
final class AnthropicBreakpoints {
  private static final int MOST = 4;

  private AnthropicBreakpoints() {}

  /**
   * The API takes four places to cache at. The first one is kept, which most calls share, and the
   * last three, which hold most of this conversation.
   */
  static void limit(ObjectNode body, Adaptation adaptation) {
    List<ObjectNode> marked = new ArrayList<>();
    body.path("tools").forEach(tool -> mark(tool, marked));
    body.path("system").forEach(block -> mark(block, marked));
    for (JsonNode message : body.path("messages")) {
      for (JsonNode block : message.path("content")) {
        if (AnthropicTurnWriter.isType(block, "tool_result")) {
          block.path("content").forEach(inner -> mark(inner, marked));
        }
        mark(block, marked);
      }
    }
    int most = body.has("cache_control") ? MOST - 1 : MOST;
    if (marked.size() > most) {
      adaptation.drop("cache_control");
      marked.subList(1, marked.size() - most + 1).forEach(block -> block.remove("cache_control"));
    }
  }

  private static void mark(JsonNode block, List<ObjectNode> marked) {
    if (block instanceof ObjectNode node && node.has("cache_control")) {
      marked.add(node);
    }
  }
}
