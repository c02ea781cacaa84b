package dev.lintel.config;

import dev.lintel.Measure;

/** So much of something, above 0, in the units of the measure. */
record Amount(Measure measure, long value) {
  Amount {
    if (value < 1) {
      throw new IllegalArgumentException("nothing");
    }
  }
}
