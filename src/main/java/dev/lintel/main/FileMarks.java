package dev.lintel.main;

import dev.lintel.Changes;
import dev.lintel.Failure;
import dev.lintel.config.Loader;
import dev.lintel.config.Written;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which texts were in force before, as nodes' own files or as what was applied for all of them. */
final class FileMarks {
  private static final Logger LOG = LoggerFactory.getLogger(FileMarks.class);
  private static final String OWN = "own ";
  private static final String GIVEN = "applied ";

  private final Changes changes;
  private final boolean shared;
  private volatile List<String> noted = List.of();

  /**
   * @param shared whether several nodes note theirs, who are given the same file one after the
   *     other
   */
  FileMarks(Changes changes, boolean shared) {
    this.changes = changes;
    this.shared = shared;
  }

  /** Throws {@link Failure} where the store cannot be had. */
  void look() {
    noted = changes.files();
  }

  boolean none() {
    return noted.isEmpty();
  }

  /** Whether it is what was brought last, by whomever. */
  boolean isNewest(Written file) {
    return !noted.isEmpty() && isOf(noted.getFirst(), file);
  }

  /**
   * Whether a node that begins brings nothing new with it. Where nodes share a store, what was in
   * force before is an old copy; else it is the file as it was put back.
   */
  boolean knows(Written own) {
    return isNewest(own)
        || (shared
            ? noted.stream().anyMatch(mark -> isOf(mark, own))
            : noted.stream()
                .filter(mark -> mark.startsWith(OWN))
                .findFirst()
                .filter(mark -> isOf(mark, own))
                .isPresent());
  }

  /** It is in force from now on as a node's own; false where another was noted meanwhile. */
  boolean tryNote(Written own) {
    return changes.note(OWN + mark(own), noted.size() + 1);
  }

  /** The same, until it is noted; what cannot be is applied once more at a start. */
  void note(Written own) {
    note(OWN, own);
  }

  /** It is in force from now on for all nodes. */
  void noteGiven(Written given) {
    note(GIVEN, given);
  }

  private void note(String how, Written file) {
    try {
      look();
      while (!isNewest(file) && !changes.note(how + mark(file), noted.size() + 1)) {
        look();
      }
      look();
    } catch (Failure notThere) {
      LOG.warn("which file is in force could not be noted: {}", notThere.getMessage());
    }
  }

  private static boolean isOf(String noted, Written file) {
    return noted.equals(OWN + mark(file)) || noted.equals(GIVEN + mark(file));
  }

  /** What is served where there is no file depends on the environment, and is nobody's text. */
  private static String mark(Written file) {
    return file.file().equals(Loader.USUAL) ? "" : file.mark();
  }
}
