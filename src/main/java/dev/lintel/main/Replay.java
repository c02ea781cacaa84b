package dev.lintel.main;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Ruled;
import dev.lintel.Sink;
import dev.lintel.SwiftTime;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.admin.Outcome;
import dev.lintel.admin.Past;
import dev.lintel.admin.WhatIf;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes recorded calls again, in their own time, under a configuration that is not in force. Nobody
 * is asked: whoever was asked then does what it did then, and whoever was not answers, after the
 * time that it has taken of late.
 */
final class Replay implements WhatIf.Replaying {
  private static final long MILLI = 1_000_000;

  /** Where answers were told from calls that are as if alike; further ones are told from all. */
  private static final int MOST_KINDS = 10_000;

  /** What a call asks for, whatever its prompt. */
  private record Kind(String tenant, String app, String model) {
    private static final Kind ANY = new Kind("", "", "");
  }

  private record Who(String tenant, String app, String keyId) {}

  /** What calls of a kind have used of late. */
  private static final class Usual {
    private final Lately output = new Lately();

    /** In thousandths of what was guessed. */
    private final Lately prompt = new Lately();
  }

  /** A call that is made again. */
  private static final class Made {
    private final Past past;
    private final Map<String, Integer> asked = new HashMap<>(4);
    private boolean guessed;
    private boolean timeUnknown;

    Made(Past past) {
      this.past = past;
    }

    /** What came of asking that target, this time; empty where nobody did then. */
    Optional<Past.Tried> next(String target) {
      List<Past.Tried> there =
          past.tries().stream().filter(one -> one.target().equals(target)).toList();
      if (there.isEmpty()) {
        return Optional.empty();
      }
      int before = asked.merge(target, 1, Integer::sum) - 1;
      return Optional.of(there.get(Math.min(before, there.size() - 1)));
    }
  }

  private final Gateway candidate;
  private final Handler calls;
  private final SwiftTime time;
  private final Map<String, Dialect> dialects;
  private final Map<String, Made> underWay = new HashMap<>();
  private final Map<String, Lately> latencies = new HashMap<>();
  private final Map<Kind, Usual> usual = new HashMap<>();
  private final Map<Who, Optional<Caller>> callers = new HashMap<>();
  private @Nullable RuntimeException broken;

  /**
   * @param dialects in which callers speak, by their names
   */
  Replay(Gateway candidate, SwiftTime time, Map<String, Dialect> dialects) {
    this.candidate = candidate;
    this.calls = candidate.replaying().apply(this::answer);
    this.time = time;
    this.dialects = dialects;
  }

  @Override
  public List<String> notHeld() {
    return candidate.config().policies().named().values().stream()
        .flatMap(known -> known.policy().tools().stream())
        .map(Ruled::rule)
        .sorted()
        .toList();
  }

  @Override
  public boolean hasModel(String name) {
    return candidate.models().find(name).isPresent();
  }

  @Override
  public boolean hasApp(String tenant, String app) {
    return candidate.callerOf(tenant, app, "").isPresent();
  }

  @Override
  public void call(Past past, Consumer<Outcome> told) {
    time.until(past.time());
    Optional<Caller> caller = caller(past);
    if (caller.isEmpty()) {
      told.accept(
          new Outcome(
              Optional.of(
                  Failure.of(
                      Failure.Kind.AUTHENTICATION,
                      "There is no app '" + past.app() + "' of a tenant '" + past.tenant() + "'.")),
              "",
              Optional.empty(),
              false,
              -1,
              List.of()));
    } else {
      time.start(() -> {
        try {
          told.accept(made(past, caller.get()));
        } catch (RuntimeException bug) {
          broken = bug;
        }
      });
    }
    throwBroken();
    learn(past);
  }

  /** A fault of the gateway that showed on a thread of a call. */
  private void throwBroken() {
    RuntimeException bug = broken;
    if (bug != null) {
      throw bug;
    }
  }

  private Optional<Caller> caller(Past past) {
    if (callers.size() > MOST_KINDS) {
      callers.clear();
    }
    return callers.computeIfAbsent(
        new Who(past.tenant(), past.app(), past.keyId()),
        who ->
            candidate
                .callerOf(who.tenant, who.app, who.keyId)
                // Its key may be gone since, which is not the candidate's doing.
                .or(() ->
                    candidate
                        .callerOf(who.tenant, who.app, "")
                        .map(caller -> caller.with(who.keyId))));
  }

  @Override
  public void finish() {
    time.finish();
    throwBroken();
  }

  @Override
  public void close() {
    time.close();
  }

  private Outcome made(Past past, Caller caller) {
    var trail = new Trail(past.id(), past.time(), time.getAsLong());
    Terms terms = past.terms().isEmpty() ? Terms.NONE : Terms.NONE.with(past.terms());
    Dialect dialect = dialects.getOrDefault(past.dialect(), Builtins.OPENAI);
    trail.calledBy(caller);
    trail.spoken(dialect);
    var call =
        new Call(
            trail,
            "",
            caller,
            terms,
            Chat.sketch(dialect, past.model(), past.stream(), past.inputTokens(), past.maxTokens()),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Long.MAX_VALUE);
    var made = new Made(past);
    underWay.put(past.id(), made);
    Optional<Failure> failure = Optional.empty();
    try {
      calls.handle(call, chunk -> {});
    } catch (Failure known) {
      failure = Optional.of(known);
    } finally {
      underWay.remove(past.id());
    }
    return new Outcome(
        failure,
        trail.target().map(Target::name).orElse(""),
        trail.cost(),
        made.guessed,
        nanos(made, trail),
        List.copyOf(trail.findings()));
  }

