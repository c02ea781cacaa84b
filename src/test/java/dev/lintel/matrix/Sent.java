package dev.lintel.matrix;

import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What a provider was sent, held against what its vendor's own client would have sent: each value
 * must be there at the same path. The order of an array is not looked at.
 */
public final class Sent {
  /** What another dialect says otherwise or not at all, so that the gateway chooses it. */
  private static final Set<String> CHOSEN =
      Set.of(
          "/model",
          "/" + Ask.UNKNOWN,
          "/thinking/budget_tokens",
          "/thinking/token_budget",
          "/additionalModelRequestFields/thinking/budget_tokens",
          "/generationConfig/thinkingConfig/thinkingBudget",
          "/reasoning_effort",
          "/reasoning/effort",
          "/messages/content/document/name",
          "/messages/content/file/filename",
          "/input/content/filename",
          "/outputConfig/textFormat/structure/jsonSchema/name",
          "/response_format/json_schema/strict",
          "/text/format/strict");

  /** A limit that Anthropic's and Bedrock's clients give without being asked. */
  private static final Set<String> LIMITS = Set.of("/max_tokens", "/inferenceConfig/maxTokens");

  private final Set<String> values = new TreeSet<>();

  private Sent(JsonNode body) {
    add("", body);
  }

  /** What of the vendor's own request is missing in the one that was sent. */
  public static Set<String> missing(Client own, Ask ask, boolean stream, JsonNode sent) {
    Set<String> missing = new Sent(own.body(ask, "", stream)).values;
    missing.removeAll(new Sent(sent).values);
    missing.removeIf(value -> {
      String path = value.substring(0, value.indexOf('='));
      return CHOSEN.contains(path)
          || (ask.maxTokens() == 0 && LIMITS.contains(path))
          // Sealed thoughts are asked for where there may be some.
          || (!ask.thinking() && path.equals("/include"));
    });
    return missing;
  }

  private void add(String path, JsonNode node) {
    if (node.isObject()) {
      node.properties().forEach(field -> add(path + "/" + name(field.getKey()), field.getValue()));
    } else if (node.isArray()) {
      node.forEach(element -> add(path, element));
    } else if (node.isString() && path.equals("/messages/content")) {
      // A text alone is the same as an array of one.
      values.add(path + "/type=\"text\"");
      values.add(path + "/text=" + node);
    } else if (!(node.isBoolean() && !node.asBoolean())) {
      values.add(path + "=" + node);
    }
  }

  /** Of two names for the same thing the one that the clients of the matrix use. */
  private static String name(String field) {
    return switch (field) {
      case "max_completion_tokens" -> "max_tokens";
      case "parametersJsonSchema" -> "parameters";
      default -> field;
    };
  }
}
