package dev.lintel.config;

/**
 * Something wrong in a configuration file, or in what was changed over it.
 *
 * @param line counts from 1; 0 where it stands in no file
 * @param path where in the configuration, such as {@code models.fast.targets[1]}; empty where that
 *     is not known
 * @param text what is wrong and what would be right; never holds a value of the file, which may be
 *     a secret
 */
public record Fault(String file, int line, String path, String text) {
  public Fault(String file, int line, String text) {
    this(file, line, "", text);
  }

  /** {@code file:line: text}. */
  @Override
  public String toString() {
    return file + ":" + (line > 0 ? line + ":" : "") + " " + text;
  }
}
