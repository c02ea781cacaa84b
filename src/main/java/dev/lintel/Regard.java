package dev.lintel;

import java.util.Locale;

/**
 * How well the answers of a target were found of late.
 *
 * @param scores how many tell so; the older ones count less, so that it may be a part of one
 * @param total of the scores, of which each is from 0 to 1
 */
public record Regard(double scores, double total) {
  /** Nobody said anything. */
  public static final Regard NONE = new Regard(0, 0);

  /** Whose word counts. */
  public enum By {
    CALLER,
    JUDGE,
    /** Each score of either. */
    BOTH;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Regard plus(Regard other) {
    return new Regard(scores + other.scores, total + other.total);
  }

  /** NaN where nobody said anything. */
  public double mean() {
    return total / scores;
  }
}
