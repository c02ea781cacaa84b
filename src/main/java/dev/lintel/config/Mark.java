package dev.lintel.config;

import dev.lintel.Marks;
import java.util.Locale;

/** By what calls are told apart, such as {@code user}. */
record Mark(String name) {
  /** What it must be, as the end of a sentence. */
  static final String FORM = "one of " + String.join(", ", Marks.names());

  static final Mark USER = new Mark("user");

  /**
   * As the file writes it. Throws {@link IllegalArgumentException} where no call has such a mark.
   */
  static Mark of(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT).replace('-', '_');
    if (!Marks.names().contains(name)) {
      throw new IllegalArgumentException("no call has it");
    }
    return new Mark(name);
  }
}
