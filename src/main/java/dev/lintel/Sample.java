package dev.lintel;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A metric at a moment, for some labels.
 *
 * @param name as it is exported; of a histogram without the ending of its series
 * @param bounds upper ones of a histogram's buckets, the last of them infinite; of others empty
 * @param values how many a bucket of its own has; of others the value alone
 */
public record Sample(
    String name, Map<String, String> labels, List<Double> bounds, List<Double> values) {
  /**
   * What that share of all in a histogram does not pass, as Prometheus says it: straight within a
   * bucket, and the last bound beyond it. Not a number where there is nothing.
   *
   * @param counts how many each bucket of its own has
   * @param share from 0 to 1
   */
  public static double quantile(List<Double> bounds, double[] counts, double share) {
    double all = Arrays.stream(counts).sum();
    if (all <= 0 || bounds.size() < 2) {
      return Double.NaN;
    }
    double rank = share * all;
    double below = 0;
    for (int i = 0; i < bounds.size() - 1; i++) {
      if (below + counts[i] >= rank && counts[i] > 0) {
        double from = i == 0 ? 0 : bounds.get(i - 1);
        return from + (bounds.get(i) - from) * (rank - below) / counts[i];
      }
      below += counts[i];
    }
    return bounds.get(bounds.size() - 2);
  }
}
