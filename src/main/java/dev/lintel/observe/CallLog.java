package dev.lintel.observe;

import dev.lintel.Attempt;
import dev.lintel.Event;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one line of JSON for every call that has ended. The call only leaves its trail in a queue;
 * a thread of the log's own words and writes what has gathered, some ten times a second.
 */
public final class CallLog implements Listener, AutoCloseable {
  private static final long PAUSE_NANOS = 100_000_000;

  private record Line(Trail trail, Event.Ended ended) {}

  private final OutputStream out;
  private final Queue<Line> lines = new ConcurrentLinkedQueue<>();
  private final Thread writer;
  private volatile boolean closed;

  public CallLog(OutputStream out) {
    this.out = out;
    this.writer = Thread.ofPlatform().daemon().name("lintel-call-log").start(this::run);
  }

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended ended) {
      lines.add(new Line(trail, ended));
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
    try {
      var batch = new dev.lintel.Bytes(4096);
      for (Line line = lines.poll(); line != null; line = lines.poll()) {
        batch.add(Json.bytes(json(line.trail, line.ended))).add("\n");
        if (batch.length() > 1 << 16) {
          out.write(batch.take());
        }
      }
      out.write(batch.take());
      out.flush();
    } catch (IOException nobodyReads) {
      // Standard output has been closed: calls go on without their lines.
      lines.clear();
    }
  }

  private static ObjectNode json(Trail trail, Event.Ended ended) {
    ObjectNode line = Json.object();
    line.put("time", trail.time().toString());
    line.put("event", "call");
    line.put("request_id", trail.id());
    line.put("tenant", trail.caller().tenant());
    line.put("app", trail.caller().app());
    line.put("key_id", trail.caller().keyId());
    trail
        .request()
        .ifPresent(request -> {
          line.put("dialect", request.dialect().name());
          line.put("stream", request.stream());
        });
    line.put("model", trail.model().map(Model::name).orElse(""));
    line.put("target", trail.target().map(Target::name).orElse(null));
    line.put("kind", ended.failure().map(failure -> failure.kind().word()).orElse(null));
    ended.failure().ifPresent(failure -> line.put("message", failure.message()));
    if (trail.firstContentNanos() >= 0) {
      line.put("ttft_ms", trail.firstContentNanos() / 1_000_000);
    }
    line.put("latency_ms", ended.durationNanos() / 1_000_000);
    Usage usage = trail.usage();
    line.putObject("usage")
        .put("input", usage.input())
        .put("output", usage.output())
        .put("cache_read", usage.cacheRead())
        .put("cache_write", usage.cacheWrite())
        .put("cache_write_1h", usage.cacheWriteHour())
        .put("reasoning", usage.reasoning())
        .put("source", usage.source().word());
    if (trail.attempts().size() > 1 || ended.failure().isPresent()) {
      var attempts = line.putArray("attempts");
      for (Attempt attempt : trail.attempts()) {
        attempts.add(attempt.json());
      }
    }
    return line;
  }
}
