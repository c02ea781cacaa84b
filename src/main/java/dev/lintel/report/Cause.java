package dev.lintel.report;

import java.util.Locale;

/** What can make calls cost more or less than before, in the order in which it is told apart. */
enum Cause {
  CALLS,
  /** Other models, or other shares of them. */
  MODELS,
  PROMPTS,
  ANSWERS,
  /** How much of the prompts is read from, or written to, the provider's cache. */
  CACHE,
  /** Whatever else a token costs: prices, tiers, pieces. */
  PRICES,
  FAILED_TRIES;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
