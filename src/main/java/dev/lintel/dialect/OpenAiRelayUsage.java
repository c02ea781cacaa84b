package dev.lintel.dialect;

import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The {@code usage} of OpenAI's pictures and sounds: tokens by what they stand for, or seconds
 * (OpenAI's API reference, "The image generation response" and "The transcription object").
 */
final class OpenAiRelayUsage {
  private OpenAiRelayUsage() {}

  /**
   * Empty where the reply says nothing of it.
   *
   * @param pictures whether the service makes them
   */
  static Optional<Usage> read(JsonNode reply, boolean pictures) {
    JsonNode usage = reply.path("usage");
    if (usage.path("seconds").isNumber()) {
      return Optional.of(
          Usage.of(0, 0, Usage.Source.PROVIDER).units(Map.of(Usage.Unit.SECOND, seconds(usage))));
    }
    if (!usage.path("input_tokens").isNumber() && !usage.path("output_tokens").isNumber()) {
      return Optional.empty();
    }
    // Pictures have "input_tokens_details", sounds "input_token_details".
    JsonNode in = either(usage, "input_tokens_details", "input_token_details");
    JsonNode out = either(usage, "output_tokens_details", "output_token_details");
    long cached = count(in, "cached_tokens");
    long output = count(usage, "output_tokens");
    // What a picture's service puts out is pictures, also where it does not say so.
    long drawn =
        out.path("image_tokens").isNumber() || !pictures ? count(out, "image_tokens") : output;
    return Optional.of(
        new Usage(
                Math.max(0, count(usage, "input_tokens") - cached),
                cached,
                0,
                0,
                output,
                count(out, "reasoning_tokens"),
                count(in, "audio_tokens"),
                count(out, "audio_tokens"),
                Usage.Source.PROVIDER)
            .images(count(in, "image_tokens"), drawn));
  }

  private static BigDecimal seconds(JsonNode usage) {
    return usage.get("seconds").decimalValue();
  }

  private static JsonNode either(JsonNode usage, String one, String other) {
    return usage.path(one).isObject() ? usage.get(one) : usage.path(other);
  }

  private static long count(JsonNode node, String name) {
    return Math.max(0, node.path(name).asLong(0));
  }
}
