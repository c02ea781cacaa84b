package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a conversation as Anthropic takes it: all instructions in {@code system}. */
final class AnthropicTurnWriter {
  private static final AlternatingTurns.Shape SHAPE =
      new AlternatingTurns.Shape() {
        @Override
        public ObjectNode text(String text) {
          return Json.object().put("type", "text").put("text", text);
        }

        @Override
        public String call(JsonNode block) {
          return isType(block, "tool_use") ? block.path("id").asString() : "";
        }

        @Override
        public String result(JsonNode block) {
          return isType(block, "tool_result") ? block.path("tool_use_id").asString("") : "";
        }

        @Override
        public List<JsonNode> said(JsonNode result) {
          return result.path("content").valueStream().toList();
        }

        @Override
        public ObjectNode missing(String id) {
          return Json.object()
              .put("type", "tool_result")
              .put("tool_use_id", id)
              .put("content", AlternatingTurns.NO_RESULT)
              .put("is_error", true);
        }

        @Override
        public boolean thought(JsonNode block) {
          return isType(block, "thinking") || isType(block, "redacted_thinking");
        }
      };

  private final AnthropicBlockWriter writer;
  private final Adaptation adaptation;
  private final boolean own;
  private final ArrayNode system = Json.array();
  private final AlternatingTurns turns;

  /**
   * @param own whether the caller speaks this dialect: then a system turn within the conversation
   *     stays there
   */
  AnthropicTurnWriter(Adaptation adaptation, boolean own) {
    this.adaptation = adaptation;
    this.own = own;
    this.writer = new AnthropicBlockWriter(adaptation, own);
    this.turns = new AlternatingTurns(SHAPE, adaptation);
  }

  AnthropicTurnWriter add(List<Turn> all) {
    for (int i = 0; i < all.size(); i++) {
      add(all.get(i), "messages[" + i + "]");
    }
    turns.complete();
    return this;
  }

  ArrayNode system() {
    return system;
  }

  ArrayNode messages() {
    return turns.array();
  }

  /** As {@link AlternatingTurns#thoughtless}. */
  boolean thoughtless() {
    return turns.thoughtless();
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
        if (own && !turns.isEmpty()) {
          append("system", content, turn.extra(), place);
        } else if (!content.isEmpty()) {
          if (!turns.isEmpty()) {
            adaptation.rename(place, "system");
          }
          system.addAll(content);
        }
      }
    }
  }

  private void append(String role, ArrayNode content, Extra extra, String place) {
    writer.extra(turns.append(role, content), extra, place + ".");
  }

  static boolean isType(JsonNode block, String type) {
    return block.path("type").asString("").equals(type);
  }
}
