package dev.lintel;

/**
 * Closes secrets so that they may lie where others can read. Each is bound to what it is for: in
 * another place it does not open.
 */
public interface Sealer {
  /**
   * Text of visible ASCII characters; never the same twice.
   *
   * @param what what the secret is for, such as {@code secret/openai}
   */
  String seal(String what, String secret);

  /**
   * Throws {@link Failure} {@code UNAVAILABLE} that says which key it would take where that is not
   * here, and {@code INTERNAL} where it was changed or is for something else.
   */
  String open(String what, String sealed);

  /**
   * The same secret under the key that seals now, without opening it; itself where that is so
   * already. Throws as {@link #open} does.
   */
  String renewed(String sealed);
}
