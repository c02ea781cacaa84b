package dev.lintel;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** The configuration as a whole: what runs, what ran before, and what would run. */
public interface History {
  /** How a node's own file stands to what is in force. */
  enum OwnFile {
    /** It is, or it says the same. */
    IN_FORCE,
    /** What was applied for all nodes is. */
    PASSED_OVER,
    /** It is on this node, but other nodes have a newer one. */
    OLDER;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What is in force on this node.
   *
   * @param revision without its base, values as they may be shown
   * @param file the name of what is written under the changes
   * @param applied whether that was applied for all nodes, in the place of each one's own file
   * @param own how the node's own file stands to that
   * @param written with the changes, as it may be shown
   */
  record Running(
      Changes.Revision revision, String file, boolean applied, OwnFile own, ObjectNode written) {}

  /**
   * What is wrong with a text.
   *
   * @param line 0 where it stands in no file
   * @param path empty where it is not known
   */
  record Flaw(int line, String path, String text) {}

  /**
   * What would become of the configuration.
   *
   * @param flaws where there are any, the text cannot be applied
   * @param ends the changes that would end, as they may be shown
   */
  record Plan(List<Flaw> flaws, List<Settings.Difference> differences, List<Changes.Change> ends) {}

  Running running();

  /** The newest first, without bases and changes, before that number. */
  List<Changes.Revision> list(long before, int limit);

  /** Without its base, values as they may be shown. */
  Optional<Changes.Revision> find(long number);

  /** From one revision to another, over what is written under them now. */
  List<Settings.Difference> differences(long from, long to);

  /** What to apply that text would do. Changes nothing. */
  Plan plan(String file, String text);

  /**
   * Puts that text in the place of every node's own file, and ends the overrides of what it says.
   * Throws as {@link Settings#change} does.
   */
  Settings.Done apply(Settings.Wish wish, String file, String text);

  /** Back to how it was, as a new revision. Throws as {@link Settings#change} does. */
  Settings.Done rollback(Settings.Wish wish, long number);

  /**
   * Does what another admin has asked for, with the configuration as it is now. Throws {@link
   * Failure} and changes nothing: {@code NOT_FOUND}; {@code INVALID_REQUEST} with status 409 where
   * it does not wait any more or would not come to what was shown of it; {@code PERMISSION} where
   * who agrees is who asked; {@code UNAVAILABLE}.
   *
   * @param by who agrees
   */
  Settings.Done approve(Admin by, String id);
}
