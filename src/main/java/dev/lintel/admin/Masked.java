package dev.lintel.admin;

import dev.lintel.Json;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Bodies as they may be shown to others: with nothing in them that is secret. */
public final class Masked {
  private static final String MASK = "***";

  /** What a member is called whose value is secret, or the end of it. */
  private static final Set<String> SECRET =
      Set.of(
          "key",
          "keys",
          "secret",
          "token",
          "password",
          "credentials",
          "authorization",
          "headers",
          "kek",
          "value");

  /** Where a secret lies instead of the secret itself. */
  private static final Set<String> PLACES = Set.of("env", "file", "secret", "vault");

  private static final Pattern IN_ADDRESS = Pattern.compile("(://)[^/@\\s]*@");

  private Masked() {}

  /** A copy without secrets. */
  public static JsonNode of(JsonNode body) {
    if (body.isObject()) {
      ObjectNode masked = Json.object();
      body.properties()
          .forEach(member ->
              masked.set(
                  member.getKey(),
                  isSecret(member.getKey()) ? hidden(member.getValue()) : of(member.getValue())));
      return masked;
    }
    if (body.isArray()) {
      var masked = Json.array();
      body.forEach(element -> masked.add(of(element)));
      return masked;
    }
    return body.isString()
        ? Json.array().add(IN_ADDRESS.matcher(body.asString()).replaceAll("$1***@")).get(0)
        : body;
  }

  private static boolean isSecret(String name) {
    String word = name.toLowerCase(Locale.ROOT);
    return SECRET.contains(word) || SECRET.stream().anyMatch(secret -> word.endsWith("_" + secret));
  }

  private static JsonNode hidden(JsonNode value) {
    if (value.isObject()) {
      if (value.size() == 1 && PLACES.contains(value.propertyNames().iterator().next())) {
        return value;
      }
      ObjectNode masked = Json.object();
      value.properties().forEach(member -> masked.set(member.getKey(), hidden(member.getValue())));
      return masked;
    }
    if (value.isArray()) {
      var masked = Json.array();
      value.forEach(element -> masked.add(hidden(element)));
      return masked;
    }
    return value.isNull() ? value : Json.array().add(MASK).get(0);
  }
}
