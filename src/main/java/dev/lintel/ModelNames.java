package dev.lintel;

/** What the names of models have in them, for tables that go by it. */
public final class ModelNames {
  private ModelNames() {}

  /** Whether a part of the name begins with the word; both in lower case. */
  public static boolean mention(String name, String word) {
    for (int at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + 1)) {
      if (at == 0 || !Character.isLetterOrDigit(name.charAt(at - 1))) {
        return true;
      }
    }
    return false;
  }
}
