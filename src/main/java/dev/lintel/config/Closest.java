package dev.lintel.config;

import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;

/** Finds the word that was probably meant. */
final class Closest {
  private Closest() {}

  /** The nearest of the words, where it is near enough to be a slip of the pen. */
  static Optional<String> to(String given, Collection<String> words) {
    String best = null;
    int least = Math.max(1, given.length() / 3) + 1;
    for (String word : new TreeSet<>(words)) {
      if (Math.abs(word.length() - given.length()) < least) {
        int distance = distance(given, word);
        if (distance < least) {
          least = distance;
          best = word;
        }
      }
    }
    return Optional.ofNullable(best);
  }

  /** {@code ; did you mean 'x'?}, or nothing where no word is near. */
  static String meant(String given, Collection<String> words) {
    return to(given, words).map(word -> "; did you mean '" + word + "'?").orElse("");
  }

  /** The same, or the words there are where none is near. */
  static String hint(String given, Collection<String> words) {
    String meant = meant(given, words);
    return !meant.isEmpty() || words.isEmpty() ? meant : "; known are: " + some(words);
  }

  private static String some(Collection<String> words) {
    var sorted = new TreeSet<>(words);
    String shown = String.join(", ", sorted.stream().limit(20).toList());
    return sorted.size() > 20 ? shown + ", …" : shown;
  }

  /** Insertions, deletions, changes and swaps of neighbours (optimal string alignment). */
  private static int distance(String a, String b) {
    var rows = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          rows[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least =
            Math.min(rows[i - 1][j - 1] + change, Math.min(rows[i - 1][j], rows[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, rows[i - 2][j - 2] + 1);
        }
        rows[i][j] = least;
      }
    }
    return rows[a.length()][b.length()];
  }
}
