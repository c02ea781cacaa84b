package dev.lintel;

import java.util.Locale;
import java.util.Set;

/**
 * Somebody who administers the gateway: a person or a program.
 *
 * @param name under which acts are recorded
 * @param tenants of a tenant admin those that are theirs; of no meaning to the others
 * @param person as whom they count where two have to agree
 */
public record Admin(String name, Role role, Set<String> tenants, String person) {
  /** Whoever has the key that the first start made, or that its environment gave it. */
  public static final Admin KEY = new Admin("admin key", Role.ADMIN, Set.of());

  /** What somebody may do; the table of it is in {@code admin/Rights}. */
  public enum Role {
    /** Everything. */
    ADMIN,
    /** Everything with the apps of some tenants. */
    TENANT_ADMIN,
    /** Sees everything, changes nothing. */
    AUDITOR,
    /** Sees figures and names, changes nothing. */
    VIEWER;

    /** As it is written, such as {@code tenant_admin}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What somebody may be.
   *
   * @param tenants of a tenant admin
   */
  public record Grant(Role role, Set<String> tenants) {
    public Grant {
      tenants = Set.copyOf(tenants);
    }
  }

  public Admin {
    tenants = Set.copyOf(tenants);
  }

  /** A person. */
  public Admin(String name, Role role, Set<String> tenants) {
    this(name, role, tenants, name);
  }
}
