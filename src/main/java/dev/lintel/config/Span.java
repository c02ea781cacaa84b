package dev.lintel.config;

import java.time.Duration;

/** From a shortest to a longest time. */
record Span(Duration least, Duration most) {
  Span {
    if (least.compareTo(most) > 0) {
      throw new IllegalArgumentException("ends before it begins");
    }
  }
}
