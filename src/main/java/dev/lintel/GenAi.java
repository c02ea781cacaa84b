package dev.lintel;

import java.util.Map;

/**
 * Names of OpenTelemetry's conventions for generative AI, which are still in development: as they
 * stood in {@code open-telemetry/semantic-conventions-genai} at commit {@code 002c8a6} (November
 * 2026, beside v1.41.1 of the general conventions).
 */
public final class GenAi {
  public static final String OPERATION = "gen_ai.operation.name";
  public static final String PROVIDER = "gen_ai.provider.name";
  public static final String REQUEST_MODEL = "gen_ai.request.model";
  public static final String STREAM = "gen_ai.request.stream";
  public static final String FIRST_CHUNK = "gen_ai.response.time_to_first_chunk";
  public static final String INPUT = "gen_ai.usage.input_tokens";
  public static final String OUTPUT = "gen_ai.usage.output_tokens";
  public static final String CACHE_READ = "gen_ai.usage.cache_read.input_tokens";
  public static final String CACHE_WRITE = "gen_ai.usage.cache_creation.input_tokens";
  public static final String REASONING = "gen_ai.usage.reasoning.output_tokens";
  public static final String TOKEN_TYPE = "gen_ai.token.type";
  public static final String ERROR = "error.type";
  public static final String STATUS = "http.response.status_code";
  public static final String ADDRESS = "server.address";
  public static final String PORT = "server.port";

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

  /** What nobody has read may be anything. */
  private static final String OTHER = "other";

  private GenAi() {}

  /** What the conventions call a provider; its own name where they have none. */
  public static String provider(Provider provider) {
    return PROVIDERS.getOrDefault(provider.family(), provider.family());
  }

  /** What the conventions call what a call asks for; our own word where they have none. */
  public static String operation(Trail trail) {
    return trail
        .request()
        .filter(request -> !(request instanceof Request.Unread))
        .map(request ->
            operation(Service.of(request), trail.dialect().map(Dialect::name).orElse("")))
        .orElse(OTHER);
  }

  private static String operation(Service service, String dialect) {
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
