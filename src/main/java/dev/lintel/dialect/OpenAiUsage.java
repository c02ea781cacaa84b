package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Usage;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code usage} object of OpenAI's dialect, where cached tokens are part of the prompt. Every
 * reply has one, so it is read without a tree.
 */
final class OpenAiUsage {
  private long prompt;
  private long completion;
  private long total;
  private long hits;
  private long cached = -1;
  private long written;
  private long audioInput;
  private long audioOutput;
  private long reasoning;

  private OpenAiUsage() {}

  /** Reads the object that the parser stands at, and leaves it at its end. */
  static Usage read(JsonParser parser) {
    var counts = new OpenAiUsage();
    counts.object("", parser);
    return counts.usage();
  }

  private void object(String of, JsonParser parser) {
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      if (value == JsonToken.START_OBJECT && of.isEmpty()) {
        object(name, parser);
      } else if (value == JsonToken.VALUE_NUMBER_INT) {
        count(of, name, Math.max(0, parser.getValueAsLong(0)));
      } else {
        parser.skipChildren();
      }
    }
  }

  private void count(String of, String name, long tokens) {
    switch (of) {
      case "" -> {
        switch (name) {
          case "prompt_tokens" -> prompt = tokens;
          case "completion_tokens" -> completion = tokens;
          case "total_tokens" -> total = tokens;
          // DeepSeek names its cache hits at the top.
          case "prompt_cache_hit_tokens" -> hits = tokens;
          default -> {}
        }
      }
      case "prompt_tokens_details" -> {
        switch (name) {
          case "cached_tokens" -> cached = tokens;
          case "cache_write_tokens" -> written = tokens;
          case "audio_tokens" -> audioInput = tokens;
          default -> {}
        }
      }
      case "completion_tokens_details" -> {
        switch (name) {
          case "reasoning_tokens" -> reasoning = tokens;
          case "audio_tokens" -> audioOutput = tokens;
          default -> {}
        }
      }
      default -> {}
    }
  }

  private Usage usage() {
    long read = cached < 0 ? hits : cached;
    // xAI and Gemini's OpenAI endpoint count reasoning in the total, but not in the completion.
    long output = Math.max(completion, total - prompt);
    return new Usage(
        Math.max(0, prompt - read - written),
        read,
        written,
        0,
        output,
        reasoning,
        audioInput,
        audioOutput,
        Usage.Source.PROVIDER);
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
    node.putObject("completion_tokens_details")
        .put("reasoning_tokens", usage.reasoning())
        .put("audio_tokens", usage.audioOutput());
    return node;
  }
}
