package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a conversation as Bedrock takes it: all instructions in {@code system}. */
final class BedrockTurnWriter {
  private static final AlternatingTurns.Shape SHAPE =
      new AlternatingTurns.Shape() {
        @Override
        public ObjectNode text(String text) {
          return Json.object().put("text", text);
        }

        @Override
        public String call(JsonNode block) {
          return block.path("toolUse").path("toolUseId").asString("");
        }

        @Override
        public String result(JsonNode block) {
          return block.path("toolResult").path("toolUseId").asString("");
        }

        @Override
        public List<JsonNode> said(JsonNode result) {
          var blocks = new ArrayList<JsonNode>();
          for (JsonNode block : result.path("toolResult").path("content")) {
            blocks.add(block.has("json") ? text(Json.text(block.get("json"))) : block);
          }
          return blocks;
        }

        @Override
        public ObjectNode missing(String id) {
          ObjectNode block = Json.object();
          ObjectNode result = block.putObject("toolResult").put("toolUseId", id);
          result.putArray("content").add(text(AlternatingTurns.NO_RESULT));
          result.put("status", "error");
          return block;
        }

        @Override
        public boolean thought(JsonNode block) {
          return block.has("reasoningContent");
        }
      };

  private final BedrockBlockWriter writer;
  private final Adaptation adaptation;
  private final boolean own;
  private final ArrayNode system = Json.array();
  private final AlternatingTurns turns;

  /**
   * @param own whether the caller speaks this dialect: then a system turn within the conversation
   *     stays there
   */
  BedrockTurnWriter(BedrockBlockWriter writer, Adaptation adaptation, boolean own) {
    this.writer = writer;
    this.adaptation = adaptation;
    this.own = own;
    this.turns = new AlternatingTurns(SHAPE, adaptation);
  }

  BedrockTurnWriter add(List<Turn> all) {
    for (int i = 0; i < all.size(); i++) {
      add(all.get(i), "messages[" + i + "]");
    }
    turns.complete();
    if (!own) {
      introduceDocuments();
    }
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

  /** The names of the tools that the conversation calls. */
  Set<String> called() {
    var names = new LinkedHashSet<String>();
    for (ObjectNode message : turns.messages()) {
      for (JsonNode block : AlternatingTurns.content(message)) {
        if (block.has("toolUse")) {
          names.add(block.path("toolUse").path("name").asString());
        }
      }
    }
    return names;
  }

  private void add(Turn turn, String place) {
    ArrayNode content = Json.array();
    for (int j = 0; j < turn.blocks().size(); j++) {
      writer.write(turn.blocks().get(j), turn.role(), place + ".content[" + j + "]", content);
    }
    switch (turn.role()) {
      case USER -> append("user", content, turn, place);
      case ASSISTANT -> {
        if (!content.isEmpty()) {
          append("assistant", content, turn, place);
        }
      }
      case SYSTEM -> {
        if (own && !turns.isEmpty()) {
          append("system", content, turn, place);
        } else if (!content.isEmpty()) {
          if (!turns.isEmpty()) {
            adaptation.rename(place, "system");
          }
          system.addAll(content);
        }
      }
    }
  }

  private void append(String role, ArrayNode content, Turn turn, String place) {
    writer.extra(turns.append(role, content), turn.extra(), place);
  }

  /** Bedrock refuses a document that no text of the same turn goes with. */
  private void introduceDocuments() {
    for (int i = 0; i < turns.messages().size(); i++) {
      ArrayNode content = AlternatingTurns.content(turns.messages().get(i));
      if (content.valueStream().anyMatch(block -> block.has("document"))
          && content.valueStream().noneMatch(block -> block.has("text"))) {
        adaptation.mend("messages[" + i + "].content");
        content.add(SHAPE.text(AlternatingTurns.FILLER));
      }
    }
  }
}
