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
    JsonNode in = node.path("promptTokensDetails");
    JsonNode out = node.path("candidatesTokensDetails");
    var sounds =
        new Usage(
            // What Google's own tools brought in is read as well, and counted apart.
            plain.input() + node.path("toolUsePromptTokenCount").asLong(0),
            plain.cacheRead(),
            0,
            0,
            plain.output(),
            plain.reasoning(),
            tokens(in, "AUDIO"),
            tokens(out, "AUDIO"),
            plain.source());
    long imagesIn = tokens(in, "IMAGE");
    long imagesOut = tokens(out, "IMAGE");
    Usage all = imagesIn + imagesOut > 0 ? sounds.images(imagesIn, imagesOut) : sounds;
    String tier = tier(node.path("trafficType").asString(""));
    return tier.isEmpty() ? all : all.tier(tier);
  }

  /** Vertex AI's word for how a request was served, as a tier; empty for the usual one. */
  static String tier(String traffic) {
    return switch (traffic) {
      case "ON_DEMAND_PRIORITY" -> "priority";
      case "ON_DEMAND_FLEX" -> "flex";
      default -> "";
    };
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

  private static long tokens(JsonNode details, String modality) {
    long tokens = 0;
    for (JsonNode detail : details) {
      if (detail.path("modality").asString("").equals(modality)) {
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
    details(node, "promptTokensDetails", usage.audioInput(), usage.imageInput());
    details(node, "candidatesTokensDetails", usage.audioOutput(), usage.imageOutput());
    return node;
  }

  private static void details(ObjectNode node, String name, long sounds, long images) {
    if (sounds > 0) {
      node.withArray("/" + name).addObject().put("modality", "AUDIO").put("tokenCount", sounds);
    }
    if (images > 0) {
      node.withArray("/" + name).addObject().put("modality", "IMAGE").put("tokenCount", images);
    }
  }
}
