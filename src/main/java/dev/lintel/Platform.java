package dev.lintel;

import java.util.Map;
import java.util.Optional;

/**
 * Where a dialect is served in another way than by its own vendor: other paths, a model's name in
 * another place, an account instead of a key. Data alone: {@code dialect} words the paths by it,
 * {@code upstream} signs by it.
 */
public sealed interface Platform {
  /** As the dialect's vendor has it. */
  record Plain() implements Platform {}

  Platform PLAIN = new Plain();

  /**
   * Azure OpenAI.
   *
   * @param apiVersion such as {@code 2025-04-01-preview}; empty for the versionless paths below
   *     {@code /openai/v1}
   * @param deployments from model to deployment; a model that is not here is its own deployment
   * @param account instead of a key
   */
  record Azure(String apiVersion, Map<String, String> deployments, Optional<Entra> account)
      implements Platform {}

  /**
   * A Microsoft Entra application that asks for tokens by its secret.
   *
   * @param authority such as {@code https://login.microsoftonline.com}
   */
  record Entra(String authority, String tenant, String client, String secret) {
    @Override
    public String toString() {
      return "Entra[" + tenant + ", " + client + "]";
    }
  }

  /**
   * Google's Vertex AI.
   *
   * @param credentials the JSON of a service account or of a workload identity; empty for the
   *     metadata server
   * @param metadata the metadata server's host
   */
  record Vertex(String project, String location, String credentials, String metadata)
      implements Platform {
    @Override
    public String toString() {
      return "Vertex[" + project + ", " + location + "]";
    }
  }

  /**
   * AWS Bedrock.
   *
   * @param keys given in the configuration; empty for AWS's usual chain, or where a bearer token is
   *     the provider's key
   * @param profile of the shared credentials file; empty for the usual chain
   * @param environment AWS's own variables, for that chain
   */
  record Bedrock(
      String region, Optional<AwsKeys> keys, String profile, Map<String, String> environment)
      implements Platform {
    @Override
    public String toString() {
      return "Bedrock[" + region + "]";
    }
  }

  /**
   * A pair with which AWS requests are signed.
   *
   * @param token of a session; empty where the pair lasts
   */
  record AwsKeys(String accessKey, String secretKey, String token) {
    @Override
    public String toString() {
      return "AwsKeys[" + accessKey + "]";
    }
  }
}
