package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.Platform;
import dev.lintel.Provider;
import dev.lintel.SignedCaller;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformsTest {
  @TempDir Path folder;

  private static Provider only(Map<String, String> variables, String... lines) {
    return Objects.requireNonNull(
        Loaders.with(variables).load("lintel.yaml", String.join("\n", lines)).remotes().get("p"));
  }

  @Test
  void azure_is_read_with_a_key_or_an_application() {
    Provider key =
        only(
            Map.of(),
            "providers:",
            "  p: { kind: azure, url: 'https://acme.openai.azure.com/', api_version: '2025-04-01-preview', key: k, deployments: { gpt-4o: my-gpt-4o } }");
    assertThat(key.family()).isEqualTo("azure");
    assertThat(key.url()).isEqualTo(URI.create("https://acme.openai.azure.com"));
    assertThat(key.auth()).isEqualTo(Provider.Auth.API_KEY);
    assertThat(key.credentials()).containsExactly(new Credential("p#1", "k"));
    assertThat(key.platform())
        .isEqualTo(
            new Platform.Azure(
                "2025-04-01-preview", Map.of("gpt-4o", "my-gpt-4o"), Optional.empty()));
    assertThat(key.quirks().rename()).containsEntry("max_tokens", "max_completion_tokens");

    String application =
        "  p: { kind: azure, url: 'https://a.openai.azure.com', entra: { tenant: t, client: c, secret: s } }";
    assertThat(authority(only(Map.of(), "providers:", application)))
        .isEqualTo("https://login.microsoftonline.com");
    assertThat(
            authority(
                only(
                    Map.of("AZURE_AUTHORITY_HOST", "login.microsoftonline.us/"),
                    "providers:",
                    application)))
        .isEqualTo("https://login.microsoftonline.us");
    assertThat(
            authority(
                only(
                    Map.of("AZURE_AUTHORITY_HOST", "https://x"),
                    "providers:",
                    application.replace("secret: s", "secret: s, url: 'http://127.0.0.1:9/'"))))
        .isEqualTo("http://127.0.0.1:9");
  }

  private static String authority(Provider provider) {
    assertThat(provider.credentials()).containsExactly(Credential.NONE);
    return ((Platform.Azure) provider.platform()).account().orElseThrow().authority();
  }

  @Test
  void vertex_lives_where_its_location_says() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("sa.json"), "{\"type\":\"service_account\",\"project_id\":\"of-file\"}");

    Provider regional =
        only(
            Map.of(),
            "providers:",
            "  p: { kind: vertex, project: my-p, location: europe-west4, credentials: '"
                + file
                + "' }");
    assertThat(regional.url())
        .isEqualTo(URI.create("https://europe-west4-aiplatform.googleapis.com"));
    assertThat(regional.family()).isEqualTo("vertex");
    assertThat(regional.platform())
        .isEqualTo(
            new Platform.Vertex(
                "my-p", "europe-west4", Files.readString(file), "metadata.google.internal"));

    Provider usual =
        only(
            Map.of(
                "GOOGLE_APPLICATION_CREDENTIALS",
                file.toString(),
                "GCE_METADATA_HOST",
                "127.0.0.1:5"),
            "providers:",
            "  p: { kind: vertex }");
    assertThat(usual.url()).isEqualTo(URI.create("https://aiplatform.googleapis.com"));
    assertThat(usual.platform())
        .isEqualTo(new Platform.Vertex("of-file", "global", Files.readString(file), "127.0.0.1:5"));

    Provider machine =
        only(
            Map.of("GOOGLE_APPLICATION_CREDENTIALS", file.toString()),
            "providers:",
            "  p: { kind: vertex, project: q, credentials: '' }");
    assertThat(((Platform.Vertex) machine.platform()).credentials()).isEmpty();
  }

  @Test
  void bedrock_takes_keys_a_token_a_profile_or_the_usual_chain() {
    Provider keys =
        only(
            Map.of("AWS_BEARER_TOKEN_BEDROCK", "not-this"),
            "providers:",
            "  p: { kind: bedrock, region: us-east-1, access_key: AKIDEXAMPLE, secret_key: s, session_token: t }");
    assertThat(keys.url()).isEqualTo(URI.create("https://bedrock-runtime.us-east-1.amazonaws.com"));
    assertThat(keys.credentials()).containsExactly(Credential.NONE);
    assertThat(((Platform.Bedrock) keys.platform()).keys())
        .contains(new Platform.AwsKeys("AKIDEXAMPLE", "s", "t"));
    assertThat(keys.platform().toString()).doesNotContain("AKIDEXAMPLE");

    assertThat(only(Map.of(), "providers:", "  p: { kind: bedrock, region: cn-north-1, token: b }"))
        .satisfies(token -> {
          assertThat(token.url())
              .isEqualTo(URI.create("https://bedrock-runtime.cn-north-1.amazonaws.com.cn"));
          assertThat(token.credentials()).containsExactly(new Credential("p#1", "b"));
        });

    Provider chain =
        only(
            Map.of("AWS_REGION", "eu-west-1", "AWS_ACCESS_KEY_ID", "A", "OTHER", "x"),
            "providers:",
            "  p: { kind: bedrock }");
    assertThat(chain.platform())
        .isEqualTo(
            new Platform.Bedrock(
                "eu-west-1", Optional.empty(), "", Map.of("AWS_ACCESS_KEY_ID", "A")));
  }

  @Test
  void every_fault_of_a_platform_is_found_with_its_line() throws Exception {
    Path text = Files.writeString(folder.resolve("no.json"), "no json");

    assertThatThrownBy(() ->
            Loaders.load(
                "providers:",
                "  a: { kind: azure, key: k }",
                "  b: { kind: azure, url: 'https://x' }",
                "  c:",
                "    kind: azure",
                "    url: ftp://x",
                "    key: k",
                "    api_versoin: v",
                "  d: { kind: azure, url: 'https://x', key: k, entra: { tenant: t, client: c } }",
                "  e: { kind: vertex }",
                "  f: { kind: vertex, project: p, location: 'evil.com/' }",
                "  g: { kind: vertex, project: p, credentials: /nowhere }",
                "  h: { kind: vertex, project: p, credentials: '" + text + "' }",
                "  i: { kind: vertex, project: p, credentials: '{}' }",
                "  j: { kind: bedrock }",
                "  k: { kind: bedrock, region: us-east-1, access_key: a }",
                "  l: { kind: bedrock, region: us-east-1, session_token: a }",
                "  m: { kind: bedrock, region: us-east-1, token: a, profile: b }",
                "  n: { kind: bedrock, region: us-east-1, secret_kye: a }",
                "  o: { kind: azure, url: 'https://x', key: k, entra: { tenant: t, client: c, secret: s } }",
                "tenants: { t: { apps: { a: { aws_keys: [ { id: 'A-1', secret: s } ] },",
                "  b: { aws_keys: [ { id: A1, secret: s }, { id: A2 } ] },",
                "  c: { aws_keys: [ { id: A1, secret: s } ] } } } }"))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty ->
                assertThat(faulty.faults())
                    .extracting(Fault::toString)
                    .containsExactly(
                        "lintel.yaml:2: providers.a needs the key 'url', such as https://NAME.openai.azure.com",
                        "lintel.yaml:3: providers.b needs the key 'key' or the key 'entra'",
                        "lintel.yaml:6: providers.c.url must begin with http:// or https://",
                        "lintel.yaml:8: providers.c.api_versoin is not a known key; did you mean 'api_version'?",
                        "lintel.yaml:9: providers.d.entra needs the key 'secret'",
                        "lintel.yaml:10: providers.e needs the key 'project'",
                        "lintel.yaml:11: providers.f.location must be a location such as us-central1",
                        "lintel.yaml:12: providers.g.credentials must name a file that can be read",
                        "lintel.yaml:13: providers.h.credentials must be JSON, or a file that holds JSON",
                        "lintel.yaml:14: providers.i.credentials must be Google credentials with a 'type' of authorized_user, external_account, service_account",
                        "lintel.yaml:15: providers.j needs the key 'region'",
                        "lintel.yaml:16: providers.k needs both 'access_key' and 'secret_key', or neither",
                        "lintel.yaml:17: providers.l.session_token needs 'access_key' and 'secret_key' beside it",
                        "lintel.yaml:18: providers.m must have one of 'access_key', 'token' and 'profile'",
                        "lintel.yaml:19: providers.n.secret_kye is not a known key; did you mean 'secret_key'?",
                        "lintel.yaml:20: providers.o must have 'key' or 'entra', not both",
                        "lintel.yaml:21: tenants.t.apps.a.aws_keys[0].id must be letters and digits, such as AKIDEXAMPLE",
                        "lintel.yaml:22: tenants.t.apps.b.aws_keys[1] needs the key 'secret'",
                        "lintel.yaml:23: tenants.t.apps.c.aws_keys[0].id is a key of t/b already; each key must belong to one app"));
  }

  @Test
  void pairs_for_signing_belong_to_their_app() {
    Config config =
        Loaders.load(
            "tenants: { t: { apps: { a: { aws_keys: { id: AKIDEXAMPLE, secret: s }, models: [] } } } }"
                .replace("aws_keys: {", "aws_keys: [ {")
                .replace("secret: s }", "secret: s } ]"));

    assertThat(config.signedCallers())
        .isEqualTo(
            Map.of(
                "AKIDEXAMPLE",
                new SignedCaller(
                    "s",
                    new Caller("t", "a", "t/a#aws1", Optional.of(java.util.Set.of()), false))));
    assertThat(config.apps().toString()).doesNotContain("AKIDEXAMPLE");
  }

  @Test
  void models_are_matched_by_simple_patterns() {
    List<String> names = List.of("claude-x", "us.anthropic.claude", "gemini", "meta/llama", "");

    assertThat(names).filteredOn(Served.pattern("claude*")).containsExactly("claude-x");
    assertThat(names).filteredOn(Served.pattern("!claude*")).hasSize(4);
    assertThat(names)
        .filteredOn(Served.pattern("*anthropic.*"))
        .containsExactly("us.anthropic.claude");
    assertThat(names).filteredOn(Served.pattern("*/*")).containsExactly("meta/llama");
    assertThat(names).filteredOn(Served.pattern("gemini")).containsExactly("gemini");
    assertThat(names).filteredOn(Served.pattern("*")).hasSize(5);
    assertThat(Served.pattern("a*a").test("a")).isFalse();
  }
}
