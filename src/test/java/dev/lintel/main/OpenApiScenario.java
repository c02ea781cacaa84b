package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
            "/acts",
            "/audit/verify")) {
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

  /** What is wrong for a value of that schema, whatever else is right. */
  private static List<String> wrongFor(JsonNode schema, boolean required) {
    Set<String> types = new HashSet<>();
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      type.forEach(one -> types.add(one.asString()));
    } else if (type.isString()) {
      types.add(type.asString());
    }
    schema.path("anyOf").forEach(one -> types.add(one.path("type").asString("")));
    if (types.isEmpty()) {
      return List.of();
    }
    if (types.contains("number")) {
      types.add("integer");
    }
    var wrong = new ArrayList<String>();
    Map<String, String> values =
        Map.of(
            "string", "\"no nonsense, please\"",
            "integer", "5",
            "boolean", "true",
            "array", "[[1]]",
            "object", "{\"nonsense\":{\"deeper\":[1]}}");
    values.forEach((of, value) -> {
      boolean narrower =
          of.equals("array") || of.equals("object") && !schema.has("additionalProperties");
      boolean words = schema.has("enum") || schema.has("format") || schema.has("anyOf");
      if (!types.contains(of) || narrower || of.equals("string") && words) {
        wrong.add(value);
      }
    });
    if (required && !types.contains("null")) {
      wrong.add("null");
    }
    return wrong;
  }

  private static String sample(String name, JsonNode schema) {
    if (name.equals("policy")) {
      return "{}";
    }
    return schema.has("enum")
        ? Json.text(schema.path("enum").path(0))
        : "\"" + (name.equals("name") ? "x1" : THERE.getOrDefault(name, "x1")) + "\"";
  }

  /** Everything that such requests could have changed. */
  private String everything() {
    var all = new StringBuilder();
    for (String path :
        List.of("/config", "/config/revisions", "/admins", "/secrets", "/tenants/t/apps/a/keys")) {
      all.append(ask("GET", path, "").body());
    }
    return all.toString();
  }

  @Test
  void a_wrong_type_in_a_described_field_is_refused_by_its_name_and_changes_nothing() {
    var wrong = new ArrayList<String>();
    String before = everything();
    int tried = 0;
    for (var path : api.path("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        JsonNode body = operation.getValue().at("/requestBody/content/application~1json/schema");
        Set<String> required = new HashSet<>();
        body.path("required").forEach(name -> required.add(name.asString()));
        Set<String> good = new HashSet<>(required);
        List.of("tenant", "app").stream().filter(body.path("properties")::has).forEach(good::add);
        for (var field : body.path("properties").properties()) {
          boolean must = required.contains(field.getKey());
          for (String value : wrongFor(field.getValue(), must)) {
            tried++;
            String method = operation.getKey().toUpperCase(Locale.ROOT);
            var members = new ArrayList<String>();
            for (String name : good) {
              if (!name.equals(field.getKey())) {
                members.add("\"" + name + "\":" + sample(name, body.path("properties").path(name)));
              }
            }
            members.add("\"" + field.getKey() + "\":" + value);
            String sent = "{" + String.join(",", members) + "}";
            var answer = ask(method, filled(path.getKey()), sent);
            String param = Json.parse(answer.body()).path("error").path("param").asString("");
            if (answer.statusCode() != 400 || !param.startsWith(field.getKey())) {
              wrong.add(
                  "%s %s %s: %d '%s'"
                      .formatted(method, path.getKey(), sent, answer.statusCode(), param));
            }
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(tried).isGreaterThan(50);
    assertThat(everything()).isEqualTo(before);
  }

  /** The configuration's own words, by what they are the members of. */
  private static List<String> words(String record) {
    try {
      return Arrays.stream(
              Class.forName("dev.lintel.config.Document$" + record).getRecordComponents())
          .map(component ->
              component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT))
          .toList();
    } catch (ClassNotFoundException renamed) {
      throw new AssertionError(renamed);
    }
  }

  @Test
  void nonsense_in_any_field_of_the_configuration_is_refused_by_its_name_and_changes_nothing() {
    ask("PUT", "/policies/p", "{}");
    ask(
        "PUT",
        "/providers/far",
        "{\"kind\":\"openai\",\"url\":\"http://127.0.0.1:1\",\"key\":\"k\"}");
    var wrong = new ArrayList<String>();
    String before = everything();
    for (String[] one :
        new String[][] {
          {"/tenants/t", "Tenant"},
          {"/tenants/t/apps/a", "AppEntry"},
          {"/policies/p", "PolicyEntry"},
          {"/models/m", "ModelEntry"},
          {"/prices/demo/small", "PriceEntry"},
          {"/providers/demo", "Simulated"},
          {"/providers/far", "Remote"},
        }) {
      var words = new ArrayList<>(words(one[1]));
      words.add("nonsense");
      for (String word : words) {
        for (String value : List.of("[[[1]]]", "{\"nonsense\":{\"deeper\":[{}]}}")) {
          String sent = "{\"" + word + "\":" + value + "}";
          var answer = ask("PATCH", one[0], sent);
          String param = Json.parse(answer.body()).path("error").path("param").asString("");
          if (answer.statusCode() != 400 || !param.startsWith(word)) {
            wrong.add("PATCH %s %s: %d '%s'".formatted(one[0], sent, answer.statusCode(), param));
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(everything()).isEqualTo(before);
  }
}
