package dev.lintel.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Credential;
import dev.lintel.Dialects;
import dev.lintel.Platform;
import dev.lintel.Provider;
import dev.lintel.Target;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PathsTest {
  private static Target at(Platform platform, String model) {
    return new Target(
        new Provider(
            "p",
            "p",
            new Dialects(List.of(new OpenAiChat())),
            URI.create("https://host"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE,
            platform),
        model);
  }

  private static Target azure(String version, String model) {
    return at(new Platform.Azure(version, Map.of("gpt-4o", "my gpt/4o"), Optional.empty()), model);
  }

  @Test
  void azure_has_deployments_below_a_dated_version_and_all_else_beside_them() {
    Target dated = azure("2025-04-01-preview", "gpt-4o");

    assertThat(Paths.openAi(dated, "/embeddings"))
        .isEqualTo("/openai/deployments/my%20gpt%2F4o/embeddings?api-version=2025-04-01-preview");
    assertThat(Paths.openAi(dated, "/audio/transcriptions"))
        .isEqualTo(
            "/openai/deployments/my%20gpt%2F4o/audio/transcriptions?api-version=2025-04-01-preview");
    assertThat(Paths.openAi(dated, "/responses"))
        .isEqualTo("/openai/responses?api-version=2025-04-01-preview");
    assertThat(Paths.model(dated)).isEqualTo("my gpt/4o");
    assertThat(Paths.model(azure("", "other"))).isEqualTo("other");
  }

  @Test
  void azure_without_a_date_has_openai_s_own_paths() {
    assertThat(Paths.openAi(azure("", "gpt-4o"), "/responses")).isEqualTo("/openai/v1/responses");
    assertThat(Paths.openAi(azure("v1", "gpt-4o"), "/embeddings"))
        .isEqualTo("/openai/v1/embeddings");
    assertThat(Paths.openAi(azure("preview", "gpt-4o"), "/chat/completions"))
        .isEqualTo("/openai/v1/chat/completions?api-version=preview");
  }

  @Test
  void vertex_has_a_path_for_every_publisher() {
    var vertex = new Platform.Vertex("example.com:p", "eu", "", "");

    assertThat(Paths.gemini(at(vertex, "gemini-2.5-pro"), "countTokens"))
        .isEqualTo(
            "/v1/projects/example.com%3Ap/locations/eu/publishers/google/models/gemini-2.5-pro:countTokens");
    assertThat(Paths.messages(at(vertex, "claude-x@1"), true))
        .isEqualTo(
            "/v1/projects/example.com%3Ap/locations/eu/publishers/anthropic/models/claude-x%401:streamRawPredict");
    assertThat(Paths.openAi(at(vertex, "meta/llama"), "/chat/completions"))
        .isEqualTo("/v1/projects/example.com%3Ap/locations/eu/endpoints/openapi/chat/completions");
  }

  @Test
  void bedrock_has_the_model_in_the_path_whatever_is_in_it() {
    var bedrock = new Platform.Bedrock("us-east-1", Optional.empty(), "", Map.of());
    String arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.x-v1:0";

    assertThat(Paths.messages(at(bedrock, arn), false))
        .isEqualTo(
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.x-v1%3A0/invoke");
    assertThat(Paths.messages(at(bedrock, ".."), true))
        .isEqualTo("/model/%2E%2E/invoke-with-response-stream");
  }

  @Test
  void everybody_else_is_asked_as_the_dialect_s_vendor_is() {
    assertThat(Paths.openAi(at(Platform.PLAIN, "m"), "/chat/completions"))
        .isEqualTo("/chat/completions");
    assertThat(Paths.messages(at(Platform.PLAIN, "m"), true)).isEqualTo("/v1/messages");
    assertThat(Paths.gemini(at(Platform.PLAIN, "a/b"), "generateContent"))
        .isEqualTo("/v1beta/models/a%2Fb:generateContent");
  }
}
