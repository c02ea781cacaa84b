package dev.lintel.sim;

import dev.lintel.Block;
import dev.lintel.Failure;
import dev.lintel.Prompt;
import dev.lintel.Turn;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** What Bedrock refuses of a conversation, in its words, as its users report them. */
final class BedrockRules {
  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9_.:-]{1,64}");
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  private BedrockRules() {}

  /** Throws {@link Failure} {@code INVALID_REQUEST} where Bedrock would refuse the prompt. */
  static void check(Prompt prompt) {
    List<Turn> turns =
        prompt.turns().stream().filter(turn -> turn.role() != Turn.Role.SYSTEM).toList();
    if (turns.isEmpty() || turns.getFirst().role() != Turn.Role.USER) {
      throw Failure.invalid(
          "A conversation must start with a user message. Try again with a conversation that starts"
              + " with a user message.");
    }
    var documents = new HashSet<String>();
    for (int i = 0; i < turns.size(); i++) {
      if (i > 0 && turns.get(i).role() == turns.get(i - 1).role()) {
        throw Failure.invalid(
            "A conversation must alternate between user and assistant roles. Make sure the"
                + " conversation alternates between user and assistant roles and try again.");
      }
      List<Block> blocks = turns.get(i).blocks();
      for (int j = 0; j < blocks.size(); j++) {
        block(blocks.get(j), "messages." + i + ".content." + j, prompt);
        if (blocks.get(j) instanceof Block.Media media
            && media.kind() == Block.Media.Kind.DOCUMENT
            && !documents.add(media.name())) {
          throw Failure.invalid("Found duplicate document names.");
        }
      }
      if (blocks.stream().anyMatch(BedrockRules::document)
          && blocks.stream().noneMatch(Block.Text.class::isInstance)) {
        throw Failure.invalid("A text block must be included with document blocks.");
      }
    }
  }

  private static boolean document(Block block) {
    return block instanceof Block.Media media && media.kind() == Block.Media.Kind.DOCUMENT;
  }

  private static void block(Block block, String place, Prompt prompt) {
    switch (block) {
      case Block.Text text -> {
        if (text.text().isBlank()) {
          throw Failure.invalid(
              "The text field in the ContentBlock object at " + place + " is blank.");
        }
      }
      case Block.ToolUse use -> {
        toolConfig(prompt);
        fits(NAME, use.name(), place + ".toolUse.name");
      }
      case Block.ToolResult result -> toolConfig(prompt);
      case Block.Media media -> {}
      case Block.Thought thought -> {}
      case Block.Refusal refusal -> {}
      case Block.Native alien -> {}
    }
  }

  /** As they stand in the request: what was read from it has the ids that a gateway stands for. */
  static void checkIds(JsonNode request) {
    for (JsonNode message : request.path("messages")) {
      for (JsonNode block : message.path("content")) {
        for (String kind : List.of("toolUse", "toolResult")) {
          JsonNode id = block.path(kind).path("toolUseId");
          if (id.isString()) {
            fits(ID, id.asString(), kind + ".toolUseId");
          }
        }
      }
    }
  }

  private static void toolConfig(Prompt prompt) {
    if (prompt.tools().isEmpty()) {
      throw Failure.invalid(
          "The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    }
  }

  private static void fits(Pattern form, String value, String place) {
    if (!form.matcher(value).matches()) {
      throw Failure.invalid(
          "Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s"
              .formatted(value, place, form.pattern()));
    }
  }
}
