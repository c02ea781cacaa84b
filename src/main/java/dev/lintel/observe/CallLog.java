package dev.lintel.observe;

import dev.lintel.CallRecord;
import dev.lintel.Event;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Trail;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;

/**
 * Writes one line of JSON for every call that has ended. The call only leaves its record in a
 * queue; a thread of the log's own words and writes what has gathered, some ten times a second, and
 * hands it to those who keep the most recent ones.
 */
public final class CallLog implements Listener, AutoCloseable {
  private static final long PAUSE_NANOS = 100_000_000;

  /** So many targets a line names; more would make lines that nobody can read. */
  private static final int MOST_TARGETS = 20;

  private static final byte[] EVENT = ",\"event\":\"call\"}\n".getBytes(StandardCharsets.UTF_8);
  private static final Logger LOG = LoggerFactory.getLogger(CallLog.class);

  /** Bytes that can be looked at without a copy. */
  private static final class Scratch extends ByteArrayOutputStream {
    byte[] array() {
      return buf;
    }
  }

  private final OutputStream out;
  private final RecentCalls recent;
  private final Queue<CallRecord> ended = new ConcurrentLinkedQueue<>();
  private final Thread writer;
  private volatile boolean closed;

  // The writer's own.
  private @Nullable Instant second;
  private String untilFraction = "";
  private final Scratch scratch = new Scratch();
  private boolean deaf;

  /**
   * @param recent is given every record
   */
  public CallLog(OutputStream out, RecentCalls recent) {
    this.out = out;
    this.recent = recent;
    this.writer = Thread.ofPlatform().daemon().name("lintel-call-log").start(this::run);
  }

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended over) {
      ended.add(CallRecord.of(trail, over));
    }
  }

  /** Writes what is left. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(writer);
    try {
      writer.join(5000);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (true) {
      boolean last = closed;
      drain();
      if (last) {
        return;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void drain() {
    var batch = new ByteArrayOutputStream(1 << 14);
    for (CallRecord record = ended.poll(); record != null; record = ended.poll()) {
      try {
        keep(record, batch);
      } catch (RuntimeException bug) {
        LOG.error("the record of {} cannot be written", record.id(), bug);
      }
      if (batch.size() > 1 << 16) {
        send(batch);
      }
    }
    send(batch);
  }

  private void send(ByteArrayOutputStream batch) {
    if (!deaf && batch.size() > 0) {
      try {
        batch.writeTo(out);
        out.flush();
      } catch (IOException nobodyReads) {
        // Standard output has been closed: calls go on without their lines.
        deaf = true;
      }
    }
    batch.reset();
  }

  /** The time to the millisecond; what precedes the fraction is worded once a second. */
  private String stamp(Instant time) {
    if (second == null || second.getEpochSecond() != time.getEpochSecond()) {
      second = time.truncatedTo(ChronoUnit.SECONDS);
      String whole = second.toString();
      untilFraction = whole.substring(0, whole.length() - 1) + '.';
    }
    int millis = time.getNano() / 1_000_000;
    return untilFraction
        + (char) ('0' + millis / 100)
        + (char) ('0' + millis / 10 % 10)
        + (char) ('0' + millis % 10)
        + 'Z';
  }

  private void keep(CallRecord record, ByteArrayOutputStream batch) {
    String when = stamp(record.time());
    word(record, when, Integer.MAX_VALUE);
    recent.add(record, scratch.array(), scratch.size());
    if (record.decision().looked() > MOST_TARGETS) {
      word(record, when, MOST_TARGETS);
    }
    batch.write(scratch.array(), 0, scratch.size() - 1);
    batch.write(EVENT, 0, EVENT.length);
  }

  private void word(CallRecord record, String when, int most) {
    scratch.reset();
    try (JsonGenerator json = Json.MAPPER.createGenerator(scratch)) {
      record.write(json, when, most);
    }
  }
}
