package dev.lintel.dialect;

import dev.lintel.Setting;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** What OpenAI's dialect calls the plain parameters. */
final class OpenAiSettings {
  static final Map<Setting, String> FIELDS = fields();

  private OpenAiSettings() {}

  private static Map<Setting, String> fields() {
    var map = new EnumMap<Setting, String>(Setting.class);
    for (Setting setting : Setting.values()) {
      map.put(setting, field(setting));
    }
    return Collections.unmodifiableMap(map);
  }

  private static String field(Setting setting) {
    return switch (setting) {
      case PARALLEL_TOOLS -> "parallel_tool_calls";
      case MAX_TOKENS,
          TEMPERATURE,
          TOP_P,
          TOP_K,
          STOP,
          SEED,
          PRESENCE_PENALTY,
          FREQUENCY_PENALTY,
          LOGIT_BIAS,
          LOGPROBS,
          TOP_LOGPROBS,
          N,
          USER,
          SERVICE_TIER,
          METADATA,
          MODALITIES,
          PROMPT_CACHE_KEY,
          VERBOSITY ->
          setting.word();
    };
  }
}
