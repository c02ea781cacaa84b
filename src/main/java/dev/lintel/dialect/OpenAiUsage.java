package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code usage} object of OpenAI's dialect, where cached tokens are part of the prompt. Every
 * reply has one, so it is read without a tree.
 */
final class OpenAiUsage {
  /** No call has more tokens; what says it has does not count. */
  private static final long MOST = 1L << 40;

  private boolean counted;
  private long prompt;
  private long completion;
  private long total;
  private long hits;
  private long cached = -1;
  private long written;
  private long audioInput;
  private long audioOutput;
  private long imageInput;
  private long imageOutput;
  private long reasoning;
  private long searches;

  private OpenAiUsage() {}

  /**
   * Reads the object that the parser stands at, and leaves it at its end. Nothing is known of usage
   * where neither side of it is a number that makes sense.
   */
  static Usage read(JsonParser parser) {
    var counts = new OpenAiUsage();
    counts.object("", parser);
    return counts.counted ? counts.usage() : Usage.UNKNOWN;
  }

  private void object(String of, JsonParser parser) {
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      if (value == JsonToken.START_OBJECT && of.isEmpty()) {
        object(name, parser);
      } else if (value != null && value.isNumeric()) {
        long tokens = tokens(parser, value);
        if (tokens >= 0 && tokens <= MOST) {
          count(of, name, tokens);
        }
      } else {
        parser.skipChildren();
      }
    }
  }

  /** Some servers write 11.0, and some numbers are larger than any of Java's. */
  private static long tokens(JsonParser parser, JsonToken value) {
    return value == JsonToken.VALUE_NUMBER_INT
            && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
        ? parser.getLongValue()
        : (long) parser.getDoubleValue();
  }

  private void count(String of, String name, long tokens) {
    switch (of) {
      case "" -> {
        switch (name) {
          case "prompt_tokens" -> {
            prompt = tokens;
            counted = true;
          }
          case "completion_tokens" -> {
            completion = tokens;
            counted = true;
          }
          case "total_tokens" -> {
            total = tokens;
            counted = true;
          }
          // DeepSeek and Moonshot name their cache hits at the top.
          case "prompt_cache_hit_tokens", "cached_tokens" -> hits = tokens;
          default -> {}
        }
      }
      case "prompt_tokens_details" -> {
        switch (name) {
          case "cached_tokens" -> cached = tokens;
          case "cache_write_tokens" -> written = tokens;
          case "audio_tokens" -> audioInput = tokens;
          case "image_tokens" -> imageInput = tokens;
          default -> {}
        }
      }
      case "completion_tokens_details" -> {
        switch (name) {
          case "reasoning_tokens" -> reasoning = tokens;
          case "audio_tokens" -> audioOutput = tokens;
          case "image_tokens" -> imageOutput = tokens;
          default -> {}
        }
      }
      // OpenRouter's, as Anthropic has it.
      case "server_tool_use" -> searches = name.equals("web_search_requests") ? tokens : searches;
      default -> {}
    }
  }

  private Usage usage() {
    long read = cached < 0 ? hits : cached;
    // xAI and Gemini's OpenAI endpoint count reasoning in the total, but not in the completion.
    long output = Math.max(completion, total - prompt);
    var text =
        new Usage(
            Math.max(0, prompt - read - written),
            read,
            written,
            0,
            output,
            reasoning,
            audioInput,
            audioOutput,
            Usage.Source.PROVIDER);
    Usage all = imageInput + imageOutput > 0 ? text.images(imageInput, imageOutput) : text;
    return searches > 0 ? all.units(Map.of(Usage.Unit.SEARCH, BigDecimal.valueOf(searches))) : all;
  }

  static ObjectNode write(Usage usage) {
    ObjectNode node =
        Json.object()
            .put("prompt_tokens", usage.prompt())
            .put("completion_tokens", usage.output())
            .put("total_tokens", usage.total());
    ObjectNode in = node.putObject("prompt_tokens_details").put("cached_tokens", usage.cacheRead());
    long written = usage.cacheWrite() + usage.cacheWriteHour();
    if (written > 0) {
      in.put("cache_write_tokens", written);
    }
    in.put("audio_tokens", usage.audioInput());
    ObjectNode out =
        node.putObject("completion_tokens_details")
            .put("reasoning_tokens", usage.reasoning())
            .put("audio_tokens", usage.audioOutput());
    if (usage.imageInput() > 0) {
      in.put("image_tokens", usage.imageInput());
    }
    if (usage.imageOutput() > 0) {
      out.put("image_tokens", usage.imageOutput());
    }
    return node;
  }
}
