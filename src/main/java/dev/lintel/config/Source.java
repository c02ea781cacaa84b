package dev.lintel.config;

/** Where a text can lie that is not in the file itself. */
@FunctionalInterface
public interface Source {
  /**
   * The text. Throws {@link IllegalArgumentException} that says, as the end of a sentence, why it
   * cannot be had, with nothing secret in it.
   *
   * @param reference what the file says of it, such as {@code kv/openai#key}
   * @param around what else the file says that is needed to find it
   */
  String text(String reference, Prologue around);
}
