package dev.lintel.store;

/** What some calls come to. */
record UsageSum(
    long calls,
    long picoUsd,
    long input,
    long output,
    long cacheRead,
    long cacheWrite,
    long reasoning) {
  /** One call that used nothing, as far as is known. */
  static final UsageSum NOTHING = new UsageSum(1, 0, 0, 0, 0, 0, 0);

  UsageSum costing(long pico) {
    return new UsageSum(calls, pico, input, output, cacheRead, cacheWrite, reasoning);
  }

  UsageSum plus(UsageSum other) {
    return new UsageSum(
        calls + other.calls,
        Math.addExact(picoUsd, other.picoUsd),
        input + other.input,
        output + other.output,
        cacheRead + other.cacheRead,
        cacheWrite + other.cacheWrite,
        reasoning + other.reasoning);
  }

  /** In the order of {@link Rollup#SUMS}. */
  long[] all() {
    return new long[] {calls, picoUsd, input, output, cacheRead, cacheWrite, reasoning};
  }
}
