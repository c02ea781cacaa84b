package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Google's {@code usageMetadata}: cached tokens are inside the prompt, thoughts beside the rest.
 */
final class GeminiUsage {
  private GeminiUsage() {}

  static Usage read(JsonNode node) {
    Usage plain =
        of(
            node.path("promptTokenCount").asLong(0),
            node.path("cachedContentTokenCount").asLong(0),
            node.path("candidatesTokenCount").asLong(0),
            node.path("thoughtsTokenCount").asLong(0));
    return new Usage(
        // What Google's own tools brought in is read as well, and counted apart.
        plain.input() + node.path("toolUsePromptTokenCount").asLong(0),
        plain.cacheRead(),
        0,
        0,
        plain.output(),
        plain.reasoning(),
        audio(node.path("promptTokensDetails")),
        audio(node.path("candidatesTokensDetails")),
        plain.source());
  }

  /** Without sound and without Google's own tools. */
  static Usage of(long prompt, long cached, long candidates, long thoughts) {
    return new Usage(
        Math.max(0, prompt - cached),
        cached,
        0,
        0,
        candidates + thoughts,
        thoughts,
        0,
        0,
        Usage.Source.PROVIDER);
  }

  private static long audio(JsonNode details) {
    long tokens = 0;
    for (JsonNode detail : details) {
      if (detail.path("modality").asString("").equals("AUDIO")) {
        tokens += detail.path("tokenCount").asLong(0);
      }
    }
    return tokens;
  }

  static ObjectNode write(Usage usage) {
    ObjectNode node = Json.object();
    node.put("promptTokenCount", usage.prompt());
    node.put("candidatesTokenCount", usage.output() - usage.reasoning());
    node.put("totalTokenCount", usage.total());
    if (usage.cacheRead() > 0) {
      node.put("cachedContentTokenCount", usage.cacheRead());
    }
    if (usage.reasoning() > 0) {
      node.put("thoughtsTokenCount", usage.reasoning());
    }
    audio(node, "promptTokensDetails", usage.audioInput());
    audio(node, "candidatesTokensDetails", usage.audioOutput());
    return node;
  }

  private static void audio(ObjectNode node, String name, long tokens) {
    if (tokens > 0) {
      node.putArray(name).addObject().put("modality", "AUDIO").put("tokenCount", tokens);
    }
  }
}
