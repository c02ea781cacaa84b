package dev.lintel.config;

import dev.lintel.Changes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Collects what is wrong in one file and in what was changed over it. */
final class Faults {
  private final String file;
  private final List<Changes.Change> changes;
  private final List<Fault> found = new ArrayList<>();

  Faults(String file) {
    this(file, List.of());
  }

  /**
   * @param changes as they were grafted
   */
  Faults(String file, List<Changes.Change> changes) {
    this.file = file;
    this.changes = changes;
  }

  /**
   * @param line of the file, or a change's as {@link Graft} writes it
   * @param path where in the file, such as {@code models.fast.targets[1]}; empty for the whole of
   *     it
   */
  void add(int line, String path, String text) {
    String whole = (path.isEmpty() ? "the file" : path) + " " + text;
    Optional<Integer> change = Graft.change(line);
    found.add(
        change.isEmpty()
            ? new Fault(file, line, path, whole)
            : new Fault(Graft.label(changes.get(change.get())), 0, path, whole));
  }

  /** In another file that this one names. */
  void add(Fault fault) {
    found.add(fault);
  }

  void add(At<?> at, String text) {
    add(at.line(), at.path(), text);
  }

  /** Throws {@link Faulty} where there was anything. */
  void raise() {
    if (!found.isEmpty()) {
      found.sort(Comparator.comparingInt(Fault::line));
      throw new Faulty(found);
    }
  }
}
