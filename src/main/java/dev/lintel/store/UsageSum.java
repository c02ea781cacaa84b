package dev.lintel.store;

import java.util.List;

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

  /** In their order everywhere. */
  static final List<String> COLUMNS =
      List.of("calls", "pico_usd", "input", "output", "cache_read", "cache_write", "reasoning");

  /** Of numbers that stand there in the order of {@link #COLUMNS}. */
  static UsageSum of(long[] all, int from) {
    return new UsageSum(
        all[from],
        all[from + 1],
        all[from + 2],
        all[from + 3],
        all[from + 4],
        all[from + 5],
        all[from + 6]);
  }

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

  /** In the order of {@link #COLUMNS}. */
  long[] all() {
    return new long[] {calls, picoUsd, input, output, cacheRead, cacheWrite, reasoning};
  }
}
