package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Exchange;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Who may do what in the admin API: one table. What is in no row only an admin may. */
final class Rights {
  /** Whatever a path calls it. */
  private static final Pattern VARIABLE = Pattern.compile("\\{[^}]*}");

  /** What of a request must be somebody's own. */
  private enum Own {
    /** Nothing: the row is good for every tenant. */
    ANYTHING,
    /** The tenant in the path. */
    PATH,
    /**
     * The parameter {@code tenant}, which must be there, and which the operation must know: one
     * that does not would show everybody's.
     */
    QUERY
  }

  /**
   * One row.
   *
   * @param path the beginning of the operation's own path, such as {@code /tenants/{}}; all that
   *     lies below is meant, too
   */
  private record Row(Set<Admin.Role> roles, String method, String path, Own own) {
    boolean covers(Operation operation) {
      String asked = VARIABLE.matcher(operation.path()).replaceAll("{}");
      return (method.equals("*") || method.equals(operation.method()))
          && (asked.equals(path) || asked.startsWith(path + "/"))
          && (roles != LOOKING || !SAID.contains(asked))
          && (own != Own.QUERY
              || operation.parameters().stream().anyMatch(one -> one.name().equals("tenant")));
    }
  }

  private static final Set<Admin.Role> ADMIN = EnumSet.of(Admin.Role.ADMIN);
  private static final Set<Admin.Role> TENANT = EnumSet.of(Admin.Role.TENANT_ADMIN);
  private static final Set<Admin.Role> AUDITOR = EnumSet.of(Admin.Role.AUDITOR);
  private static final Set<Admin.Role> LOOKING = EnumSet.of(Admin.Role.AUDITOR, Admin.Role.VIEWER);

  /** What callers said is not among the figures and names that some may look at. */
  private static final Set<String> SAID = Set.of("/calls/{}/payload", "/tenants/{}/export");

  private static final Set<Admin.Role> ANYBODY = EnumSet.allOf(Admin.Role.class);

  private static final List<Row> TABLE =
      List.of(
          row(ADMIN, "*", "", Own.ANYTHING),
          row(AUDITOR, "GET", "", Own.ANYTHING),
          row(AUDITOR, "POST", "/config/plan", Own.ANYTHING),
          row(AUDITOR, "POST", "/whatif", Own.ANYTHING),
          row(LOOKING, "POST", "/route", Own.ANYTHING),
          row(LOOKING, "GET", "/tenants", Own.ANYTHING),
          row(LOOKING, "GET", "/policies", Own.ANYTHING),
          row(LOOKING, "GET", "/budgets", Own.ANYTHING),
          row(LOOKING, "GET", "/usage", Own.ANYTHING),
          row(LOOKING, "GET", "/calls", Own.ANYTHING),
          row(LOOKING, "GET", "/reports", Own.ANYTHING),
          row(LOOKING, "GET", "/top", Own.ANYTHING),
          row(LOOKING, "POST", "/reports/reconcile", Own.ANYTHING),
          row(LOOKING, "GET", "/providers", Own.ANYTHING),
          row(LOOKING, "GET", "/models", Own.ANYTHING),
          row(LOOKING, "GET", "/prices", Own.ANYTHING),
          row(LOOKING, "GET", "/rollouts", Own.ANYTHING),
          row(LOOKING, "GET", "/shadows", Own.ANYTHING),
          row(ANYBODY, "GET", "/catalogue", Own.ANYTHING),
          row(ANYBODY, "GET", "/openapi.json", Own.ANYTHING),
          row(ANYBODY, "GET", "/me", Own.ANYTHING),
          // What the tenant as a whole may have, somebody else gives it.
          row(TENANT, "GET", "/tenants/{}", Own.PATH),
          row(TENANT, "*", "/tenants/{}/apps", Own.PATH),
          row(TENANT, "GET", "/budgets", Own.QUERY),
          row(TENANT, "GET", "/usage", Own.QUERY),
          row(TENANT, "GET", "/calls", Own.QUERY),
          row(TENANT, "GET", "/pairs", Own.QUERY),
          row(TENANT, "GET", "/reports", Own.QUERY),
          row(TENANT, "GET", "/top", Own.QUERY));

  private static Row row(Set<Admin.Role> roles, String method, String path, Own own) {
    return new Row(roles, method, path, own);
  }

  private Rights() {}

  /** Empty where that admin may do that; else why not, as a sentence. */
  static Optional<String> refused(Admin admin, Operation operation, Exchange exchange) {
    boolean elsewhere = false;
    for (Row row : TABLE) {
      if (row.roles.contains(admin.role()) && row.covers(operation)) {
        Optional<String> tenant =
            switch (row.own) {
              case ANYTHING -> Optional.of("");
              case PATH -> tenantOf(operation, exchange);
              case QUERY -> Optional.ofNullable(exchange.request().query().get("tenant"));
            };
        if (row.own == Own.ANYTHING || tenant.filter(admin.tenants()::contains).isPresent()) {
          return Optional.empty();
        }
        elsewhere = true;
      }
    }
    return Optional.of(
        elsewhere
            ? "A tenant admin may do that for tenants of their own only: name one, in the path or as"
                + " 'tenant'."
            : "The role " + admin.role().word() + " may not do that.");
  }

  /** By whatever name the operation's path calls it: what follows {@code /tenants/}. */
  private static Optional<String> tenantOf(Operation operation, Exchange exchange) {
    String[] words = operation.path().split("/", 4);
    String variable = words[2];
    return Optional.ofNullable(
        exchange.request().path().get(variable.substring(1, variable.length() - 1)));
  }
}
