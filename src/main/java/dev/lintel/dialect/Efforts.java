package dev.lintel.dialect;

import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import java.util.List;
import java.util.Locale;

/** The words for how hard a model shall think, and which of them a model takes. */
final class Efforts {
  private static final List<Ability> LADDER =
      List.of(
          Ability.EFFORT_NONE,
          Ability.EFFORT_MINIMAL,
          Ability.EFFORT_LOW,
          Ability.EFFORT_MEDIUM,
          Ability.EFFORT_HIGH,
          Ability.EFFORT_XHIGH,
          Ability.EFFORT_MAX);

  private static final List<Ability> USUAL =
      List.of(Ability.EFFORT_LOW, Ability.EFFORT_MEDIUM, Ability.EFFORT_HIGH);

  private Efforts() {}

  /** Whether the model is known to take that word. */
  static boolean taken(Traits traits, String effort) {
    int place = place(effort);
    return place >= 0 && traits.can(LADDER.get(place));
  }

  /** Whether the model is known to refuse that word. */
  static boolean refused(Traits traits, String effort) {
    int place = place(effort);
    return place >= 0 && traits.cannot(LADDER.get(place));
  }

  /**
   * The word that means nearly the same and that the model takes, so far as is known: from high on
   * the next lower one, below it the next higher one, so that thinking neither ends nor gets dearer
   * without need. The word itself where it is unknown, or where nothing is left.
   */
  static String nearest(Traits traits, String effort) {
    int from = place(effort);
    if (from < 0) {
      return effort;
    }
    int step = from >= place("high") ? -1 : 1;
    for (int direction : new int[] {step, -step}) {
      for (int i = from; i > 0 && i < LADDER.size(); i += direction) {
        if (fits(traits, LADDER.get(i))) {
          return word(LADDER.get(i));
        }
      }
      if (from == 0 && fits(traits, LADDER.get(0))) {
        return effort;
      }
      if (from == 0) {
        return nearest(traits, "minimal");
      }
    }
    return effort;
  }

  private static boolean fits(Traits traits, Ability effort) {
    return traits.can(effort) || (USUAL.contains(effort) && !traits.cannot(effort));
  }

  private static int place(String effort) {
    for (int i = 0; i < LADDER.size(); i++) {
      if (word(LADDER.get(i)).equals(effort)) {
        return i;
      }
    }
    return -1;
  }

  private static String word(Ability effort) {
    return effort.name().substring("EFFORT_".length()).toLowerCase(Locale.ROOT);
  }
}
