package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The words of OpenAI's Responses API for what every dialect says: ends, usage, markers. */
final class ResponsesWords {
  static final String NAME = "responses";

  /** Marks the turn that came as {@code instructions} and not among the input. */
  static final String INSTRUCTIONS = NAME + "/instructions";

  /** Marks a tool, and calls of it, whose input is free text instead of JSON. */
  static final String CUSTOM = NAME + "/custom";

  /** The one argument under which the other dialects see a custom tool's text. */
  static final String INPUT = "input";

  private ResponsesWords() {}

  /** What a {@code usage} object counts; cached tokens are part of its input. */
  static Usage usage(JsonNode node) {
    JsonNode in = node.path("input_tokens_details");
    long input = count(node, "input_tokens");
    long read = count(in, "cached_tokens");
    long written = count(in, "cache_write_tokens");
    return new Usage(
        Math.max(0, input - read - written),
        read,
        written,
        0,
        // Some servers count the thoughts beside the output.
        Math.max(count(node, "output_tokens"), count(node, "total_tokens") - input),
        count(node.path("output_tokens_details"), "reasoning_tokens"),
        0,
        0,
        Usage.Source.PROVIDER);
  }

  private static long count(JsonNode node, String name) {
    return Math.max(0, node.path(name).asLong(0));
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode node = Json.object().put("input_tokens", usage.prompt());
    node.putObject("input_tokens_details")
        .put("cached_tokens", usage.cacheRead())
        // The Java SDK takes no reply without it (openai-java 4.101.0).
        .put("cache_write_tokens", usage.cacheWrite() + usage.cacheWriteHour());
    node.put("output_tokens", usage.output());
    node.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoning());
    return node.put("total_tokens", usage.total());
  }

  /**
   * Why a response ended.
   *
   * @param incomplete the reason where it is not complete, else empty
   * @param calls whether it calls tools of the caller's
   * @param refused whether it holds the words of a refusal
   */
  static Reason reason(String incomplete, boolean calls, boolean refused) {
    return switch (incomplete) {
      case "" -> refused ? Reason.REFUSAL : calls ? Reason.TOOL_USE : Reason.END;
      case "content_filter" -> Reason.CONTENT_FILTER;
      default -> Reason.LENGTH;
    };
  }

  /** Why a reply counts as incomplete; empty where it is complete. */
  static String incomplete(Reason reason, boolean refused) {
    return switch (reason) {
      case END, TOOL_USE, STOP_SEQUENCE, PAUSE -> "";
      case LENGTH, CONTEXT_EXCEEDED -> "max_output_tokens";
      case CONTENT_FILTER -> "content_filter";
      // Without a word that says so, a refusal must not look like an answer.
      case REFUSAL -> refused ? "" : "content_filter";
    };
  }
}
