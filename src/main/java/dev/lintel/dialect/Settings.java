package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import dev.lintel.Setting;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** What holds of the plain parameters in every dialect, whatever each calls them. */
final class Settings {
  private Settings() {}

  /**
   * The value of the shape that the common model has for it; a single stop sequence may stand
   * alone. Throws a {@link dev.lintel.Failure} that names the field.
   */
  static JsonNode checked(Setting setting, JsonNode value, String name, Fields from) {
    boolean fits =
        switch (setting) {
          // Protobuf's clients write 40 as 40.0.
          case MAX_TOKENS ->
              value.isNumber()
                  && value.canConvertToExactIntegral()
                  && value.canConvertToInt()
                  && value.asInt() > 0;
          case SEED, N, TOP_K, TOP_LOGPROBS ->
              value.isNumber() && value.canConvertToExactIntegral();
          case TEMPERATURE, TOP_P, PRESENCE_PENALTY, FREQUENCY_PENALTY -> value.isNumber();
          case LOGPROBS, PARALLEL_TOOLS -> value.isBoolean();
          case LOGIT_BIAS, METADATA -> value.isObject();
          case MODALITIES -> Fields.isTexts(value);
          case STOP -> value.isString() || Fields.isTexts(value);
          case USER, SERVICE_TIER, PROMPT_CACHE_KEY, VERBOSITY -> value.isString();
        };
    if (!fits) {
      throw from.wrong(
          name,
          switch (setting) {
            case MAX_TOKENS -> "a whole number from 1 to 2147483647";
            case SEED, N, TOP_K, TOP_LOGPROBS -> "a whole number";
            case TEMPERATURE, TOP_P, PRESENCE_PENALTY, FREQUENCY_PENALTY -> "a number";
            case LOGPROBS, PARALLEL_TOOLS -> "true or false";
            case LOGIT_BIAS, METADATA -> "an object";
            case MODALITIES -> "an array of strings";
            case STOP -> "a string or an array of strings";
            case USER, SERVICE_TIER, PROMPT_CACHE_KEY, VERBOSITY -> "a string";
          });
    }
    return setting == Setting.STOP && value.isString() ? Json.array().add(value) : value;
  }

  /**
   * Whether the value asks for no more than every model does anyway, so that nobody misses it where
   * it is left out.
   */
  static boolean usual(Setting setting, JsonNode value) {
    return switch (setting) {
      case N -> value.asInt(0) == 1;
      case LOGIT_BIAS, METADATA -> value.isEmpty();
      case PRESENCE_PENALTY, FREQUENCY_PENALTY, TOP_LOGPROBS -> value.asDouble(1) == 0;
      case LOGPROBS -> !value.asBoolean(true);
      case PARALLEL_TOOLS -> value.asBoolean(false);
      case MODALITIES -> value.size() == 1 && value.path(0).asString("").equals("text");
      case MAX_TOKENS,
          TEMPERATURE,
          TOP_P,
          TOP_K,
          STOP,
          SEED,
          USER,
          SERVICE_TIER,
          PROMPT_CACHE_KEY,
          VERBOSITY ->
          false;
    };
  }

  /** As many stop sequences as the provider takes; what goes is reported. */
  static JsonNode stops(JsonNode value, int most, Adaptation adaptation) {
    if (value.size() <= most) {
      return value;
    }
    adaptation.drop("stop[" + most + "]");
    ArrayNode first = Json.array();
    for (int i = 0; i < most; i++) {
      first.add(value.get(i));
    }
    return first;
  }
}
