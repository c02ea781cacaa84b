package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What admins have changed of the configuration, over the file: kept for all nodes, one revision
 * after the other.
 */
public interface Changes {
  /**
   * One place of the configuration that differs from the file.
   *
   * @param path the keys that lead to it, such as {@code tenants}, {@code acme}, {@code apps}
   * @param value what stands there; empty where nothing shall
   * @param override whether the file says something else of it, so that it ends with the next apply
   *     of the file
   * @param by who changed it
   * @param until when it ends by itself; empty for never
   */
  record Change(
      List<String> path,
      Optional<JsonNode> value,
      boolean override,
      String by,
      Instant at,
      Optional<Instant> until) {
    public Change {
      path = List.copyOf(path);
    }
  }

  /**
   * A state of the configuration.
   *
   * @param number counts from 1; 0 before the first change
   * @param why in a few words, such as {@code PATCH /admin/v1/tenants/acme}
   * @param base the text that was applied in place of every node's own file; empty where none was
   * @param changes all that hold, in the order in which they are laid over the base
   */
  record Revision(
      long number, Instant at, String by, String why, Optional<String> base, List<Change> changes) {
    /** Before anybody has changed anything. */
    public static final Revision NONE =
        new Revision(0, Instant.EPOCH, "", "", Optional.empty(), List.of());

    public Revision {
      changes = List.copyOf(changes);
    }
  }

  /**
   * An app.
   *
   * @param name empty for every app of the tenant
   */
  record App(String tenant, String name) {}

  /** The number of the one that holds; 0 before the first. */
  long newest();

  /** The one that holds; {@link Revision#NONE} before the first. */
  Revision latest();

  Optional<Revision> find(long number);

  /** The newest first, without bases and changes, before that number. */
  List<Revision> list(long before, int limit);

  /**
   * The next one, whose number is one more than the newest's. Durable when it returns.
   *
   * @param next no two of its changes are of the same place
   * @return false where another was added meanwhile, and its number is taken
   */
  default boolean add(Revision next) {
    return add(next, Set.of());
  }

  /** The same, where the keys that callers of these apps were given end with it. */
  boolean add(Revision next, Set<App> ending);

  /**
   * What files were in force, the newest first: marks that tell one text from another, each as it
   * was noted.
   */
  List<String> files();

  /**
   * From now on that one is. Durable when it returns.
   *
   * @param number one more than there were
   * @return false where another was noted meanwhile, and its number is taken
   */
  boolean note(String file, int number);
}
