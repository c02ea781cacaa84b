package dev.lintel.dialect;

import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;

/** The usage that a reply of any of the known vendors tells, told apart by their names for it. */
final class PassedUsage {
  /** Where vendors have it: in the reply itself, or in what an event of it holds. */
  private static final List<String> HOLDERS = List.of("", "message", "response", "delta", "meta");

  private static final String METRICS = "amazon-bedrock-invocationMetrics";

  private PassedUsage() {}

  static Optional<Usage> told(JsonNode reply) {
    if (reply.isArray()) {
      // Gemini's stream for those who did not ask for events.
      return reply.isEmpty() ? Optional.empty() : told(reply.get(reply.size() - 1));
    }
    if (reply.path("usageMetadata").isObject()) {
      return Optional.of(GeminiUsage.read(reply.get("usageMetadata")));
    }
    if (reply.path(METRICS).isObject()) {
      JsonNode metrics = reply.get(METRICS);
      return Optional.of(
          Usage.of(
              metrics.path("inputTokenCount").asLong(0),
              metrics.path("outputTokenCount").asLong(0),
              Usage.Source.PROVIDER));
    }
    for (String holder : HOLDERS) {
      Optional<Usage> found = in(holder.isEmpty() ? reply : reply.path(holder));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Optional<Usage> in(JsonNode holder) {
    if (holder.path("billed_units").isObject()) {
      return Optional.of(CohereWords.usage(holder));
    }
    JsonNode usage = holder.path("usage");
    if (usage.path("billed_units").isObject()) {
      return Optional.of(CohereWords.usage(usage));
    }
    if (usage.has("inputTokens")) {
      return Optional.of(BedrockWords.usage(holder));
    }
    if (usage.has("prompt_tokens")) {
      return Optional.of(chat(usage));
    }
    return usage.has("cache_read_input_tokens") || usage.has("cache_creation_input_tokens")
        ? Optional.of(AnthropicWords.usage(usage))
        : OpenAiRelayUsage.read(holder, false);
  }

  private static Usage chat(JsonNode usage) {
    try (JsonParser parser = Json.MAPPER.createParser(Json.bytes(usage))) {
      parser.nextToken();
      return OpenAiUsage.read(parser);
    }
  }

  /** What the heads of Bedrock's replies tell. */
  static Optional<Usage> told(Headers headers) {
    OptionalLong input = count(headers, "x-amzn-bedrock-input-token-count");
    OptionalLong output = count(headers, "x-amzn-bedrock-output-token-count");
    return input.isEmpty() && output.isEmpty()
        ? Optional.empty()
        : Optional.of(Usage.of(input.orElse(0), output.orElse(0), Usage.Source.PROVIDER));
  }

  private static OptionalLong count(Headers headers, String name) {
    try {
      return headers.get(name).stream().mapToLong(Long::parseLong).findFirst();
    } catch (NumberFormatException noNumber) {
      return OptionalLong.empty();
    }
  }

  /** The last that stands in the end of a reply that is not looked at whole. */
  static Optional<Usage> last(String end) {
    for (String name : List.of("usage", "usageMetadata")) {
      Optional<Usage> found =
          value(end, name).flatMap(usage -> told(Json.object().set(name, usage)));
      if (found.isPresent()) {
        return found;
      }
    }
    return value(end, "bytes")
        .flatMap(bytes -> decoded(bytes.asString("")))
        .flatMap(PassedUsage::told);
  }

  private static Optional<JsonNode> value(String end, String name) {
    int at = end.lastIndexOf("\"" + name + "\":");
    if (at < 0) {
      return Optional.empty();
    }
    try (JsonParser parser = Json.MAPPER.createParser(end.substring(at + name.length() + 3))) {
      return Optional.ofNullable(parser.readValueAsTree());
    } catch (JacksonException cut) {
      return Optional.empty();
    }
  }

  private static Optional<JsonNode> decoded(String base64) {
    try {
      return Optional.of(
          Json.parse(new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException | JacksonException another) {
      return Optional.empty();
    }
  }
}
