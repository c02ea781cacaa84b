package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The {@code usage} object of OpenAI's dialect, where cached tokens are part of the prompt. */
final class OpenAiUsage {
  private OpenAiUsage() {}

  static Usage read(JsonNode node) {
    long prompt = number(node.path("prompt_tokens"));
    long completion = number(node.path("completion_tokens"));
    JsonNode in = node.path("prompt_tokens_details");
    JsonNode out = node.path("completion_tokens_details");
    // DeepSeek names its cache hits at the top.
    long read =
        in.has("cached_tokens")
            ? number(in.path("cached_tokens"))
            : number(node.path("prompt_cache_hit_tokens"));
    long written = number(in.path("cache_write_tokens"));
    // xAI and Gemini's OpenAI endpoint count reasoning in the total, but not in the completion.
    long output = Math.max(completion, number(node.path("total_tokens")) - prompt);
    return new Usage(
        Math.max(0, prompt - read - written),
        read,
        written,
        0,
        output,
        number(out.path("reasoning_tokens")),
        number(in.path("audio_tokens")),
        number(out.path("audio_tokens")),
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

  private static long number(JsonNode node) {
    return node.isNumber() ? Math.max(0, node.asLong(0)) : 0;
  }
}
