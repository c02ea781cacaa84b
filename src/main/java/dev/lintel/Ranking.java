package dev.lintel;

import org.jspecify.annotations.Nullable;

/**
 * In which order targets are tried: by their scores, the lowest first, and as they are written
 * where scores are equal. One of them may go before all others whatever its score.
 *
 * <p>Nothing is sorted: most calls ask one target only, so each next one is looked for when it is
 * wanted.
 */
public final class Ranking {
  /** As they are written. */
  public static final Ranking AS_WRITTEN = new Ranking(null, -1, Lesson.NONE);

  private final double @Nullable [] scores;
  private final int first;
  private final Lesson lesson;

  private Ranking(double @Nullable [] scores, int first, Lesson lesson) {
    this.scores = scores;
    this.first = first;
    this.lesson = lesson;
  }

  /**
   * @param scores one for each target, never NaN; kept, not copied
   */
  public static Ranking of(double[] scores) {
    return new Ranking(scores, -1, Lesson.NONE);
  }

  /** The same with the target at that index before all others. */
  public Ranking beginningWith(int index) {
    return new Ranking(scores, index, lesson);
  }

  /** The same, whose strategy wants to learn what comes of the call. */
  public Ranking teaching(Lesson wanting) {
    return new Ranking(scores, first, wanting);
  }

  /** What the strategy learns of the call; {@link Lesson#NONE} where it does not. */
  public Lesson lesson() {
    return lesson;
  }

  /** Lower is better; the place in the list where nobody scored. */
  public double score(int index) {
    return scores == null ? index : scores[index];
  }

  /** The best of {@code count} targets that has not been taken; -1 where none is left. */
  public int best(int count, boolean[] taken) {
    if (first >= 0 && !taken[first]) {
      return first;
    }
    int best = -1;
    for (int i = 0; i < count; i++) {
      if (!taken[i] && (best < 0 || (scores != null && scores[i] < scores[best]))) {
        best = i;
        if (scores == null) {
          break;
        }
      }
    }
    return best;
  }
}
