package dev.lintel;

/** What an allowance counts, in whole numbers. */
public enum Measure {
  REQUESTS,
  /** Of prompts and answers together, as providers count them. */
  TOKENS,
  /** Calls that are under way at once. */
  CONCURRENT,
  /** Money in millionths of millionths of USD, which every price in use is a whole number of. */
  PICO_USD
}
