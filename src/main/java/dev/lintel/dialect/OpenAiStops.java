package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Part.Stop.Reason;
import java.util.Map;

/** The words of {@code finish_reason}. */
final class OpenAiStops {
  /** Those that OpenAI documents, and those that servers with its dialect use beside them. */
  private static final Map<String, Reason> REASONS =
      Map.ofEntries(
          Map.entry("stop", Reason.END),
          Map.entry("length", Reason.LENGTH),
          Map.entry("tool_calls", Reason.TOOL_USE),
          Map.entry("function_call", Reason.TOOL_USE),
          Map.entry("content_filter", Reason.CONTENT_FILTER),
          Map.entry("end_turn", Reason.END),
          Map.entry("eos", Reason.END),
          Map.entry("max_tokens", Reason.LENGTH),
          Map.entry("model_length", Reason.LENGTH),
          Map.entry("tool_use", Reason.TOOL_USE),
          Map.entry("stop_sequence", Reason.STOP_SEQUENCE),
          Map.entry("refusal", Reason.REFUSAL),
          Map.entry("sensitive", Reason.CONTENT_FILTER),
          Map.entry("model_context_window_exceeded", Reason.CONTEXT_EXCEEDED));

  /** Words with which a provider says that it broke off: OpenRouter, Zhipu, DeepSeek. */
  private static final Map<String, Failure.Kind> FAULTS =
      Map.of(
          "error", Failure.Kind.UPSTREAM_ERROR,
          "network_error", Failure.Kind.UPSTREAM_ERROR,
          "insufficient_system_resource", Failure.Kind.UPSTREAM_OVERLOADED);

  private OpenAiStops() {}

  /**
   * A word that nobody knows ends the reply as {@code stop} does. Throws a {@link Failure} where
   * the word says that the provider failed.
   */
  static Reason read(String word) {
    Failure.Kind fault = FAULTS.get(word);
    if (fault != null) {
      throw Failure.of(fault, "The provider broke the reply off: " + word + ".").code(word);
    }
    return REASONS.getOrDefault(word, Reason.END);
  }

  static String write(Reason reason) {
    return switch (reason) {
      case END, STOP_SEQUENCE, PAUSE -> "stop";
      case LENGTH, CONTEXT_EXCEEDED -> "length";
      case TOOL_USE -> "tool_calls";
      case REFUSAL, CONTENT_FILTER -> "content_filter";
    };
  }
}
