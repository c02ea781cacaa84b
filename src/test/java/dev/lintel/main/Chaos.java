package dev.lintel.main;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Decision;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Providers that fail in every way that there is, in waves, and keep account of whoever asked them:
 * what must never happen is noted in {@link #faults}.
 */
final class Chaos implements Handler {
  private static final String SAID = "{\"error\":{\"message\":\"%s of %s\"%s}}";

  /** How a provider, a key or a model is for a while. */
  private enum Mood {
    WELL,
    WELL_TOO,
    FLAKY,
    SLOW,
    BROKEN,
    DOWN,
    REFUSING,
    HANGING,
    CUTTING_BEFORE,
    CUTTING_AFTER,
    EMPTY,
    LIMITED,
    LIMITED_FOR,
    OVERLOADED,
    REVOKED,
    GONE
  }

  private static final List<Mood> OF_PROVIDERS =
      List.of(
          Mood.WELL,
          Mood.WELL_TOO,
          Mood.FLAKY,
          Mood.SLOW,
          Mood.BROKEN,
          Mood.DOWN,
          Mood.REFUSING,
          Mood.HANGING,
          Mood.CUTTING_BEFORE,
          Mood.CUTTING_AFTER,
          Mood.EMPTY);
  private static final List<Mood> OF_KEYS =
      List.of(Mood.WELL, Mood.WELL, Mood.WELL_TOO, Mood.LIMITED, Mood.LIMITED_FOR, Mood.REVOKED);
  private static final List<Mood> OF_MODELS =
      List.of(Mood.WELL, Mood.WELL, Mood.WELL_TOO, Mood.WELL_TOO, Mood.OVERLOADED, Mood.GONE);

  /** Somebody was asked. */
  static final class Ask {
    final int number;
    final String id;
    final String model;
    final Target target;
    final Credential key;
    final long began;
    final Thread thread = Thread.currentThread();
    int said;
    long ended = -1;
    @Nullable Failure failure;

    Ask(int number, Call call, long began) {
      this.number = number;
      this.id = call.id();
      this.model = call.resolved().name();
      this.target = call.target().orElseThrow().target();
      this.key = call.target().orElseThrow().credential();
      this.began = began;
    }

    @Override
    public String toString() {
      return id
          + " of "
          + model
          + " at "
          + target.name()
          + "#"
          + key.id()
          + " (ask "
          + number
          + ")";
    }
  }

  private record Spell(Mood mood, long until) {}

  final List<String> faults = new ArrayList<>();
  final Map<String, List<Ask>> asks = new HashMap<>();
  final Map<String, List<Attempt>> attempts = new HashMap<>();
  final Map<String, Integer> endings = new HashMap<>();
  final Map<String, Simulation.Asked> callers = new HashMap<>();
  final List<Ask> running = new ArrayList<>();
  private final Map<String, Deque<Long>> seen = new HashMap<>();
  private final Map<String, Spell> spells = new HashMap<>();
  private final Random random;
  private final LongSupplier clock;
  boolean calm;
  int number;

  Chaos(Random random, LongSupplier clock) {
    this.random = random;
    this.clock = clock;
  }

  void fault(String what) {
    if (faults.size() < 50) {
      faults.add(Duration.ofNanos(clock.getAsLong()).toMillis() + " ms: " + what);
    }
  }

  @Override
  public void handle(Call call, Sink sink) {
    var ask = new Ask(number++, call, clock.getAsLong());
    begin(call, ask);
    try {
      serve(call, ask, sink);
    } catch (Failure failure) {
      ask.failure = failure;
      throw failure;
    } finally {
      ask.ended = clock.getAsLong();
      running.remove(ask);
    }
  }

  private void begin(Call call, Ask ask) {
    List<Ask> before = asks.computeIfAbsent(ask.id, id -> new ArrayList<>(2));
    String residency = call.caller().residency();
    if (!residency.isEmpty() && !ask.target.profile().isIn(residency)) {
      fault(ask + " left " + residency);
    }
    call.terms()
        .get("region")
        .filter(region -> !ask.target.profile().isIn(region))
        .ifPresent(region -> fault(ask + " is not in " + region));
    // An arm of a split has fewer of its own.
    int most =
        Optional.ofNullable(callers.get(ask.id))
            .map(known -> known.attempts)
            .orElse(call.resolved().retry().attempts());
    if (before.stream().filter(other -> other.model.equals(ask.model)).count() >= most) {
      fault(ask + " is one try too many");
    }
    if (clock.getAsLong() - call.deadline() >= 0) {
      fault(ask + " began after the call's time");
    }
    for (Ask other : before) {
      Failure failure = other.failure;
      if (failure != null
          && failure.kind() == Kind.INVALID_REQUEST
          && other.model.equals(ask.model)) {
        fault(ask + " after a 400 of " + other);
      }
      if (failure != null
          && other.model.equals(ask.model)
          && other.key.equals(ask.key)
          && other.target.name().equals(ask.target.name())) {
        again(ask, other, failure, call.resolved().retry().least());
      }
    }
    Simulation.Asked caller = callers.get(ask.id);
    if (caller != null && caller.chunks.stream().anyMatch(Chunk::content)) {
      fault(ask + " after content had reached the caller");
    }
    before.add(ask);
    running.add(ask);
    within(call, ask);
  }

  /** Whoever failed is left alone for half of the shortest wait at least, or for what it asked. */
  private void again(Ask ask, Ask other, Failure failure, Duration least) {
    Duration wait = failure.retryAfter().orElse(least.dividedBy(2));
    if (ask.began - other.ended < wait.toNanos()) {
      fault(ask + " too early, not " + wait + " after " + other);
    }
  }

  private void within(Call call, Ask ask) {
    var limits = ask.target.provider().limits();
    int most = limits.concurrent();
    if (most > 0
        && at(other -> other.target.provider().name().equals(ask.target.provider().name()))
            > most) {
      fault(ask + ": more at once at the provider than " + most);
    }
    most = limits.concurrentPerKey();
    if (most > 0 && at(other -> other.key.equals(ask.key)) > most) {
      fault(ask + ": more at once with the key than " + most);
    }
    most = ask.target.profile().concurrent();
    if (most > 0 && at(other -> other.target.name().equals(ask.target.name())) > most) {
      fault(ask + ": more at once at the target than " + most);
    }
    Deque<Long> times =
        seen.computeIfAbsent(ask.target.provider().name(), name -> new ArrayDeque<>());
    times.addLast(ask.began);
    for (var rate : limits.requests()) {
      long from = ask.began - rate.window().toNanos();
      while (times.peekFirst() != null && times.peekFirst() <= from) {
        times.removeFirst();
      }
      if (times.size() > rate.count()) {
        fault(ask + ": more requests than " + rate);
      }
    }
  }

  /** Who has been told to stop, and has not had its turn yet, is not there any more. */
  private long at(Predicate<Ask> which) {
    return running.stream().filter(which).filter(ask -> !ask.thread.isInterrupted()).count();
  }

  private Mood mood(String who, List<Mood> moods, int longest) {
    if (calm) {
      return Mood.WELL;
    }
    long now = clock.getAsLong();
    Spell spell = spells.get(who);
    if (spell == null || now >= spell.until) {
      // Some minutes are worse than others.
      boolean well = random.nextInt(10) < 4 + now / 60_000_000_000L % 5;
      Mood mood = well ? Mood.WELL : moods.get(random.nextInt(moods.size()));
      spell = new Spell(mood, now + Duration.ofMillis(1000 + random.nextInt(longest)).toNanos());
      spells.put(who, spell);
    }
    return spell.mood;
  }

  private void serve(Call call, Ask ask, Sink sink) {
    String provider = ask.target.provider().name();
    Mood of = mood(provider, OF_PROVIDERS, 30_000);
    Mood key = mood(provider + "#" + ask.key.secret(), OF_KEYS, 60_000);
    Mood model = mood(ask.target.name(), OF_MODELS, 40_000);
    if (of == Mood.FLAKY) {
      of = random.nextBoolean() ? Mood.WELL : OF_PROVIDERS.get(random.nextInt(OF_PROVIDERS.size()));
    } else if (random.nextInt(30) == 0) {
      of = OF_PROVIDERS.get(random.nextInt(OF_PROVIDERS.size()));
    }
    if (of == Mood.REFUSING) {
      throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "The provider refused the connection " + ask);
    }
    wait(call, 20 + random.nextInt(200), call.resolved().timeouts().firstToken());
    if (body(call).contains("wrong")) {
      refuse(call, ask, 400, "");
    }
    switch (key) {
      case LIMITED -> refuse(call, ask, 429, "");
      case LIMITED_FOR -> refuse(call, ask, 429, "", "retry-after", "" + (1 + random.nextInt(20)));
      case REVOKED -> refuse(call, ask, 401, "");
      default -> {}
    }
    switch (model) {
      case OVERLOADED -> refuse(call, ask, 529, "", waits(3));
      case GONE -> refuse(call, ask, 404, ",\"code\":\"model_not_found\"");
      default -> {}
    }
    switch (of) {
      case BROKEN -> refuse(call, ask, 500, "");
      case DOWN -> refuse(call, ask, 503, "", waits(5));
      case EMPTY -> sink.emit(Chunk.of(new Part.Start("e" + ask.number, "")));
      case HANGING -> wait(call, 1 << 30, call.resolved().timeouts().firstToken());
      case CUTTING_BEFORE -> {
        sink.emit(Chunk.of(new Part.Start("c" + ask.number, "")));
        throw broken(ask);
      }
      case SLOW -> {
        wait(call, 500 + random.nextInt(5000), call.resolved().timeouts().firstToken());
        answer(call, ask, sink, 400, false);
      }
      case CUTTING_AFTER -> answer(call, ask, sink, 20, true);
      default -> answer(call, ask, sink, 20, false);
    }
  }

  /** Sometimes a provider says how long. */
  private String[] waits(int longest) {
    return random.nextInt(3) > 0
        ? new String[0]
        : new String[] {"retry-after-ms", "" + (1 + random.nextInt(longest * 1000))};
  }

  private static String body(Call call) {
    return call.request() instanceof Chat chat
        ? chat.original()
            .map(sent -> new String(sent.body().bytes(), StandardCharsets.UTF_8))
            .orElse("")
        : "";
  }

  private void answer(Call call, Ask ask, Sink sink, int pause, boolean cut) {
    Duration idle = call.resolved().timeouts().idle();
    int pieces = 1 + random.nextInt(8);
    var whole = new ArrayList<Part>();
    whole.add(new Part.Start("r" + ask.number, ""));
    if (call.request().stream()) {
      sink.emit(Chunk.of(whole.removeFirst()));
    }
    for (int i = 0; i < pieces; i++) {
      wait(call, pause == 0 ? 0 : random.nextInt(pause * 4), idle);
      var said = new Part.Text("a" + ask.number + "." + ask.said++ + ";");
      if (call.request().stream()) {
        sink.emit(Chunk.of(said));
        sink.flush();
      } else {
        whole.add(said);
      }
      if (cut && i == pieces / 2) {
        throw broken(ask);
      }
    }
    whole.add(Usage.of(10, pieces, Usage.Source.PROVIDER));
    whole.add(new Part.Stop(Part.Stop.Reason.END, "openai", "stop", ""));
    sink.emit(Chunk.of(whole.toArray(Part[]::new)));
    sink.flush();
  }

  private static Failure broken(Ask ask) {
    return Failure.of(Kind.UPSTREAM_UNAVAILABLE, "The provider broke off its reply " + ask)
        .upstream(200);
  }

  private static void refuse(Call call, Ask ask, int status, String more, String... headers) {
    Simulation.refusing(status, SAID.formatted(status, ask, more), headers)
        .handle(call, chunk -> {});
  }

  /**
   * As the upstream waits: for the provider within its bounds, and never beyond the call's time.
   */
  private void wait(Call call, long millis, Duration most) {
    long now = clock.getAsLong();
    long answer = now + Duration.ofMillis(millis).toNanos();
    long bound = now + most.toNanos();
    long until = Math.min(answer, Math.min(bound, call.deadline()));
    CallThread.current().await(() -> false, until);
    if (until == answer) {
      return;
    }
    if (until == call.deadline()) {
      throw Failure.of(Kind.TIMEOUT, "The call was not answered within its time.")
          .again(Failure.Again.NOWHERE)
          .blame(Failure.Blame.NOBODY);
    }
    throw Failure.of(Kind.TIMEOUT, "The provider did not answer within " + most);
  }

  // --- what is recorded

  void on(Trail trail, Event event) {
    switch (event) {
      case Event.Attempted attempted -> {
        attempts.computeIfAbsent(trail.id(), id -> new ArrayList<>(2)).add(attempted.attempt());
        if (attempted.attempt().message().equals("Another target answered first.")) {
          cancelled(trail.id(), attempted.attempt());
        }
      }
      case Event.Ended ended -> {
        endings.merge(trail.id(), 1, Integer::sum);
        if (trail.tries() != trail.attempts().size()) {
          fault(trail.id() + " ended with " + trail.tries() + " tries, but " + trail.attempts());
        }
        decided(trail);
      }
      case Event.Barred barred -> {}
      case Event.Waited waited -> {}
      case Event.FellBack fell -> {}
      case Event.Found found -> {}
    }
  }

  /** Whoever was asked stands in the decision, with a place in its order. */
  private void decided(Trail trail) {
    var order = new HashMap<String, Decision.Candidate>();
    for (Decision.Candidate candidate : trail.decision().candidates()) {
      if (order.put(candidate.target(), candidate) != null) {
        fault(trail.id() + " has " + candidate.target() + " twice in its decision");
      }
    }
    for (Attempt attempt : trail.attempts()) {
      Decision.Candidate candidate = order.get(attempt.target());
      if (candidate == null || candidate.order().isEmpty()) {
        fault(trail.id() + " asked " + attempt.target() + ", which it left out: " + candidate);
      }
    }
  }

  private void cancelled(String id, Attempt loser) {
    for (Ask ask : running) {
      if (ask.id.equals(id)
          && ask.target.name().equals(loser.target())
          && !ask.thread.isInterrupted()) {
        fault(ask + " was outrun and goes on");
      }
    }
  }

  /** Once everything is over: that what was asked is what was recorded. */
  void compare() {
    asks.forEach((id, all) -> {
      var recorded = new ArrayList<>(attempts.getOrDefault(id, List.of()));
      for (Ask ask : all) {
        Optional<Attempt> found =
            recorded.stream()
                .filter(attempt -> attempt.target().equals(ask.target.name()))
                .filter(attempt -> agree(ask, attempt))
                .findFirst();
        if (found.isEmpty()) {
          fault(ask + " failed with " + ask.failure + ", not recorded: " + recorded);
        } else {
          recorded.remove(found.get());
        }
      }
      for (Attempt attempt : recorded) {
        if (!attempt
            .kind()
            .filter(kind -> kind == Kind.CANCELLED || kind == Kind.TIMEOUT)
            .isPresent()) {
          fault(id + ": nobody was asked for " + attempt);
        }
      }
    });
    endings.forEach((id, count) -> {
      if (count != 1) {
        fault(id + " ended " + count + " times");
      }
    });
  }

  private static boolean agree(Ask ask, Attempt attempt) {
    Kind recorded = attempt.kind().orElse(null);
    if (recorded == Kind.CANCELLED || recorded == Kind.TIMEOUT) {
      return true;
    }
    Failure failure = ask.failure;
    if (failure == null) {
      return recorded == null
          || (recorded == Kind.UPSTREAM_ERROR && attempt.message().contains("empty"));
    }
    return recorded == failure.kind() && attempt.message().equals(failure.message());
  }
}
