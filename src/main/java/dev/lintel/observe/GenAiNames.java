package dev.lintel.observe;

import dev.lintel.Service;
import java.util.Map;

/**
 * Names of OpenTelemetry's conventions for generative AI, which are still in development: as they
 * stood in {@code open-telemetry/semantic-conventions-genai} at commit {@code 002c8a6} (November
 * 2026, after v1.41.1 of the general conventions). Metrics are in the spelling that Prometheus
 * gives them: dots are underscores, and the unit comes last.
 */
final class GenAiNames {
  static final String CLIENT_DURATION = "gen_ai_client_operation_duration_seconds";
  static final String CLIENT_TOKENS = "gen_ai_client_token_usage";
  static final String SERVER_DURATION = "gen_ai_server_request_duration_seconds";
  static final String SERVER_FIRST_TOKEN = "gen_ai_server_time_to_first_token_seconds";
  static final String SERVER_PER_TOKEN = "gen_ai_server_time_per_output_token_seconds";

  static final String OPERATION = "gen_ai_operation_name";
  static final String PROVIDER = "gen_ai_provider_name";
  static final String MODEL = "gen_ai_request_model";
  static final String TOKEN = "gen_ai_token_type";
  static final String ERROR = "error_type";

  /** Buckets that the conventions ask for. */
  static final double[] DURATIONS = {
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
  };

  static final double[] FIRST_TOKENS = {
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
  };

  static final double[] PER_TOKENS = {
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5
  };

  static final double[] TOKENS = {
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
  };

  /** The conventions' names of providers, by the names that the catalogue has for them. */
  private static final Map<String, String> PROVIDERS =
      Map.ofEntries(
          Map.entry("azure", "azure.ai.openai"),
          Map.entry("bedrock", "aws.bedrock"),
          Map.entry("vertex", "gcp.vertex_ai"),
          Map.entry("gemini", "gcp.gemini"),
          Map.entry("mistral", "mistral_ai"),
          Map.entry("codestral", "mistral_ai"),
          Map.entry("moonshot", "moonshot_ai"),
          Map.entry("moonshot-intl", "moonshot_ai"),
          Map.entry("xai", "x_ai"));

  private GenAiNames() {}

  /** What the conventions call a provider; its own name where they have none. */
  static String provider(String family) {
    return PROVIDERS.getOrDefault(family, family);
  }

  /** What the conventions call what is asked; our own word where they have none. */
  static String operation(Service service, String dialect) {
    return switch (service) {
      case CHAT ->
          switch (dialect) {
            case "completions" -> "text_completion";
            case "gemini" -> "generate_content";
            default -> "chat";
          };
      case COUNT_TOKENS,
          EMBEDDINGS,
          RERANK,
          IMAGES,
          SPEECH,
          TRANSCRIPTIONS,
          MODERATIONS,
          REALTIME,
          STORED_RESPONSES,
          RAW ->
          service.word();
    };
  }
}
