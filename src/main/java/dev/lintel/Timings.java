package dev.lintel;

import java.util.Arrays;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/**
 * How long a call took from one {@link Stop} to the next that it came to. Written by the call's own
 * thread only.
 */
public final class Timings {
  private static final SerializedString[] WORDS =
      Stop.words().stream().map(SerializedString::new).toArray(SerializedString[]::new);
  private static final SerializedString WAIT = new SerializedString("wait");

  private final long started;

  /** Nanoseconds after the start; 0 where the call has not come there. */
  private final long[] passed;

  private long waited;

  Timings(long started) {
    this(started, new long[Stop.COUNT], 0);
  }

  private Timings(long started, long[] passed, long waited) {
    this.started = started;
    this.passed = passed;
    this.waited = waited;
  }

  /** As they are now. */
  Timings copy() {
    return new Timings(started, passed.clone(), waited);
  }

  /** The call has come there; where it comes there again, the first time counts. */
  void passed(Stop stop, long now) {
    if (passed[stop.ordinal()] == 0) {
      again(stop, now);
    }
  }

  /** The same where the last time counts. */
  void again(Stop stop, long now) {
    passed[stop.ordinal()] = Math.max(1, now - started);
  }

  void waited(long nanos) {
    waited += nanos;
  }

  /** Nanoseconds from the request's arrival until the call came there; -1 where it did not. */
  public long at(Stop stop) {
    long at = passed[stop.ordinal()];
    return at == 0 ? -1 : at;
  }

  /** Nanoseconds from the stop before it, of those that the call came to; -1 where it did not. */
  public long of(Stop stop) {
    int place = stop.ordinal();
    if (passed[place] == 0) {
      return -1;
    }
    long before = 0;
    for (int i = 0; i < place; i++) {
      before = Math.max(before, passed[i]);
    }
    return Math.max(0, passed[place] - before);
  }

  /** Nanoseconds of them in which it waited for limits and targets to have room. */
  public long waited() {
    return waited;
  }

  /** {@code {receive, authenticate, …, wait}} in microseconds, without what it did not come to. */
  void write(JsonGenerator json) {
    json.writeStartObject();
    long before = 0;
    for (int i = 0; i < passed.length; i++) {
      if (passed[i] != 0) {
        json.writeName(WORDS[i]);
        json.writeNumber(Math.max(0, passed[i] - before) / 1000);
        before = Math.max(before, passed[i]);
      }
    }
    if (waited > 0) {
      json.writeName(WAIT);
      json.writeNumber(waited / 1000);
    }
    json.writeEndObject();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Timings that
        && started == that.started
        && waited == that.waited
        && Arrays.equals(passed, that.passed);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(passed);
  }
}