  /** Of one that goes the same way as then it is known to the end. */
  private long nanos(Made made, Trail trail) {
    List<Past.Tried> then = made.past.tries();
    boolean same = then.size() == trail.attempts().size();
    for (int i = 0; same && i < then.size(); i++) {
      same = then.get(i).target().equals(trail.attempts().get(i).target());
    }
    if (same) {
      return made.past.latencyMs() * MILLI;
    }
    return made.timeUnknown ? -1 : time.getAsLong() - trail.started();
  }

  /** In the place of a provider. */
  private void answer(Call call, Sink sink) {
    Made made = underWay.get(call.trail().id());
    if (made == null) {
      throw Failure.cancelled();
    }
    Past past = made.past;
    Target target = call.target().orElseThrow().target();
    Optional<Past.Tried> then = made.next(target.name());
    if (then.isEmpty()) {
      answered(made, call, sink, typical(made, target));
      return;
    }
    Past.Tried tried = then.get();
    long nanos = tried.latencyMs() * MILLI;
    if (tried.kind().isEmpty()) {
      answered(made, call, sink, nanos);
    } else if (tried.kind().get() != Failure.Kind.CANCELLED) {
      failed(past, tried, sink, nanos);
    } else if (past.kind().filter(Failure.Kind.CANCELLED::equals).isPresent()) {
      time.pass(nanos);
      throw Failure.cancelled();
    } else {
      // It lost to another one: it takes longer than that, nobody knows how much.
      answered(made, call, sink, Math.max(nanos + MILLI, typical(made, target)));
    }
  }

  private void failed(Past past, Past.Tried tried, Sink sink, long nanos) {
    boolean begun = past.ttftMs() >= 0 && past.status() < 400 && last(past) == tried;
    time.pass(nanos);
    if (begun) {
      sink.emit(Chunk.of(new Part.Text("…")));
      if (past.usage() != Usage.UNKNOWN) {
        sink.emit(Chunk.of(past.usage()));
      }
    }
    throw Failure.of(
            tried.kind().orElseThrow(),
            tried.message().isEmpty() ? past.message() : tried.message())
        .upstream(tried.status());
  }

  private static Past.Tried last(Past past) {
    return past.tries().getLast();
  }

  private void answered(Made made, Call call, Sink sink, long nanos) {
    Past past = made.past;
    long first = past.ttftMs() < 0 ? nanos : Math.min(nanos, past.ttftMs() * MILLI);
    Usage usage = usage(made, call);
    time.pass(first);
    sink.emit(Chunk.of(new Part.Text("…")));
    time.pass(nanos - first);
    sink.emit(Chunk.of(usage, new Part.Stop(Part.Stop.Reason.END, "", "", "")));
  }

  private long typical(Made made, Target target) {
    Lately known = latencies.get(target.name());
    if (known == null) {
      made.timeUnknown = true;
      return 0;
    }
    return known.median() * MILLI;
  }

  private Usage usage(Made made, Call call) {
    Past past = made.past;
    long most = Extent.maxTokens(call.request());
    Usage used = past.usage();
    if (used == Usage.UNKNOWN || (!past.answered() && used.output() == 0)) {
      made.guessed = true;
      Usual known = usual.getOrDefault(kind(past), usual.get(Kind.ANY));
      if (known == null) {
        return Usage.UNKNOWN;
      }
      long prompt = Math.round(past.inputTokens() * known.prompt.median() / 1000.0);
      return Usage.of(prompt, bounded(known.output.median(), most), Usage.Source.ESTIMATE);
    }
    String provider = call.target().orElseThrow().target().provider().name();
    boolean there = past.target().startsWith(provider + "/");
    long output = bounded(used.output(), most);
    return new Usage(
        // Another provider has nothing of it in its cache.
        there ? used.input() : used.prompt(),
        there ? used.cacheRead() : 0,
        there ? used.cacheWrite() : 0,
        there ? used.cacheWriteHour() : 0,
        output,
        Math.min(output, used.reasoning()),
        0,
        0,
        used.source());
  }

  private static long bounded(long output, long most) {
    return most > 0 ? Math.min(output, most) : output;
  }

  private static Kind kind(Past past) {
    return new Kind(past.tenant(), past.app(), past.model());
  }

  private void learn(Past past) {
    for (Past.Tried tried : past.tries()) {
      if (tried.kind().isEmpty()
          && (latencies.size() < MOST_KINDS || latencies.containsKey(tried.target()))) {
        latencies.computeIfAbsent(tried.target(), first -> new Lately()).add(tried.latencyMs());
      }
    }
    if (past.answered() && past.usage() != Usage.UNKNOWN) {
      var kinds = new ArrayList<Kind>(List.of(Kind.ANY));
      if (usual.size() < MOST_KINDS || usual.containsKey(kind(past))) {
        kinds.add(kind(past));
      }
      for (Kind kind : kinds) {
        Usual known = usual.computeIfAbsent(kind, first -> new Usual());
        known.output.add(past.usage().output());
        if (past.inputTokens() > 0) {
          known.prompt.add(Math.round(1000.0 * past.usage().prompt() / past.inputTokens()));
        }
      }
    }
  }
}
