package dev.lintel;

import java.util.OptionalDouble;

/**
 * What the configuration says of a target.
 *
 * @param weight its share where targets are weighted; at least 1
 * @param region where it is; empty where nobody said
 * @param tier empty where nobody said
 * @param family of models, such as {@code gpt}; empty where nobody said
 * @param quality from 0 to 1; empty where nobody said
 * @param context tokens of prompt and answer together that it is trusted with; 0 where nobody said
 * @param concurrent the most calls at once; 0 where any number may be
 */
public record Profile(
    int weight,
    String region,
    String tier,
    String family,
    OptionalDouble quality,
    long context,
    int concurrent) {
  public static final Profile NONE = new Profile(1, "", "", "", OptionalDouble.empty(), 0, 0);

  /** The same with another weight. */
  public Profile weighing(int other) {
    return new Profile(other, region, tier, family, quality, context, concurrent);
  }

  /** Whether it is in that region, or in a part of it: {@code eu-west} is in {@code eu}. */
  public boolean isIn(String wanted) {
    return region.regionMatches(true, 0, wanted, 0, wanted.length())
        && (region.length() == wanted.length() || region.charAt(wanted.length()) == '-');
  }
}
