package dev.lintel.config;

/** How good something is, from 0 to 1. */
record Grade(double value) {
  Grade {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("not between 0 and 1");
    }
  }
}
