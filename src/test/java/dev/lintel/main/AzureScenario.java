package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.main.FakeCloud.Said;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Azure OpenAI behind the gateway, and Azure's SDKs before it. */
class AzureScenario {
  private static final String HELLO =
      "{\"model\":\"azure/gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  private static final String REPLY =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-2024-11-20\",\"prompt_filter_results\":[{\"prompt_index\":0}],"
          + "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"content_filter_results\":{\"hate\":{\"filtered\":false}},\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"}}],"
          + "\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":2,\"total_tokens\":10}}";

  private static String azure(FakeCloud cloud, String more) {
    return "providers: { azure: { kind: azure, url: \"" + cloud.url() + "\", " + more + " } }\n";
  }

  @Test
  void a_deployment_is_asked_under_its_version_with_its_key() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json(REPLY));
        var gateway =
            TestGateway.of(
                azure(
                    cloud,
                    "api_version: \"2025-04-01-preview\", key: az-1, deployments: { gpt-4o: my-gpt-4o }"))) {
      var answer = gateway.post("/v1/chat/completions", HELLO);

      assertThat(answer.statusCode()).isEqualTo(200);
      // The caller speaks the same dialect, so Azure's own fields come through.
      assertThat(answer.body()).isEqualTo(REPLY);
      var asked = cloud.asked().getFirst();
      assertThat(asked.uri())
          .isEqualTo(
              "/openai/deployments/my-gpt-4o/chat/completions?api-version=2025-04-01-preview");
      assertThat(asked.header("api-key")).isEqualTo("az-1");
      assertThat(asked.header("authorization")).isEmpty();
    }
  }

  @Test
  void without_a_version_the_body_names_the_deployment() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json(REPLY));
        var gateway =
            TestGateway.of(azure(cloud, "key: az-1, deployments: { gpt-4o: my-gpt-4o }"))) {
      gateway.post("/v1/chat/completions", HELLO);
      gateway.post(
          "/v1/messages",
          "{\"model\":\"azure/gpt-4o\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}");

      assertThat(cloud.asked())
          .hasSize(2)
          .allSatisfy(asked -> {
            assertThat(asked.uri()).isEqualTo("/openai/v1/chat/completions");
            assertThat(asked.json().path("model").asString()).isEqualTo("my-gpt-4o");
          });
    }
  }

  @Test
  void an_entra_application_gets_one_token_for_many_calls() throws Exception {
    try (var cloud =
            new FakeCloud(asked -> {
              if (asked.uri().equals("/tenant-1/oauth2/v2.0/token")) {
                assertThat(asked.form())
                    .isEqualTo(
                        Map.of(
                            "grant_type", "client_credentials",
                            "client_id", "client-1",
                            "client_secret", "s+cr/t=",
                            "scope", "https://cognitiveservices.azure.com/.default"));
                return Said.json(
                    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"tok-1\"}");
              }
              return asked.header("authorization").equals("Bearer tok-1")
                  ? Said.json(REPLY)
                  : Said.json(401, "{\"error\":{\"code\":\"401\",\"message\":\"no\"}}");
            });
        var gateway =
            TestGateway.of(
                azure(
                    cloud,
                    "entra: { tenant: tenant-1, client: client-1, secret: \"s+cr/t=\", url: \""
                        + cloud.url()
                        + "\" }"))) {
      var statuses = new CopyOnWriteArrayList<Integer>();
      var calls = new java.util.ArrayList<Thread>();
      for (int i = 0; i < 8; i++) {
        calls.add(
            Thread.ofVirtual()
                .start(
                    () -> statuses.add(gateway.post("/v1/chat/completions", HELLO).statusCode())));
      }
      for (Thread call : calls) {
        call.join();
      }

      assertThat(statuses).hasSize(8).containsOnly(200);
      assertThat(cloud.asked("/tenant-1")).hasSize(1);
      assertThat(cloud.asked("/openai").getFirst().header("api-key")).isEmpty();
    }
  }

  @Test
  void a_refused_application_fails_over_and_its_secret_is_told_to_nobody() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().contains("oauth2")
                    ? Said.json(
                        401,
                        "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret s3cr3t-of-mine\"}")
                    : Said.json(REPLY));
        var gateway =
            TestGateway.of(
                "providers:\n  azure: { kind: azure, url: \""
                    + cloud.url()
                    + "\", entra: { tenant: t, client: c, secret: s3cr3t-of-mine, url: \""
                    + cloud.url()
                    + "\" } }\n  plain: { kind: openai, url: \""
                    + cloud.url()
                    + "/v1\", key: k }\nmodels: { m: { targets: [ azure/gpt-4o, plain/gpt-4o ] }, lone: azure/gpt-4o }\n")) {
      var answer = gateway.post("/v1/chat/completions", HELLO.replace("azure/gpt-4o", "m"));
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-lintel-target")).contains("plain/gpt-4o");
      assertThat(answer.headers().firstValue("x-lintel-attempts")).contains("2");

      var lone = gateway.post("/v1/chat/completions", HELLO.replace("azure/gpt-4o", "lone"));
      assertThat(lone.statusCode()).isEqualTo(502);
      var error = Json.parse(lone.body()).path("error");
      assertThat(error.path("lintel").path("kind").asString()).isEqualTo("upstream_error");
      assertThat(error.path("message").asString())
          .isEqualTo("Microsoft Entra answered with status 401 (invalid_client).");
      assertThat(lone.body()).doesNotContain("s3cr3t");
      assertThat(gateway.log()).doesNotContain("s3cr3t");
    }
  }

  @Test
  void a_token_endpoint_that_is_not_there_is_said_to_be_so() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json(REPLY));
        var gateway =
            TestGateway.of(
                azure(
                    cloud,
                    "entra: { tenant: t, client: c, secret: s, url: \"http://127.0.0.1:9\" }"))) {
      var answer = gateway.post("/v1/chat/completions", HELLO);

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(answer.body())
          .contains("Microsoft Entra cannot be reached", "upstream_unavailable");
      assertThat(cloud.asked()).isEmpty();
    }
  }

  @Test
  void a_token_that_runs_out_is_replaced() throws Exception {
    var issued = new AtomicInteger();
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().contains("oauth2")
                    ? Said.json(
                        "{\"expires_in\":0,\"access_token\":\"tok-"
                            + issued.incrementAndGet()
                            + "\"}")
                    : Said.json(REPLY));
        var gateway =
            TestGateway.of(
                azure(
                    cloud,
                    "entra: { tenant: t, client: c, secret: s, url: \"" + cloud.url() + "\" }"))) {
      gateway.post("/v1/chat/completions", HELLO);
      gateway.post("/v1/chat/completions", HELLO);

      assertThat(cloud.asked("/openai"))
          .extracting(asked -> asked.header("authorization"))
          .containsExactly("Bearer tok-1", "Bearer tok-2");
    }
  }

  @Test
  void azure_s_errors_are_understood() throws Exception {
    var next = new java.util.concurrent.atomic.AtomicReference<>(Said.json(REPLY));
    try (var cloud = new FakeCloud(asked -> next.get());
        var gateway = TestGateway.of(azure(cloud, "api_version: \"2024-10-21\", key: k"))) {
      next.set(
          Said.json(
              400,
              "{\"error\":{\"message\":\"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.\",\"type\":null,\"param\":\"prompt\",\"code\":\"content_filter\",\"status\":400,"
                  + "\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_result\":{\"jailbreak\":{\"filtered\":true,\"detected\":true}}}}}"));
      assertThat(kind(gateway)).isEqualTo("400 content_blocked");
      next.set(
          Said.json(
              400,
              "{\"error\":{\"message\":\"Filtered.\",\"type\":null,\"param\":null,\"code\":null,\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}"));
      assertThat(kind(gateway)).isEqualTo("400 content_blocked");
      next.set(
          Said.json(
              404,
              "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment for this resource does not exist.\"}}"));
      assertThat(kind(gateway)).isEqualTo("404 not_found");
      next.set(
          Said.json(429, "{\"error\":{\"code\":\"429\",\"message\":\"Rate limit is exceeded.\"}}")
              .with("retry-after-ms", "86400000"));
      var limited = gateway.post("/v1/chat/completions", HELLO);
      assertThat(limited.statusCode()).isEqualTo(429);
      assertThat(limited.headers().firstValue("retry-after")).contains("86400");
    }
  }

  private static String kind(TestGateway gateway) {
    var answer = gateway.post("/v1/chat/completions", HELLO);
    return answer.statusCode()
        + " "
        + Json.parse(answer.body()).path("error").path("lintel").path("kind").asString();
  }

  @Test
  void the_first_chunk_without_choices_breaks_no_client_and_is_not_dropped() throws Exception {
    String first =
        "{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}";
    String stream =
        "data: "
            + first
            + "\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"id\":\"c1\",\"model\":\"gpt-4o\",\"object\":\"chat.completion.chunk\",\"created\":1}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"content_filter_results\":{}}],\"id\":\"c1\",\"model\":\"gpt-4o\",\"object\":\"chat.completion.chunk\",\"created\":1}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"id\":\"c1\",\"model\":\"gpt-4o\",\"object\":\"chat.completion.chunk\",\"created\":1}\n\n"
            + "data: {\"choices\":[],\"id\":\"c1\",\"model\":\"gpt-4o\",\"object\":\"chat.completion.chunk\",\"created\":1,\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":1,\"total_tokens\":9}}\n\n"
            + "data: [DONE]\n\n";
    try (var cloud = new FakeCloud(asked -> Said.events(stream));
        var gateway = TestGateway.of(azure(cloud, "api_version: \"2024-10-21\", key: k"))) {
      var own =
          gateway.post(
              "/v1/chat/completions",
              HELLO.replace("\"messages\"", "\"stream\":true,\"messages\""));
      assertThat(own.body()).contains(first, "\"Hi\"", "[DONE]").doesNotContain("prompt_tokens");

      var other =
          gateway.post(
              "/v1/messages",
              "{\"model\":\"azure/gpt-4o\",\"stream\":true,\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}");
      assertThat(other.body()).contains("\"Hi\"", "message_stop", "\"output_tokens\":1");
    }
  }

  @Test
  void azure_s_sdks_are_served_at_their_own_paths() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json(REPLY));
        var gateway =
            TestGateway.of(azure(cloud, "key: k") + "models: { gpt-4o: azure/gpt-4o }\n")) {
      for (String path :
          new String[] {
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "/openai/deployments/azure%2Fgpt-4o/chat/completions?api-version=2024-10-21",
            "/openai/v1/chat/completions",
            "/openai/v1/chat/completions?api-version=preview"
          }) {
        var request =
            java.net.http.HttpRequest.newBuilder(java.net.URI.create(gateway.url() + path))
                .header("api-key", TestGateway.KEY)
                .header("content-type", "application/json")
                .POST(
                    java.net.http.HttpRequest.BodyPublishers.ofString(
                        HELLO.replace("azure/gpt-4o", path.contains("v1") ? "gpt-4o" : "ignored")))
                .build();
        var answer = gateway.send(request);
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
      }
      assertThat(cloud.asked())
          .allSatisfy(
              asked -> assertThat(asked.json().path("model").asString()).isEqualTo("gpt-4o"));

      var unknown = gateway.post("/openai/deployments/gpt-4o/extensions/x", "{}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(Json.parse(unknown.body()).path("error").path("code").asString())
          .isEqualTo("unknown_path");
      assertThat(gateway.get("/openai/models?api-version=x").body()).contains("gpt-4o");
    }
  }

  @Test
  void vectors_and_completions_have_deployments_too() throws Exception {
    String vectors =
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.5,0.25]}],\"model\":\"e\",\"usage\":{\"prompt_tokens\":1,\"total_tokens\":1}}";
    String completion =
        "{\"id\":\"c\",\"object\":\"text_completion\",\"created\":1,\"model\":\"i\",\"choices\":[{\"index\":0,\"text\":\"Hi\",\"finish_reason\":\"stop\",\"logprobs\":null}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}";
    try (var cloud =
            new FakeCloud(
                asked -> Said.json(asked.uri().contains("/embeddings") ? vectors : completion));
        var gateway =
            TestGateway.of(
                azure(
                        cloud,
                        "api_version: \"2024-10-21\", key: k, deployments: { small: my-small }")
                    + "models: { small: azure/small }\n")) {
      assertThat(
              gateway
                  .post(
                      "/openai/deployments/small/embeddings?api-version=x",
                      "{\"model\":\"ignored\",\"input\":\"Hello\"}")
                  .body())
          .contains("0.25");
      assertThat(
              gateway
                  .post(
                      "/openai/deployments/small/completions?api-version=x",
                      "{\"prompt\":\"Hello\"}")
                  .body())
          .contains("\"Hi\"");

      assertThat(cloud.asked())
          .extracting(FakeCloud.Asked::uri)
          .containsExactly(
              "/openai/deployments/my-small/embeddings?api-version=2024-10-21",
              "/openai/deployments/my-small/completions?api-version=2024-10-21");
      assertThat(cloud.asked())
          .allSatisfy(
              asked -> assertThat(asked.json().path("model").asString()).isEqualTo("my-small"));
    }
  }
}
