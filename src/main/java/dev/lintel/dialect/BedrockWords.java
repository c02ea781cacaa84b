package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Part.Stop;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Usage;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The words of Bedrock's Converse for what every dialect says: ends, usage, and who signed. */
final class BedrockWords {
  static final String NAME = "bedrock";

  /**
   * Whose the signatures in {@code reasoningText} are: Claude's, who takes them back on every
   * platform (https://docs.claude.com/en/docs/build-with-claude/extended-thinking, November 2026).
   */
  static final String SIGNER = AnthropicWords.NAME;

  /**
   * The tool that a model has to call where it cannot be asked for JSON otherwise; its call is
   * shown as the text that was asked for.
   */
  static final String ANSWER = "lintel_answer";

  private static final Map<String, Reason> REASONS =
      Map.of(
          "end_turn", Reason.END,
          "tool_use", Reason.TOOL_USE,
          "max_tokens", Reason.LENGTH,
          "stop_sequence", Reason.STOP_SEQUENCE,
          "guardrail_intervened", Reason.CONTENT_FILTER,
          "content_filtered", Reason.CONTENT_FILTER,
          "model_context_window_exceeded", Reason.CONTEXT_EXCEEDED);

  /** The model failed at its own form: there is no answer, or a call that is none. */
  private static final Set<String> FAILED = Set.of("malformed_model_output", "malformed_tool_use");

  private static final String USUAL_TIER = "default";

  private BedrockWords() {}

  static boolean failed(String stopReason) {
    return FAILED.contains(stopReason);
  }

  /** The end that a reply's, or a {@code messageStop}'s, fields tell of; empty before it. */
  static Optional<Stop> stop(JsonNode fields) {
    String word = fields.path("stopReason").asString("");
    if (word.isEmpty()) {
      return Optional.empty();
    }
    // Claude's own field, where the caller asked for it.
    String met = fields.path("additionalModelResponseFields").path("stop_sequence").asString("");
    return Optional.of(new Stop(REASONS.getOrDefault(word, Reason.END), NAME, word, met));
  }

  /**
   * Bedrock's word for the end.
   *
   * @param tools whether the reply calls tools: some vendors have no word of their own for that
   * @param refused whether the reply is a refusal's words
   */
  static String stop(Optional<Stop> stop, boolean tools, boolean refused) {
    if (stop.isEmpty()) {
      return "end_turn";
    }
    Stop known = stop.get();
    if (known.vendor().equals(NAME) && !known.word().isEmpty()) {
      return known.word();
    }
    return switch (known.reason()) {
      case END -> refused ? "content_filtered" : tools ? "tool_use" : "end_turn";
      case PAUSE -> "end_turn";
      case LENGTH -> "max_tokens";
      case TOOL_USE -> "tool_use";
      case STOP_SEQUENCE -> "stop_sequence";
      case REFUSAL, CONTENT_FILTER -> "content_filtered";
      case CONTEXT_EXCEEDED -> "model_context_window_exceeded";
    };
  }

  /** What a reply, or a {@code metadata} event, counts. */
  static Usage usage(JsonNode reply) {
    JsonNode node = reply.path("usage");
    long hour = 0;
    long minutes = 0;
    for (JsonNode detail : node.path("cacheDetails")) {
      long tokens = detail.path("inputTokens").asLong(0);
      if (detail.path("ttl").asString("").equals("1h")) {
        hour += tokens;
      } else {
        minutes += tokens;
      }
    }
    long written = node.path("cacheWriteInputTokens").asLong(0);
    String tier = reply.path("serviceTier").path("type").asString("");
    return new Usage(
            node.path("inputTokens").asLong(0),
            node.path("cacheReadInputTokens").asLong(0),
            Math.max(minutes, written - hour),
            hour,
            node.path("outputTokens").asLong(0),
            0,
            0,
            0,
            Usage.Source.PROVIDER)
        .tier(tier.equals(USUAL_TIER) ? "" : tier);
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode node =
        Json.object()
            .put("inputTokens", usage.input())
            .put("outputTokens", usage.output())
            .put("totalTokens", usage.total());
    long written = usage.cacheWrite() + usage.cacheWriteHour();
    if (usage.cacheRead() + written > 0) {
      node.put("cacheReadInputTokens", usage.cacheRead()).put("cacheWriteInputTokens", written);
    }
    if (written > 0) {
      var details = node.putArray("cacheDetails");
      if (usage.cacheWriteHour() > 0) {
        details.addObject().put("ttl", "1h").put("inputTokens", usage.cacheWriteHour());
      }
      if (usage.cacheWrite() > 0) {
        details.addObject().put("ttl", "5m").put("inputTokens", usage.cacheWrite());
      }
    }
    return node;
  }
}
