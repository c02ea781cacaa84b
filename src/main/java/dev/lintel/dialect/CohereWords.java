package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Cohere's words for what every dialect says: ends and usage. */
final class CohereWords {
  private static final Map<String, Reason> REASONS =
      Map.of(
          "COMPLETE", Reason.END,
          "STOP_SEQUENCE", Reason.STOP_SEQUENCE,
          "MAX_TOKENS", Reason.LENGTH,
          "TOOL_CALL", Reason.TOOL_USE);

  private CohereWords() {}

  /**
   * A word that nobody knows ends the reply as {@code COMPLETE} does. Throws a {@link Failure}
   * where the word says that the provider failed.
   *
   * @param error what the provider says of it; empty where nothing
   */
  static Reason reason(String word, String error) {
    if (word.startsWith("ERROR") || word.equals("TIMEOUT") || !error.isEmpty()) {
      Failure.Kind kind =
          word.equals("TIMEOUT") ? Failure.Kind.TIMEOUT : Failure.Kind.UPSTREAM_ERROR;
      String message =
          error.isEmpty()
              ? "The provider broke the reply off: " + word + "."
              : ProviderErrors.scrub(error);
      throw Failure.of(kind, message).code(word.isEmpty() ? null : word);
    }
    return REASONS.getOrDefault(word, Reason.END);
  }

  /** A refusal has no word of its own: its text is all that tells it. */
  static String word(Reason reason) {
    return switch (reason) {
      case END, PAUSE, REFUSAL, CONTENT_FILTER -> "COMPLETE";
      case LENGTH, CONTEXT_EXCEEDED -> "MAX_TOKENS";
      case TOOL_USE -> "TOOL_CALL";
      case STOP_SEQUENCE -> "STOP_SEQUENCE";
    };
  }

  /**
   * What is billed, where Cohere says it: {@code tokens} counts beside it what Cohere adds to a
   * prompt of its own, and does not charge.
   */
  static Usage usage(JsonNode usage) {
    JsonNode billed = usage.path("billed_units");
    JsonNode counted = billed.path("input_tokens").isNumber() ? billed : usage.path("tokens");
    long input = whole(counted.path("input_tokens"));
    // Cohere's own part of a prompt may have been cached, too, and is not billed.
    long cached = Math.min(whole(usage.path("cached_tokens")), input);
    Usage tokens =
        new Usage(
            input - cached,
            cached,
            0,
            0,
            whole(counted.path("output_tokens")),
            0,
            0,
            0,
            Usage.Source.PROVIDER);
    JsonNode searches = billed.path("search_units");
    return searches.isNumber() && searches.decimalValue().signum() > 0
        ? tokens.units(Map.of(Usage.Unit.SEARCH, searches.decimalValue()))
        : tokens;
  }

  /** Cohere's figures are of JSON's general kind: 37.0 is as good as 37. */
  private static long whole(JsonNode figure) {
    return figure.isNumber() ? Math.max(0, figure.decimalValue().longValue()) : 0;
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode node = Json.object();
    ObjectNode billed =
        node.putObject("billed_units")
            .put("input_tokens", usage.prompt())
            .put("output_tokens", usage.output());
    BigDecimal searches = usage.units().get(Usage.Unit.SEARCH);
    if (searches != null) {
      billed.put("search_units", searches);
    }
    node.putObject("tokens")
        .put("input_tokens", usage.prompt())
        .put("output_tokens", usage.output());
    if (usage.cacheRead() > 0) {
      node.put("cached_tokens", usage.cacheRead());
    }
    return node;
  }
}
