package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Settings;
import dev.lintel.Settings.Verb;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What a tenant admin may write of an app of theirs: what narrows it, counts it or names it, and
 * nothing by which the gateway trusts it, nor what the gateway itself would have to look up.
 */
final class OwnApp {
  /**
   * What an admin of the gateway gives an app: each would loosen what stands at the tenant, or lies
   * in a file of the gateway's.
   */
  private static final List<String> GIVEN =
      List.of("keys", "aws_keys", "own_keys", "residency", "unknown_price");

  private OwnApp() {}

  /**
   * Throws {@link Failure} {@code PERMISSION} that names the field; not for other admins.
   *
   * @param before what stands there, as it is shown
   */
  static void check(Exchange exchange, Verb verb, Optional<JsonNode> before, JsonNode wanted) {
    if (exchange.admin().orElse(Admin.KEY).role() != Admin.Role.TENANT_ADMIN) {
      return;
    }
    for (String field : GIVEN) {
      JsonNode now = before.map(there -> there.path(field)).orElse(Json.MAPPER.missingNode());
      boolean same =
          switch (verb) {
            case MERGE -> !wanted.has(field) || wanted.path(field).equals(now);
            case CREATE, REPLACE -> wanted.path(field).equals(now);
            case REMOVE -> true;
          };
      if (!same) {
        throw refused(field, "is set by an admin of the gateway, and must stay as it is");
      }
    }
    look("", wanted);
  }

  private static void look(String path, JsonNode node) {
    if (node.isObject()
        && node.size() == 1
        && Settings.ELSEWHERE.contains(node.propertyNames().iterator().next())
        && node.iterator().next().isValueNode()) {
      throw refused(path, "must be a value of its own, not a place where one lies");
    }
    if (node.isString() && node.asString().contains(Settings.VARIABLE)) {
      throw refused(path, "must not name variables of the gateway");
    }
    node.properties()
        .forEach(member -> {
          String below = path.isEmpty() ? member.getKey() : path + "." + member.getKey();
          if (member.getKey().contains(Settings.VARIABLE)) {
            throw refused(below, "must not name variables of the gateway");
          }
          look(below, member.getValue());
        });
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        look(path + "[" + i + "]", node.get(i));
      }
    }
  }

  private static Failure refused(String path, String text) {
    return Failure.of(Failure.Kind.PERMISSION, "'" + path + "' " + text + ".").at(path);
  }
}
