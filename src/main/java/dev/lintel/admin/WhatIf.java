package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Says what a configuration that is not in force would have made of the calls of a time, from their
 * records: without asking anybody, one question at a time, on a thread of its own.
 */
public final class WhatIf {
  /** Makes calls again under a configuration, on one thread. */
  public interface Replaying extends AutoCloseable {
    /**
     * The next one, which did not come before the one before it.
     *
     * @param told what comes of it, sooner or later, on the same thread
     */
    void call(Past past, Consumer<Outcome> told);

    /** Those that have not ended end. */
    void finish();

    /** Whether anybody may ask for that by name. */
    boolean hasModel(String name);

    boolean hasApp(String tenant, String app);

    /** The rules that cannot be held against a record. */
    List<String> notHeld();

    @Override
    void close();
  }

  /** Reads a configuration that is not in force. */
  @FunctionalInterface
  public interface Candidates {
    /**
     * Throws {@link Failure} {@code INVALID_REQUEST} where it is none.
     *
     * @param file its name in faults
     * @param begin when the calls begin
     */
    Replaying of(String file, String text, Instant begin);
  }

  /** What is asked. */
  private record Asked(
      String file, String text, Instant from, Instant to, Optional<String> tenant, long most) {}

  private static final List<String> FIELDS =
      List.of("config", "file", "since", "until", "tenant", "limit");

  private static final Pattern LENGTH = Pattern.compile("([0-9]{1,6})(min|h|d|w)");
  private static final Duration USUAL = Duration.ofDays(7);
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final long MOST = 1_000_000;

  private final Candidates candidates;
  private final CallRecords records;
  private final Dialect envelope;
  private final AtomicBoolean busy = new AtomicBoolean();

  /**
   * @param envelope in which failures are told
   */
  public WhatIf(Candidates candidates, CallRecords records, Dialect envelope) {
    this.candidates = candidates;
    this.records = records;
    this.envelope = envelope;
  }

  /** {@code {config, file, since, until, tenant, limit}}. */
  public Endpoint endpoint() {
    return new Question(
        envelope, (exchange, trail) -> answer(asked(Body.scan(exchange.request().body()))));
  }

  private Answer answer(Asked asked) {
    if (!busy.compareAndSet(false, true)) {
      throw Failure.of(
              Failure.Kind.RATE_LIMITED, "Another what-if is under way: there is one at a time.")
          .retryAfter(Optional.of(SOON));
    }
    var stop = new AtomicBoolean();
    var made = new CompletableFuture<Answer>();
    try {
      Thread.ofPlatform()
          .daemon()
          .name("lintel-what-if")
          .priority(Thread.MIN_PRIORITY)
          .start(() -> {
            try {
              ObjectNode told = told(asked, stop);
              busy.set(false);
              made.complete(Answer.json(200, told));
            } catch (RuntimeException | StackOverflowError failed) {
              busy.set(false);
              made.completeExceptionally(failed);
            }
          });
    } catch (OutOfMemoryError noThread) {
      busy.set(false);
      throw noThread;
    }
    try {
      return CallThread.await(made);
    } finally {
      // Whoever asked may have left.
      stop.set(true);
    }
  }

  private ObjectNode told(Asked asked, AtomicBoolean stop) {
    try (Replaying candidate = candidates.of(asked.file, asked.text, asked.from)) {
      var forecast = new Forecast(candidate);
      var chronicle = new Chronicle(records, asked.tenant);
      var last =
          new Object() {
            private long calls;
            private Optional<Instant> time = Optional.empty();
          };
      chronicle.each(
          asked.from,
          asked.to,
          record -> {
            if (stop.get() || last.calls == asked.most) {
              last.time = last.time.isPresent() ? last.time : Optional.of(asked.from);
              last.calls++;
              return false;
            }
            JsonNode call = Json.parse(record);
            last.calls++;
            last.time = Optional.of(Past.time(call));
            Past.unrepeatable(call)
                .ifPresentOrElse(
                    forecast::left,
                    () -> {
                      Past past = Past.of(call);
                      forecast.seen(past);
                      candidate.call(past, then -> forecast.add(past, then));
                    });
            return true;
          });
      candidate.finish();
      boolean cut = last.calls > asked.most;
      ObjectNode body = Json.object().put("since", asked.from.toString());
      body.put("until", (cut ? last.time.orElse(asked.to) : asked.to).toString());
      body.put("whole", !cut && chronicle.whole());
      body.setAll(forecast.json());
      return body;
    }
  }

  private static Asked asked(Body body) {
    for (String key : body.keys()) {
      if (!FIELDS.contains(key)) {
        throw Failure.invalid(
                "'" + key + "' is none of the fields: " + String.join(", ", FIELDS) + ".")
            .at(key);
      }
    }
    String text =
        body.text("config")
            .orElseThrow(() ->
                Failure.invalid("'config' is missing: the text of a configuration file.")
                    .at("config"));
    Instant now = Instant.now();
    Instant to =
        body.text("until")
            .map(given -> Listed.time(given, "until"))
            .filter(now::isAfter)
            .orElse(now);
    Instant from = body.text("since").map(given -> since(given, to)).orElse(to.minus(USUAL));
    // Nobody has called before, and nobody yet.
    from = from.isBefore(Instant.EPOCH) ? Instant.EPOCH : from;
    if (!from.isBefore(to)) {
      throw Failure.invalid("'since' must be before 'until'.").at("since");
    }
    long most = body.has("limit") ? body.number("limit") : MOST;
    if (most < 1) {
      throw Failure.invalid("'limit' must be a whole number of 1 or more.").at("limit");
    }
    return new Asked(
        body.text("file").orElse("candidate"), text, from, to, body.text("tenant"), most);
  }

  /** A time, or so long before the end. */
  private static Instant since(String given, Instant to) {
    Matcher length = LENGTH.matcher(given);
    if (!length.matches()) {
      return Listed.time(given, "since");
    }
    long count = Long.parseLong(length.group(1));
    return to.minus(
        switch (length.group(2)) {
          case "min" -> Duration.ofMinutes(count);
          case "h" -> Duration.ofHours(count);
          case "d" -> Duration.ofDays(count);
          default -> Duration.ofDays(7 * count);
        });
  }
}
