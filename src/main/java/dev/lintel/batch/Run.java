package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Batch;
import dev.lintel.Batch.Status;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.StoredFile;
import dev.lintel.StoredFiles;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One batch at work, on a thread of its own: from whatever status it is in to its last, unless the
 * process ends before.
 */
final class Run {
  private static final Logger LOG = LoggerFactory.getLogger(Run.class);
  private static final long MOST_LINES = 50_000;
  private static final long PROGRESS_NANOS = Duration.ofSeconds(1).toNanos();

  private static final Batch.Fault GONE =
      new Batch.Fault("file_not_found", "The input file is gone.", "input_file_id", 0);

  /** A refused line is asked so often, with pauses that double. */
  private static final int TRIES = 6;

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final Runner runner;
  private final Runner.Means means;
  private final Set<CallThread> calls = ConcurrentHashMap.newKeySet();
  private Batch batch;
  private volatile boolean cancelled;
  private volatile boolean broken;
  private volatile boolean failed;
  private volatile boolean waiting;

  Run(Runner runner, Batch batch) {
    this.runner = runner;
    this.means = runner.means();
    this.batch = batch;
    this.cancelled = batch.status() == Status.CANCELLING;
  }

  /** No more lines are asked; those that are end. */
  void cancelled() {
    cancelled = true;
    calls.forEach(CallThread::wake);
  }

  /** The process ends. */
  void breakOff() {
    broken = true;
    calls.forEach(CallThread::cancel);
  }

  /** False where it could not go on, and shall another time. */
  boolean run() {
    try {
      if (batch.output().isEmpty() && !validate()) {
        return true;
      }
      var away = new Away(this);
      try (Results results = Results.open(runner.files(), batch)) {
        if (batch.status() != Status.FINALIZING) {
          switch (away.run(results)) {
            case OWN -> ask(results);
            case LATER -> {
              return false;
            }
            case FAILED -> {
              return true;
            }
            case ASKED -> {}
          }
          if (runner.closed() || failed) {
            return false;
          }
          giveUpRest(results);
        }
        end(results);
        away.forget();
      } catch (NoSuchFileException deleted) {
        change(known -> known.with(List.of(GONE)).now(Status.FAILED, means.clock().instant()));
      }
      return true;
    } catch (Failure away) {
      LOG.warn("{} is left for later: {}", batch.id(), away.message());
    } catch (IOException | RuntimeException unforeseen) {
      LOG.error("{} is left for later", batch.id(), unforeseen);
    }
    return false;
  }

  Batch batch() {
    return batch;
  }

  Runner.Means means() {
    return means;
  }

  StoredFiles files() {
    return runner.files();
  }

