package dev.lintel.journal;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Words times to the millisecond; what precedes the fraction is worded once a second. */
final class Stamp {
  private record Second(long number, String text) {}

  private volatile Second last = new Second(Long.MIN_VALUE, "");

  String of(Instant time) {
    Second second = last;
    if (second.number != time.getEpochSecond()) {
      String whole = time.truncatedTo(ChronoUnit.SECONDS).toString();
      second = new Second(time.getEpochSecond(), whole.substring(0, whole.length() - 1) + '.');
      last = second;
    }
    int millis = time.getNano() / 1_000_000;
    return second.text
        + (char) ('0' + millis / 100)
        + (char) ('0' + millis / 10 % 10)
        + (char) ('0' + millis % 10)
        + 'Z';
  }
}
