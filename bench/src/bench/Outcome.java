package bench;

/**
 * What came back.
 *
 * @param latencies nanoseconds from the first byte sent to the last one read, sorted, of the calls
 *     that went well
 * @param firsts nanoseconds to the first content of each stream that went well, sorted
 * @param events all events of all streams, the first and the last ones included
 * @param mostOpen the most streams that had begun and not ended at one moment
 * @param problem what went wrong first; empty where nothing did
 */
record Outcome(
    long[] latencies,
    long[] firsts,
    int failed,
    double seconds,
    long events,
    int mostOpen,
    String problem) {
  double rate() {
    return latencies.length / seconds;
  }

  static double micros(long[] sorted, double quantile) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int at = (int) Math.ceil(quantile * sorted.length) - 1;
    return sorted[Math.max(0, at)] / 1000.0;
  }
}
