package dev.lintel;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * In which order targets are tried: by their scores, the lowest first, and as they are written
 * where scores are equal. One of them may go before all others whatever its score; and whoever is
 * preferred goes before who is not, whatever either says.
 *
 * <p>Nothing is sorted: most calls ask one target only, so each next one is looked for when it is
 * wanted.
 */
public final class Ranking {
  private static final IntFunction<String> UNSAID = index -> "";

  /** As they are written. */
  public static final Ranking AS_WRITTEN = new Ranking(null, -1, Lesson.NONE, null, UNSAID, UNSAID);

  private final double @Nullable [] scores;
  private final int first;
  private final Lesson lesson;
  private final long @Nullable [] places;
  private final IntFunction<String> words;
  private final IntFunction<String> basis;

  private Ranking(
      double @Nullable [] scores,
      int first,
      Lesson lesson,
      long @Nullable [] places,
      IntFunction<String> words,
      IntFunction<String> basis) {
    this.scores = scores;
    this.first = first;
    this.lesson = lesson;
    this.places = places;
    this.words = words;
    this.basis = basis;
  }

  /**
   * @param scores one for each target, never NaN; kept, not copied
   */
  public static Ranking of(double[] scores) {
    return new Ranking(scores, -1, Lesson.NONE, null, UNSAID, UNSAID);
  }

  /** The same with the target at that index before all others. */
  public Ranking beginningWith(int index) {
    return new Ranking(scores, index, lesson, places, words, basis);
  }

  /** The same, whose strategy wants to learn what comes of the call. */
  public Ranking teaching(Lesson wanting) {
    return new Ranking(scores, first, wanting, places, words, basis);
  }

  /**
   * The same among those of the same place; one of a lower place goes before one of a higher.
   *
   * @param others one for each target; kept, not copied; {@code null} where all are equal
   * @param why who wants it so, by index, in words; an empty text where nobody does
   */
  public Ranking within(long @Nullable [] others, IntFunction<String> why) {
    return new Ranking(scores, first, lesson, others, why, basis);
  }

  /**
   * The same, saying what the scores are made of.
   *
   * @param said of a target by its index, in words; asked when somebody wants to read it
   */
  public Ranking basedOn(IntFunction<String> said) {
    return new Ranking(scores, first, lesson, places, words, said);
  }

  /** What the target's score is made of; empty where its strategy does not say. */
  public String basis(int index) {
    return basis.apply(index);
  }

  /** Who wants the target to stand where it does, beside the strategy; empty where nobody does. */
  public String words(int index) {
    return words.apply(index);
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
    if (places != null) {
      return best(count, taken, places);
    }
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

  private int best(int count, boolean[] taken, long[] at) {
    int best = -1;
    for (int i = 0; i < count; i++) {
      if (!taken[i] && (best < 0 || isBefore(i, best, at))) {
        best = i;
      }
    }
    return best;
  }

  private boolean isBefore(int one, int other, long[] at) {
    if (at[one] != at[other]) {
      return at[one] < at[other];
    }
    return other != first && (one == first || (scores != null && scores[one] < scores[other]));
  }
}
