package dev.lintel.judge;

import dev.lintel.Block;
import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Turn;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a judge gets to see of a call: text, as far as its policy has it kept, and not too long. */
final class Excerpt {
  /** Of each turn the most characters, and of the answer. */
  static final int LONGEST = 16_000;

  /** Of all turns together. */
  static final int LONGEST_TALK = 48_000;

  private final UnaryOperator<String> redaction;

  Excerpt(UnaryOperator<String> redaction) {
    this.redaction = redaction;
  }

  /**
   * {@code {conversation: [{role, text}], answer}}. May throw a {@link dev.lintel.Failure} where
   * the conversation cannot be read.
   */
  ObjectNode of(Captured captured) {
    UnaryOperator<String> seen =
        captured.level() == Capture.Level.FULL ? UnaryOperator.identity() : redaction;
    ObjectNode all = Json.object();
    talk(Chat.of(captured.request()).prompt().turns(), seen, all.putArray("conversation"));
    return all.put("answer", cut(seen.apply(answer(captured.chunks()))));
  }

  /** The instructions and the last turns, where there is no room for all. */
  private static void talk(List<Turn> turns, UnaryOperator<String> seen, ArrayNode all) {
    long room = LONGEST_TALK;
    var texts = new String[turns.size()];
    for (int i = turns.size() - 1; i >= 0; i--) {
      boolean wanted = room > 0 || turns.get(i).role() == Turn.Role.SYSTEM;
      texts[i] = wanted ? cut(seen.apply(text(turns.get(i).blocks()))) : "";
      room -= texts[i].length();
    }
    for (int i = 0; i < texts.length; i++) {
      if (!texts[i].isEmpty()) {
        all.addObject()
            .put("role", turns.get(i).role().name().toLowerCase(Locale.ROOT))
            .put("text", texts[i]);
      }
    }
  }

  private static String text(List<Block> blocks) {
    var text = new StringBuilder();
    for (Block block : blocks) {
      String piece =
          switch (block) {
            case Block.Text said -> said.text();
            case Block.Refusal no -> no.text();
            // Not what was said to anybody.
            case Block.Thought thought -> "";
            case Block.ToolUse use -> "[calls " + use.name() + " " + use.arguments() + "]";
            case Block.ToolResult result -> "[result: " + text(result.content()) + "]";
            case Block.Media media -> "[" + media.kind().name().toLowerCase(Locale.ROOT) + "]";
            case Block.Native other -> "[something else]";
          };
      if (!piece.isEmpty()) {
        text.append(text.isEmpty() ? "" : "\n").append(piece);
      }
    }
    return text.toString();
  }

  static String answer(List<Chunk> chunks) {
    var text = new StringBuilder();
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        switch (part) {
          case Part.Text said -> text.append(said.text());
          case Part.Refusal said -> text.append(said.text());
          case Part.ToolUse use -> {
            text.append(use.name().isEmpty() ? "" : "\n[calls " + use.name() + "] ");
            text.append(use.arguments());
          }
          case Part.Media media -> text.append("[media]");
          case Part.Start start -> {}
          case Part.Thought thought -> {}
          case Part.Stop stop -> {}
          case dev.lintel.Usage usage -> {}
          case Part.Native other -> {}
          case Part.Piece piece -> {}
        }
      }
    }
    return text.toString();
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " […]";
  }
}
