package dev.lintel.config;

/** A number of tokens, at least 1. */
record Tokens(long value) {
  Tokens {
    if (value < 1) {
      throw new IllegalArgumentException("less than 1");
    }
  }
}
