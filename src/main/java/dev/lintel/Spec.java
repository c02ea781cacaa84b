package dev.lintel;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * How an extension is configured: a record whose components are its YAML keys in {@code snake_case}
 * and whose constructor checks them. A plugin lists its specs; the built-in ones are listed in
 * {@code Builtins}.
 */
public interface Spec<T extends Extension> {
  /**
   * A fault in a file that the options name.
   *
   * @param line counts from 1
   * @param text what is wrong and what would be right
   */
  record Flaw(String file, int line, String text) {
    /** {@code file:line: text}. */
    @Override
    public String toString() {
      return file + ":" + line + ": " + text;
    }
  }

  /** The files that the options name: where one changes, the configuration has changed. */
  default List<Path> files() {
    return List.of();
  }

  /** What is wrong with them; {@link #build} would fail by it. */
  default List<Flaw> flaws() {
    return List.of();
  }

  /** What a file calls it: the name of its record, in {@code snake_case}. */
  default String word() {
    return getClass().getSimpleName().replaceAll("(?<!^)(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  /** The working part. Called once each time a configuration is loaded. */
  T build();
}
