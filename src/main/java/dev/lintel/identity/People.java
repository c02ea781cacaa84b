package dev.lintel.identity;

import dev.lintel.Admin;
import dev.lintel.Failure;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Which admins the people are whom an issuer knows.
 *
 * @param claim where a token says to which groups they belong, or what their roles are; dots lead
 *     into objects, as in {@code realm_access.roles}
 * @param grants by such a word
 */
public record People(String claim, Map<String, Admin.Grant> grants) {
  /** From the most that one may be to the least. */
  private static final List<Admin.Role> ORDER =
      List.of(Admin.Role.ADMIN, Admin.Role.AUDITOR, Admin.Role.TENANT_ADMIN, Admin.Role.VIEWER);

  private static final List<String> NAMES = List.of("email", "preferred_username", "sub");

  public People {
    grants = Map.copyOf(grants);
  }

  /**
   * Throws {@link Failure} {@code PERMISSION} for whom no group makes an admin. Who has several
   * roles has the first of admin, auditor, tenant admin, viewer.
   */
  public Admin admin(JsonNode claims) {
    Set<String> words = words(claims);
    for (Admin.Role role : ORDER) {
      Set<String> tenants = new HashSet<>();
      boolean has = false;
      for (String word : words) {
        Admin.Grant grant = grants.get(word);
        if (grant != null && grant.role() == role) {
          has = true;
          tenants.addAll(grant.tenants());
        }
      }
      if (has) {
        return new Admin(name(claims), role, tenants);
      }
    }
    throw Failure.of(
        Failure.Kind.PERMISSION, "No group of " + name(claims) + " may administer this gateway.");
  }

  private Set<String> words(JsonNode claims) {
    JsonNode at = claims.path(claim);
    if (at.isMissingNode()) {
      at = claims;
      for (String step : claim.split("\\.", -1)) {
        at = at.path(step);
      }
    }
    Set<String> words = new HashSet<>();
    if (at.isArray()) {
      at.forEach(word -> words.add(word.asString("")));
    } else if (at.isString()) {
      words.addAll(List.of(at.asString().split(" ", -1)));
    }
    return words;
  }

  private static String name(JsonNode claims) {
    return NAMES.stream()
        .map(name -> claims.path(name).asString(""))
        .filter(name -> !name.isBlank())
        .findFirst()
        .or(() -> Optional.of("somebody"))
        .get();
  }
}
