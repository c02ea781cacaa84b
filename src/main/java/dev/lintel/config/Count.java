package dev.lintel.config;

/** A whole number of at least 1. */
public record Count(int value) {
  public Count {
    if (value < 1) {
      throw new IllegalArgumentException("less than 1");
    }
  }
}
