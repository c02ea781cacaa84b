package dev.lintel.config;

/**
 * Something wrong in a configuration file.
 *
 * @param line counts from 1
 * @param text what is wrong and what would be right; never holds a value of the file, which may be
 *     a secret
 */
public record Fault(String file, int line, String text) {
  /** {@code file:line: text}. */
  @Override
  public String toString() {
    return file + ":" + line + ": " + text;
  }
}
