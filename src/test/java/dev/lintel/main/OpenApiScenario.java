package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the admin API says of itself is so. */
class OpenApiScenario {
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)}");

  /** Of things that are there. */
  private static final Map<String, String> THERE =
      Map.of(
          "tenant",
          "t",
          "t",
          "t",
          "a",
          "a",
          "app",
          "a",
          "name",
          "demo",
          "policy",
          "p",
          "provider",
          "demo");

  @TempDir private Path folder;
  private TestGateway gateway;
  private JsonNode api;

  @BeforeEach
  void begin() {
    gateway =
        TestGateway.of(
            "data: \""
                + folder
                + "\"\nproviders: { demo: { kind: sim } }\nmodels: { m: demo/small }\n"
                + "prices: { demo/small: { input: 1, output: 2 } }\n");
    gateway.post(
        "/v1/chat/completions",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    ask("PUT", "/secrets/demo", "{\"value\":\"x1\"}");
    api = Json.parse(ask("GET", "/openapi.json", "").body());
  }

  @AfterEach
  void end() {
    gateway.close();
  }

  private HttpResponse<String> ask(String method, String path, String body) {
    return gateway.send(
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer admin-key")
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private static String filled(String path) {
    String model = path.startsWith("/prices") ? "small" : "m";
    return VARIABLE
        .matcher(path)
        .replaceAll(found ->
            Matcher.quoteReplacement(
                found.group(1).equals("model") ? model : THERE.getOrDefault(found.group(1), "x")));
  }

  private static JsonNode schema(JsonNode answers, int status, JsonNode api) {
    JsonNode good = answers.path(Integer.toString(status));
    JsonNode answer = good.isMissingNode() ? answers.path("default") : good;
    JsonNode schema = answer.path("content").path("application/json").path("schema");
    return schema.has("$ref") ? api.at(schema.path("$ref").asString().substring(1)) : schema;
  }

  @Test
  void every_described_path_answers_as_it_is_described() {
    var wrong = new ArrayList<String>();
    Set<String> good = new HashSet<>();
    for (var path : api.path("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        String method = operation.getKey().toUpperCase(Locale.ROOT);
        if (method.equals("DELETE")) {
          continue;
        }
        // Of what changes something, the refusal of a body that makes no sense.
        var answer = ask(method, filled(path.getKey()), method.equals("GET") ? "" : "[");
        String what = method + " " + path.getKey() + " " + answer.statusCode();
        if (answer.statusCode() >= 500 || answer.body().contains("unknown_path")) {
          wrong.add(what + " " + answer.body());
          continue;
        }
        JsonNode responses = operation.getValue().path("responses");
        if (responses.has(Integer.toString(answer.statusCode()))) {
          good.add(method + " " + path.getKey());
        }
        JsonNode schema = schema(responses, answer.statusCode(), api);
        if (!schema.isMissingNode()) {
          Conforms.faults(schema, Json.parse(answer.body()))
              .forEach(fault -> wrong.add(what + ": " + fault));
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(good)
        .contains(
            "GET /providers",
            "GET /calls",
            "GET /tenants",
            "GET /tenants/{tenant}",
            "GET /acts",
            "GET /secrets/{name}",
            "GET /rollouts",
            "GET /openapi.json");
  }

  @Test
  void every_path_of_the_contract_is_described() {
    for (String path :
        List.of(
            "/tenants",
            "/tenants/{tenant}/apps",
            "/tenants/{t}/apps/{a}/keys",
            "/budgets",
            "/usage",
            "/calls",
            "/config",
            "/config/revisions",
            "/providers",
            "/providers/{name}/check",
            "/secrets/{name}",
            "/acts")) {
      assertThat(api.path("paths").has(path)).as(path).isTrue();
    }
  }

  @Test
  void each_operation_has_a_summary_and_an_id_of_its_own() {
    Set<String> ids = new HashSet<>();
    for (JsonNode path : api.path("paths")) {
      for (JsonNode operation : path) {
        assertThat(ids.add(operation.path("operationId").asString()))
            .as(operation.toString())
            .isTrue();
        assertThat(operation.path("summary").asString()).endsWith(".");
      }
    }
    assertThat(api.path("openapi").asString()).startsWith("3.1");
    assertThat(Files.exists(folder)).isTrue();
  }
}
