package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Part.Stop;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Prompt;
import dev.lintel.Tool;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The words of Anthropic's dialect for what every dialect says: ends, usage, errors. */
final class AnthropicWords {
  static final String NAME = "anthropic";

  /**
   * The tool that a model has to call where it takes no schema for its answer; its call is shown as
   * the text that was asked for.
   */
  static final String ANSWER = "lintel_answer";

  private static final Map<String, Reason> REASONS =
      Map.of(
          "end_turn", Reason.END,
          "max_tokens", Reason.LENGTH,
          "stop_sequence", Reason.STOP_SEQUENCE,
          "tool_use", Reason.TOOL_USE,
          "pause_turn", Reason.PAUSE,
          "compaction", Reason.PAUSE,
          "refusal", Reason.REFUSAL,
          "model_context_window_exceeded", Reason.CONTEXT_EXCEEDED);

  private AnthropicWords() {}

  /** Whether a reply to such a request may show its answer as a call of {@link #ANSWER}. */
  static boolean answersByTool(Prompt prompt) {
    return prompt.format().isPresent()
        && prompt.tools().stream()
            .noneMatch(
                tool -> tool instanceof Tool.Function function && function.name().equals(ANSWER));
  }

  /** The end that a message's, or a {@code message_delta}'s, fields tell of; empty before it. */
  static Optional<Stop> stop(JsonNode fields) {
    String word = fields.path("stop_reason").asString("");
    if (word.isEmpty()) {
      return Optional.empty();
    }
    Reason reason = REASONS.getOrDefault(word, Reason.END);
    String detail =
        reason == Reason.REFUSAL
            ? fields.path("stop_details").path("explanation").asString("")
            : fields.path("stop_sequence").asString("");
    return Optional.of(new Stop(reason, NAME, word, detail));
  }

  /**
   * Adds the end's fields.
   *
   * @param tools whether the reply calls tools: some vendors have no word of their own for that
   * @param refused whether the reply is a refusal's words
   */
  static void stop(Optional<Stop> stop, boolean tools, boolean refused, ObjectNode into) {
    String word = stop.map(known -> word(known, tools, refused)).orElse("end_turn");
    into.put("stop_reason", word).putNull("stop_sequence");
    String detail = stop.map(Stop::detail).orElse("");
    if (detail.isEmpty()) {
      return;
    }
    if (word.equals("refusal")) {
      into.putObject("stop_details")
          .put("type", "refusal")
          .putNull("category")
          .put("explanation", detail);
    } else {
      into.put("stop_sequence", detail);
    }
  }

  private static String word(Stop stop, boolean tools, boolean refused) {
    if (stop.vendor().equals(NAME) && !stop.word().isEmpty()) {
      return stop.word();
    }
    return switch (stop.reason()) {
      case END -> refused ? "refusal" : tools ? "tool_use" : "end_turn";
      case LENGTH -> "max_tokens";
      case TOOL_USE -> "tool_use";
      case STOP_SEQUENCE -> "stop_sequence";
      case REFUSAL, CONTENT_FILTER -> "refusal";
      case PAUSE -> "pause_turn";
      case CONTEXT_EXCEEDED -> "model_context_window_exceeded";
    };
  }

  /** What a {@code usage} object counts. */
  static Usage usage(JsonNode node) {
    long hour = node.path("cache_creation").path("ephemeral_1h_input_tokens").asLong(0);
    long short_ = node.path("cache_creation").path("ephemeral_5m_input_tokens").asLong(0);
    // Some replies give the sum alone, or the sum beside a split of zeros.
    long sum = node.path("cache_creation_input_tokens").asLong(0);
    var tokens =
        new Usage(
            node.path("input_tokens").asLong(0),
            node.path("cache_read_input_tokens").asLong(0),
            Math.max(short_, sum - hour),
            hour,
            node.path("output_tokens").asLong(0),
            node.path("output_tokens_details").path("thinking_tokens").asLong(0),
            0,
            0,
            Usage.Source.PROVIDER);
    long searches = node.path("server_tool_use").path("web_search_requests").asLong(0);
    Usage all =
        searches > 0
            ? tokens.units(Map.of(Usage.Unit.SEARCH, BigDecimal.valueOf(searches)))
            : tokens;
    String tier = node.path("service_tier").asString("");
    return tier.isEmpty() || tier.equals("standard") ? all : all.tier(tier);
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode node = Json.object();
    node.put("input_tokens", usage.input())
        .put("cache_creation_input_tokens", usage.cacheWrite() + usage.cacheWriteHour())
        .put("cache_read_input_tokens", usage.cacheRead());
    node.putObject("cache_creation")
        .put("ephemeral_5m_input_tokens", usage.cacheWrite())
        .put("ephemeral_1h_input_tokens", usage.cacheWriteHour());
    node.put("output_tokens", usage.output());
    if (usage.reasoning() > 0) {
      node.putObject("output_tokens_details").put("thinking_tokens", usage.reasoning());
    }
    BigDecimal searches = usage.units().get(Usage.Unit.SEARCH);
    if (searches != null) {
      node.putObject("server_tool_use").put("web_search_requests", searches.longValue());
    }
    return node;
  }

  /** The error's type: https://docs.anthropic.com/en/api/errors (November 2026). */
  static String errorType(Failure.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED, CONTENT_BLOCKED -> "invalid_request_error";
      case AUTHENTICATION -> "authentication_error";
      case PERMISSION -> "permission_error";
      case NOT_FOUND -> "not_found_error";
      case PAYLOAD_TOO_LARGE -> "request_too_large";
      case RATE_LIMITED, UPSTREAM_RATE_LIMITED -> "rate_limit_error";
      case BUDGET_EXCEEDED -> "billing_error";
      case UPSTREAM_OVERLOADED -> "overloaded_error";
      case TIMEOUT -> "timeout_error";
      case UPSTREAM_UNAVAILABLE, UPSTREAM_ERROR, CANCELLED, UNAVAILABLE, INTERNAL -> "api_error";
    };
  }

  /** The envelope, the same as an answer and as a stream's event. */
  static ObjectNode error(Failure failure, Trail trail) {
    ObjectNode envelope = Json.object().put("type", "error");
    envelope
        .putObject("error")
        .put("type", errorType(failure.kind()))
        .put("message", failure.message())
        .set("lintel", failure.lintel(trail));
    return envelope.put("request_id", trail.id());
  }

  static int errorStatus(Failure failure) {
    return switch (failure.kind()) {
      case UPSTREAM_OVERLOADED -> 529;
      case BUDGET_EXCEEDED -> 402;
      default -> failure.status();
    };
  }
}
