package dev.lintel.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong in one file. */
final class Faults {
  private final String file;
  private final List<Fault> found = new ArrayList<>();

  Faults(String file) {
    this.file = file;
  }

  /**
   * @param path where in the file, such as {@code models.fast.targets[1]}; empty for the whole of
   *     it
   */
  void add(int line, String path, String text) {
    found.add(new Fault(file, line, (path.isEmpty() ? "the file" : path) + " " + text));
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
