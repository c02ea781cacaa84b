package dev.lintel.sim;

import dev.lintel.Block;
import dev.lintel.Chat;
import dev.lintel.Failure;
import dev.lintel.Prompt;
import dev.lintel.Thinking;
import dev.lintel.Turn;
import java.util.List;
import java.util.Set;

/** Checks the signatures that a conversation brings back, each vendor's in its own way. */
final class Proofs {
  /** What Gemini takes in a signature's place: ai.google.dev/gemini-api/docs/thought-signatures. */
  private static final Set<String> WAIVERS =
      Set.of("skip_thought_signature_validator", "context_engineering_is_the_way_to_go");

  private Proofs() {}

  /**
   * Throws {@link Failure} {@code INVALID_REQUEST} with the vendor's words where a signature is
   * wrong, or missing where the vendor needs it.
   */
  static void check(Vendor vendor, Chat chat) {
    check(vendor, chat.prompt());
    if (vendor == Vendor.BEDROCK) {
      chat.original().ifPresent(sent -> BedrockRules.checkIds(sent.body().tree()));
    }
  }

  static void check(Vendor vendor, Prompt prompt) {
    List<Turn> turns =
        prompt.turns().stream().filter(turn -> turn.role() != Turn.Role.SYSTEM).toList();
    switch (vendor) {
      case OPENAI, COHERE -> {}
      case ANTHROPIC -> anthropic(turns, prompt);
      case BEDROCK -> {
        BedrockRules.check(prompt);
        // Claude's signatures are good on every platform.
        anthropic(turns, prompt);
      }
      case GEMINI -> gemini(turns);
      case RESPONSES -> responses(turns);
    }
  }

  private static void anthropic(List<Turn> turns, Prompt prompt) {
    for (int i = 0; i < turns.size(); i++) {
      List<Block> blocks = turns.get(i).blocks();
      for (int j = 0; j < blocks.size(); j++) {
        if (blocks.get(j) instanceof Block.Thought thought
            && !(thought.sealed()
                ? Signature.genuine(thought.signature(), Vendor.ANTHROPIC)
                : Signature.proves(thought.signature(), Vendor.ANTHROPIC, thought.text()))) {
          throw Failure.invalid(
              "messages.%d.content.%d: Invalid `signature` in `thinking` block".formatted(i, j));
        }
      }
    }
    boolean thinking =
        prompt.thinking().map(Thinking::mode).filter(Thinking.Mode.ON::equals).isPresent();
    int asked = turns.size() - 2;
    if (thinking
        && asked >= 0
        && answersTools(turns.get(asked + 1))
        && !(turns.get(asked).blocks().getFirst() instanceof Block.Thought)) {
      throw Failure.invalid(
          ("messages.%d.content.0.type: Expected `thinking` or `redacted_thinking`, but found"
                  + " another block. When `thinking` is enabled, a final `assistant` message must"
                  + " start with a thinking block.")
              .formatted(asked));
    }
  }

  private static void responses(List<Turn> turns) {
    for (Turn turn : turns) {
      for (Block block : turn.blocks()) {
        if (block instanceof Block.Thought thought
            && !thought.signature().isEmpty()
            && !Signature.genuine(thought.signature(), Vendor.RESPONSES)) {
          throw Failure.invalid("The encrypted content could not be verified.")
              .code("invalid_encrypted_content");
        }
      }
    }
  }

  private static void gemini(List<Turn> turns) {
    int current = 0;
    for (int i = 0; i < turns.size(); i++) {
      if (turns.get(i).role() == Turn.Role.USER && !answersTools(turns.get(i))) {
        current = i;
      }
    }
    for (int i = 0; i < turns.size(); i++) {
      boolean first = true;
      for (Block block : turns.get(i).blocks()) {
        if (block instanceof Block.ToolUse call) {
          if (first && i > current && call.signature().isEmpty()) {
            throw Failure.invalid(
                "Function call is missing a thought_signature in functionCall parts. This is"
                    + " required for tools to work correctly, and missing thought_signature may"
                    + " lead to degraded model performance. Additional data, function call `%s`,"
                        .formatted(call.name())
                    + " position %d.".formatted(i + 1));
          }
          first = false;
          corrupted(
              call.signature(), Signature.proves(call.signature(), Vendor.GEMINI, call.name()));
        } else if (block instanceof Block.Thought thought) {
          corrupted(thought.signature(), Signature.genuine(thought.signature(), Vendor.GEMINI));
        }
      }
    }
  }

  private static void corrupted(String signature, boolean good) {
    if (!signature.isEmpty() && !good && !WAIVERS.contains(signature)) {
      throw Failure.invalid("Corrupted thought signature.");
    }
  }

  static boolean answersTools(Turn turn) {
    return turn.blocks().stream().anyMatch(Block.ToolResult.class::isInstance);
  }
}
