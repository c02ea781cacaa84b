package dev.lintel.observe;

import dev.lintel.Attempt;
import dev.lintel.Caller;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Replay;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * Writes one line of JSON for every call that has ended. The call only leaves what the line says in
 * a queue; a thread of the log's own words and writes what has gathered, some ten times a second.
 */
public final class CallLog implements Listener, AutoCloseable {
  private static final long PAUSE_NANOS = 100_000_000;

  /**
   * What a line says, taken from the trail at once: a trail holds the request, which need not live
   * until somebody has time to write.
   */
  private record Line(
      String id,
      Instant time,
      Caller caller,
      String dialect,
      boolean stream,
      String model,
      @Nullable String target,
      @Nullable Failure failure,
      long firstContentNanos,
      long durationNanos,
      Usage usage,
      @Nullable BigDecimal cost,
      @Nullable String replayOf,
      @Nullable String shadowOf,
      List<Attempt> attempts) {
    static Line of(Trail trail, Event.Ended ended) {
      Optional<Request> request = trail.request();
      boolean plain = ended.failure().isEmpty() && trail.attempts().size() < 2;
      return new Line(
          trail.id(),
          trail.time(),
          trail.caller(),
          request.map(read -> read.dialect().name()).orElse(""),
          request.map(Request::stream).orElse(false),
          trail.model().map(Model::name).orElse(""),
          trail.target().map(Target::name).orElse(null),
          ended.failure().orElse(null),
          trail.firstContentNanos(),
          ended.durationNanos(),
          trail.usage(),
          trail.cost().orElse(null),
          trail.replay().map(Replay::callId).orElse(null),
          trail.shadowOf().orElse(null),
          plain ? List.of() : trail.attempts());
    }
  }

  private final OutputStream out;
  private final Queue<Line> lines = new ConcurrentLinkedQueue<>();
  private final Thread writer;
  private volatile boolean closed;

  // The writer's own.
  private @Nullable Instant second;
  private String untilFraction = "";

  public CallLog(OutputStream out) {
    this.out = out;
    this.writer = Thread.ofPlatform().daemon().name("lintel-call-log").start(this::run);
  }

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended ended) {
      lines.add(Line.of(trail, ended));
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
    try {
      for (Line line = lines.poll(); line != null; line = lines.poll()) {
        write(line, batch);
        if (batch.size() > 1 << 16) {
          batch.writeTo(out);
          batch.reset();
        }
      }
      batch.writeTo(out);
      out.flush();
    } catch (IOException nobodyReads) {
      // Standard output has been closed: calls go on without their lines.
      lines.clear();
    }
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

  private void write(Line line, ByteArrayOutputStream into) {
    try (JsonGenerator json = Json.MAPPER.createGenerator(into)) {
      json.writeStartObject();
      json.writeStringProperty("time", stamp(line.time));
      json.writeStringProperty("event", "call");
      json.writeStringProperty("request_id", line.id);
      json.writeStringProperty("tenant", line.caller.tenant());
      json.writeStringProperty("app", line.caller.app());
      json.writeStringProperty("key_id", line.caller.keyId());
      json.writeStringProperty("dialect", line.dialect);
      json.writeBooleanProperty("stream", line.stream);
      json.writeStringProperty("model", line.model);
      json.writeStringProperty("target", line.target);
      Failure failure = line.failure;
      json.writeStringProperty("kind", failure == null ? null : failure.kind().word());
      if (failure != null) {
        json.writeStringProperty("message", failure.message());
      }
      if (line.firstContentNanos >= 0) {
        json.writeNumberProperty("ttft_ms", line.firstContentNanos / 1_000_000);
      }
      json.writeNumberProperty("latency_ms", line.durationNanos / 1_000_000);
      usage(line.usage, json);
      json.writeStringProperty("cost_usd", line.cost == null ? null : line.cost.toPlainString());
      if (line.replayOf != null) {
        json.writeStringProperty("replay_of", line.replayOf);
      }
      if (line.shadowOf != null) {
        json.writeStringProperty("shadow_of", line.shadowOf);
      }
      if (!line.attempts.isEmpty()) {
        json.writeArrayPropertyStart("attempts");
        for (Attempt attempt : line.attempts) {
          json.writePOJO(attempt.json());
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    }
    into.write('\n');
  }

  private static void usage(Usage usage, JsonGenerator json) {
    json.writeObjectPropertyStart("usage");
    json.writeNumberProperty("input", usage.input());
    json.writeNumberProperty("output", usage.output());
    json.writeNumberProperty("cache_read", usage.cacheRead());
    json.writeNumberProperty("cache_write", usage.cacheWrite());
    json.writeNumberProperty("cache_write_1h", usage.cacheWriteHour());
    json.writeNumberProperty("reasoning", usage.reasoning());
    json.writeStringProperty("source", usage.source().word());
    json.writeEndObject();
  }
}
