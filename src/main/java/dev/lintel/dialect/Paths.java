package dev.lintel.dialect;

import dev.lintel.Outbound;
import dev.lintel.Platform;
import dev.lintel.Platform.Azure;
import dev.lintel.Platform.Bedrock;
import dev.lintel.Platform.Plain;
import dev.lintel.Platform.Vertex;
import dev.lintel.Target;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where each platform serves what the vendors' own addresses serve. */
final class Paths {
  /**
   * What Azure serves below a deployment; all else stands beside them.
   * https://learn.microsoft.com/azure/ai-services/openai/reference
   */
  private static final Set<String> DEPLOYED =
      Set.of(
          "/chat/completions",
          "/completions",
          "/embeddings",
          "/images/generations",
          "/images/edits",
          "/images/variations",
          "/audio/speech",
          "/audio/transcriptions",
          "/audio/translations");

  /** Versions that are no dates: they go with Azure's versionless paths. */
  private static final Set<String> ROLLING = Set.of("preview", "latest");

  /** OpenAI's list of models. */
  static final String MODELS = "/models";

  private Paths() {}

  /**
   * One of OpenAI's endpoints.
   *
   * @param endpoint below {@code /v1}, such as {@code /chat/completions}
   */
  static String openAi(Target target, String endpoint) {
    return switch (target.provider().platform()) {
      case Plain plain -> endpoint;
      case Azure azure -> azure(azure, target, endpoint);
      case Vertex vertex -> vertex(vertex) + "/endpoints/openapi" + endpoint;
      case Bedrock bedrock -> "/openai/v1" + endpoint;
    };
  }

  /**
   * A list of models, as {@link dev.lintel.Dialect#listing} has it: where the vendor serves it, at
   * the vendor alone; OpenAI's at Azure, too.
   *
   * @param path with its query
   */
  static Optional<Outbound> listing(Platform platform, String path, Map<String, String> headers) {
    Optional<String> at =
        switch (platform) {
          case Plain plain -> Optional.of(path);
          case Azure azure ->
              path.equals(MODELS) ? Optional.of(beside(azure, path)) : Optional.empty();
          case Vertex vertex -> Optional.empty();
          case Bedrock bedrock -> Optional.empty();
        };
    return at.map(found -> new Outbound("GET", found, headers, new byte[0], Optional.empty()));
  }

  private static String beside(Azure azure, String endpoint) {
    if (azure.apiVersion().isEmpty() || azure.apiVersion().equals("v1")) {
      return "/openai/v1" + endpoint;
    }
    String version = "?api-version=" + encoded(azure.apiVersion());
    return (ROLLING.contains(azure.apiVersion()) ? "/openai/v1" : "/openai") + endpoint + version;
  }

  private static String azure(Azure azure, Target target, String endpoint) {
    boolean dated =
        !azure.apiVersion().isEmpty()
            && !azure.apiVersion().equals("v1")
            && !ROLLING.contains(azure.apiVersion());
    return beside(
        azure,
        dated && DEPLOYED.contains(endpoint)
            ? "/deployments/" + segment(model(target)) + endpoint
            : endpoint);
  }

  /** Anthropic's messages. */
  static String messages(Target target, boolean stream) {
    return switch (target.provider().platform()) {
      case Plain plain -> "/v1/messages";
      case Azure azure -> "/anthropic/v1/messages";
      case Vertex vertex ->
          vertex(vertex)
              + "/publishers/anthropic/models/"
              + segment(target.model())
              + (stream ? ":streamRawPredict" : ":rawPredict");
      case Bedrock bedrock ->
          "/model/"
              + segment(target.model())
              + (stream ? "/invoke-with-response-stream" : "/invoke");
    };
  }

  /**
   * One of the methods of a Google model.
   *
   * @param method with its query, such as {@code streamGenerateContent?alt=sse}
   */
  static String gemini(Target target, String method) {
    String model = segment(target.model()) + ":" + method;
    return switch (target.provider().platform()) {
      case Vertex vertex -> vertex(vertex) + "/publishers/google/models/" + model;
      case Plain plain -> "/v1beta/models/" + model;
      case Azure azure -> "/v1beta/models/" + model;
      case Bedrock bedrock -> "/v1beta/models/" + model;
    };
  }

  /** The name by which the platform knows the model, where a body has to give it. */
  static String model(Target target) {
    return target.provider().platform() instanceof Azure azure
        ? azure.deployments().getOrDefault(target.model(), target.model())
        : target.model();
  }

  private static String vertex(Vertex vertex) {
    return "/v1/projects/" + segment(vertex.project()) + "/locations/" + segment(vertex.location());
  }

  /** As one segment of a path, whatever is in it. */
  static String segment(String text) {
    // Dots alone would lead to another path.
    return text.equals(".") || text.equals("..") ? text.replace(".", "%2E") : encoded(text);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