  Path input() {
    return runner.files().content(batch.input());
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** Whether the process ends. */
  boolean stopped() {
    return broken || runner.closed();
  }

  /** Whether all it does is to wait for a provider. */
  boolean waits() {
    return waiting;
  }

  void waits(boolean now) {
    waiting = now;
    runner.start();
  }

  /** A thread that is broken off with it. */
  void begun(CallThread call) {
    calls.add(call);
    if (broken) {
      call.cancel();
    }
  }

  void ended(CallThread call) {
    calls.remove(call);
  }

  /**
   * Waits for so long, or until there is something to do.
   *
   * @param told whether the provider knows already that it is cancelled
   */
  void pause(Duration time, boolean told) {
    long until = System.nanoTime() + time.toNanos();
    while (!stopped() && (told || !cancelled) && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(50_000_000);
    }
  }

  void change(UnaryOperator<Batch> change) {
    batch =
        runner
            .batches()
            .change(batch.id(), change)
            .orElseThrow(() -> new IllegalStateException(batch.id() + " is gone"));
    cancelled |= batch.status() == Status.CANCELLING;
  }

  /** False where the file cannot be worked off. */
  private boolean validate() throws IOException {
    Line.Checked checked;
    if (runner.files().find(batch.tenant(), batch.input()).isPresent()) {
      checked =
          Line.check(
              runner.files().content(batch.input()),
              batch.endpoint(),
              means.longestLine(),
              MOST_LINES);
    } else {
      checked = new Line.Checked(0, List.of(GONE));
    }
    Instant now = means.clock().instant();
    if (!checked.faults().isEmpty()) {
      change(known -> known.with(checked.faults()).now(Status.FAILED, now));
      return false;
    }
    String output = Ids.of("file-");
    String errors = Ids.of("file-");
    change(known -> {
      Batch ready = known.with(new Batch.Counts(checked.lines(), 0, 0, 0)).with(output, errors);
      return known.status() == Status.CANCELLING ? ready : ready.now(Status.IN_PROGRESS, now);
    });
    return true;
  }

  boolean over() {
    return cancelled || broken || failed || runner.closed() || expired();
  }

  private boolean expired() {
    return !means.clock().instant().isBefore(batch.expires());
  }

  /** Returns when every line that was begun has ended. */
  private void ask(Results results) throws IOException {
    Endpoint endpoint =
        means
            .endpoints()
            .apply(batch.endpoint())
            .orElseThrow(() -> new IllegalStateException("nobody serves " + batch.endpoint()));
    var mine = new Semaphore(means.concurrent());
    long[] told = {System.nanoTime()};
    Line.each(
        runner.files().content(batch.input()),
        batch.endpoint(),
        line -> {
          if (results.has(line.customId())) {
            return !over();
          }
          if (!slot(mine, results, told)) {
            return false;
          }
          begin(line, endpoint, results, mine);
          tell(results, told);
          return true;
        });
    while (!all(mine)) {
      tell(results, told);
    }
    change(known -> known.with(results.counts(known.counts().total())));
  }

  private boolean all(Semaphore mine) {
    return acquire(mine, means.concurrent());
  }

  private static boolean acquire(Semaphore semaphore, int permits) {
    try {
      return semaphore.tryAcquire(permits, 100, TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  /** Waits for one of this batch's and one of everybody's; false where no more is to be asked. */
  private boolean slot(Semaphore mine, Results results, long[] told) {
    while (!over()) {
      if (acquire(mine, 1)) {
        while (!over()) {
          if (acquire(runner.slots(), 1)) {
            return true;
          }
          tell(results, told);
        }
        mine.release();
        return false;
      }
      tell(results, told);
    }
    return false;
  }

  /** Writes down how far it is, once a second at the most, and learns whether to stop. */
  private void tell(Results results, long[] told) {
    if (System.nanoTime() - told[0] > PROGRESS_NANOS) {
      told[0] = System.nanoTime();
      change(known -> known.with(results.counts(known.counts().total())));
    }
  }

  private void begin(Line line, Endpoint endpoint, Results results, Semaphore mine) {
    Executor loop = means.loops().get();
    CallThread.start(
        loop,
        () -> {
          CallThread self = CallThread.current();
          calls.add(self);
          try {
            if (!broken) {
              one(line, endpoint, results, loop);
            }
          } catch (Failure left) {
            // The process ends: the line is asked anew another time.
            LOG.debug("line {} of {} is left for later", line.number(), batch.id());
          } catch (RuntimeException unforeseen) {
            failed = true;
            LOG.error("line {} of {} is left for later", line.number(), batch.id(), unforeseen);
          } finally {
            calls.remove(self);
            runner.slots().release();
            mine.release();
          }
        });
  }

  private void one(Line line, Endpoint endpoint, Results results, Executor loop) {
    CallThread thread = CallThread.current();
    Optional<Caller> caller = means.callers().apply(batch);
    if (caller.isEmpty()) {
      thread.offload(() -> added(() -> results.add(line, Results.Unasked.FORBIDDEN)));
      return;
    }
    Duration pause = Duration.ofSeconds(1);
    int tried = 0;
    while (true) {
      var exchange =
          new LineExchange(batch.endpoint(), line.body(), batch.headers(), caller.get(), loop);
      endpoint.serve(exchange);
      Optional<Answer> answer = exchange.answered();
      if (answer.isEmpty()) {
        throw Failure.cancelled();
      }
      Optional<String> refused = refused(answer.get());
      // Nobody was asked while there is no room: a line waits for that as long as its batch may.
      boolean roomless = refused.equals(Optional.of(Failure.Kind.UNAVAILABLE.word()));
      tried += roomless ? 0 : 1;
      Optional<Duration> again =
          refused.isPresent() && tried < TRIES && !over()
              ? Optional.of(wait(exchange, pause))
              : Optional.empty();
      if (again.isEmpty()) {
        thread.offload(() ->
            added(() -> results.add(line, answer.get(), exchange.header("x-lintel-request-id"))));
        return;
      }
      thread.await(this::over, System.nanoTime() + again.get().toNanos());
      pause = roomless ? pause : pause.multipliedBy(2);
    }
  }

  /** How long to wait before the line is asked again; lines do not come back all at once. */
  private static Duration wait(LineExchange exchange, Duration pause) {
    String told = exchange.header("retry-after");
    Duration wait = told.isEmpty() ? pause : Duration.ofSeconds(Long.parseLong(told));
    return (wait.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : wait)
        .plusMillis(ThreadLocalRandom.current().nextLong(1_000));
  }

  /** The kind of failure, where the line may do better later. */
  private static Optional<String> refused(Answer answer) {
    if (answer.status() < 400) {
      return Optional.empty();
    }
    try {
      JsonNode said =
          Json.parse(answer.body(), 0, answer.body().length).path("error").path("lintel");
      return said.path("retryable").asBoolean(false)
          ? Optional.of(said.path("kind").asString(""))
          : Optional.empty();
    } catch (JacksonException noJson) {
      return Optional.empty();
    }
  }

  @FunctionalInterface
  private interface Adding {
    void add() throws IOException;
  }

  private static boolean added(Adding adding) throws IOException {
    adding.add();
    return true;
  }

  /** What was not asked by the end is in the errors, with the reason. */
  private void giveUpRest(Results results) throws IOException {
    var why = cancelled ? Results.Unasked.CANCELLED : Results.Unasked.EXPIRED;
    Line.each(
        runner.files().content(batch.input()),
        batch.endpoint(),
        line -> {
          if (!results.has(line.customId())) {
            results.add(line, why);
          }
          return true;
        });
    change(known -> {
      Batch counted = known.with(results.counts(known.counts().total()));
      return counted.status() == Status.CANCELLING
          ? counted
          : counted.now(Status.FINALIZING, means.clock().instant());
    });
  }

  private void end(Results results) throws IOException {
    Optional<Instant> expires =
        batch.keepSeconds().map(seconds -> means.clock().instant().plusSeconds(seconds));
    String output = file(batch.output(), "output", results.goodBytes(), expires);
    String errors = file(batch.errors(), "error", results.badBytes(), expires);
    Status last =
        batch.times().containsKey(Status.CANCELLING)
            ? Status.CANCELLED
            : results.expired() ? Status.EXPIRED : Status.COMPLETED;
    change(known -> known.with(output, errors).now(last, means.clock().instant()));
  }

  /** Whether the tenant sees the batch, but no files of it. */
  private boolean hidden() {
    return runner
        .files()
        .find(batch.tenant(), batch.input())
        .filter(input -> input.purpose().startsWith("."))
        .isPresent();
  }

  /** Makes a file of the results where there are any, and returns its id; else nothing. */
  private String file(String id, String word, long bytes, Optional<Instant> expires) {
    if (bytes == 0) {
      return "";
    }
    runner
        .files()
        .add(
            new StoredFile(
                id,
                batch.tenant(),
                hidden() ? ".batch_output" : "batch_output",
                batch.id() + "_" + word + ".jsonl",
                bytes,
                means.clock().instant(),
                expires));
    return id;
  }
}
