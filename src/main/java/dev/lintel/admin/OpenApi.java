package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The admin API's own description (OpenAPI 3.1.1), made of the very table by which it is served.
 */
public final class OpenApi {
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)\\*?}");

  private static final Schema ERROR =
      Schema.object(
          "error",
          Schema.object(
              "message", Schema.TEXT,
              "type", Schema.TEXT,
              "param", Schema.TEXT.orNull(),
              "code", Schema.TEXT.orNull(),
              "lintel",
                  Schema.object(
                      "kind", Schema.TEXT,
                      "request_id", Schema.TEXT,
                      "retryable", Schema.FLAG,
                      "retry_after_ms", Schema.WHOLE.orNull())));

  private final String base;
  private final String version;

  /**
   * @param base below which the operations are served, such as {@code /admin/v1}
   * @param version of what is described
   */
  public OpenApi(String base, String version) {
    this.base = base;
    this.version = version;
  }

  /** Those operations, and the one that describes them and itself. */
  public List<Operation> described(List<Operation> operations) {
    var all = new ArrayList<>(operations);
    var description = new byte[1][];
    all.add(
        Operation.get(
            "/openapi.json",
            "Describes the admin API.",
            Schema.object("openapi", Schema.TEXT, "paths", Schema.map(Schema.ANY)),
            exchange -> exchange.answer(new Answer(200, Answer.JSON, description[0]), Map.of())));
    description[0] = Json.bytes(document(all));
    return List.copyOf(all);
  }

  private ObjectNode document(List<Operation> operations) {
    ObjectNode document = Json.object().put("openapi", "3.1.1");
    document
        .putObject("info")
        .put("title", "Lintel's admin API")
        .put("version", version)
        .put(
            "description",
            "Lists come as `{data, next}`; times are RFC 3339 UTC, money is a decimal string in"
                + " USD.");
    document.putArray("servers").addObject().put("url", base);
    ObjectNode components = document.putObject("components");
    components.putObject("schemas").set("error", ERROR.json());
    components
        .putObject("securitySchemes")
        .putObject("bearer")
        .put("type", "http")
        .put("scheme", "bearer")
        .put("description", "An admin key, or a token of the issuer of people's identities.");
    document.putArray("security").addObject().putArray("bearer");
    ObjectNode paths = document.putObject("paths");
    for (Operation operation : operations) {
      String path = VARIABLE.matcher(operation.path()).replaceAll("{$1}");
      ObjectNode item = paths.has(path) ? (ObjectNode) paths.get(path) : paths.putObject(path);
      item.set(operation.method().toLowerCase(Locale.ROOT), described(operation, path));
    }
    return document;
  }

  private static ObjectNode described(Operation operation, String path) {
    ObjectNode one = Json.object();
    one.put(
        "operationId",
        operation.method().toLowerCase(Locale.ROOT)
            + path.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("_$", ""));
    one.put("summary", operation.summary());
    one.putArray("tags").add(path.split("/", 3)[1]);
    ArrayNode parameters = Json.array();
    Matcher variables = VARIABLE.matcher(operation.path());
    while (variables.find()) {
      parameters
          .addObject()
          .put("name", variables.group(1))
          .put("in", "path")
          .put("required", true)
          .set("schema", Schema.TEXT.json());
    }
    for (Operation.Parameter parameter : operation.parameters()) {
      parameters
          .addObject()
          .put("name", parameter.name())
          .put("in", parameter.place())
          .put("description", parameter.description())
          .set("schema", parameter.schema().json());
    }
    if (!parameters.isEmpty()) {
      one.set("parameters", parameters);
    }
    operation
        .body()
        .ifPresent(body -> {
          ObjectNode taken = one.putObject("requestBody").put("required", true);
          taken.set("content", content(body.json()));
        });
    ObjectNode answers = one.putObject("responses");
    ObjectNode good =
        answers
            .putObject(Integer.toString(operation.status()))
            .put("description", operation.status() == 201 ? "It was made." : "As asked.");
    operation.answer().ifPresent(schema -> good.set("content", content(schema.json())));
    operation
        .waiting()
        .ifPresent(request ->
            answers
                .putObject("202")
                .put(
                    "description",
                    "It is not done yet: a second admin has to agree, or it is still under way.")
                .set("content", content(request.json())));
    ObjectNode reference = Json.object().put("$ref", "#/components/schemas/error");
    answers.putObject("default").put("description", "Why not.").set("content", content(reference));
    return one;
  }

  private static ObjectNode content(ObjectNode schema) {
    ObjectNode content = Json.object();
    content.putObject(Answer.JSON).set("schema", schema);
    return content;
  }
}
