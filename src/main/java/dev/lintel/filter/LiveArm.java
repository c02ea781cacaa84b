package dev.lintel.filter;

import dev.lintel.Failure;
import dev.lintel.Rollout;
import dev.lintel.Routing;
import dev.lintel.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An arm of a model's split as it is now: how far it has grown, how it fares, if it is stopped. */
final class LiveArm {
  private static final Logger LOG = LoggerFactory.getLogger(LiveArm.class);

  /** Of so few calls nothing can be said. */
  private static final int FEWEST = 20;

  private static final double SLOW_SHARE = 0.05;

  /** What makes an arm another one. */
  record Definition(
      String on,
      String name,
      double percent,
      Duration over,
      List<String> to,
      Optional<Routing.StopIf> stopIf) {
    static Definition of(Routing.Split split, Routing.Arm arm) {
      return new Definition(
          split.on(),
          arm.name(),
          arm.percent(),
          arm.over(),
          arm.to().stream().map(Target::name).toList(),
          arm.stopIf());
    }

    static Definition base(List<Target> to) {
      return new Definition(
          "",
          Rollout.BASE,
          100,
          Duration.ZERO,
          to.stream().map(Target::name).toList(),
          Optional.empty());
    }
  }

  final Definition definition;
  private final String model;
  private final double from;
  private final long began;
  private final Tally tally;
  private final AtomicReference<Rollout.@Nullable Stop> stopped = new AtomicReference<>();
  private volatile Lately lately = new Lately();

  private LiveArm(String model, Definition definition, double from, long began, Tally tally) {
    this.model = model;
    this.definition = definition;
    this.from = from;
    this.began = began;
    this.tally = tally;
  }

  static LiveArm begin(String model, Definition definition, long now) {
    return new LiveArm(model, definition, 0, now, new Tally());
  }

  /** The same arm in a split that has changed: not stopped, and as far as it had come. */
  LiveArm goingOn(Definition next, long now) {
    return next.equals(definition)
        ? new LiveArm(model, next, from, began, tally)
        : new LiveArm(model, next, Math.min(percent(now), next.percent), now, new Tally());
  }

  boolean is(String name) {
    return definition.name.equals(name);
  }

  Tally tally() {
    return tally;
  }

  /** Of the calls, if it is not stopped. */
  double percent(long now) {
    long over = definition.over.toNanos();
    return over == 0
        ? definition.percent
        : from + (definition.percent - from) * Math.min(1, (double) (now - began) / over);
  }

  boolean runs() {
    return stopped.get() == null;
  }

  /** It gets its calls again, and is judged anew. */
  void resume() {
    lately = new Lately();
    stopped.set(null);
  }

  void answered(long now, long nanos, long firstContentNanos, Instant time) {
    tally.answered(nanos, firstContentNanos);
    judge(now, false, nanos, time);
  }

  void failed(Failure failure, long now, long nanos, Instant time) {
    boolean blamed = failure.blame() != Failure.Blame.NOBODY;
    tally.failed(blamed);
    if (blamed) {
      judge(now, true, nanos, time);
    }
  }

  /** A call that was its own went elsewhere, since all its targets rest for having failed. */
  void missed(long now, Instant time) {
    tally.failed(true);
    judge(now, true, 0, time);
  }

  private void judge(long now, boolean error, long nanos, Instant time) {
    if (definition.stopIf.isEmpty()) {
      return;
    }
    Routing.StopIf bounds = definition.stopIf.get();
    boolean slow = bounds.p95().filter(most -> nanos > most.toNanos()).isPresent();
    Lately window = lately;
    window.add(now, error, slow);
    if (!runs()) {
      return;
    }
    Lately.Sum sum = window.sum(now);
    if (sum.calls() < FEWEST) {
      return;
    }
    double errors = (double) sum.errors() / sum.calls();
    if (bounds.errors().isPresent() && errors > bounds.errors().getAsDouble()) {
      stop(
          percentOf(errors)
              + " of "
              + sum.calls()
              + " calls failed, more than "
              + percentOf(bounds.errors().getAsDouble()),
          time);
    } else if (slow(sum, bounds)) {
      stop(
          percentOf((double) sum.slow() / sum.calls())
              + " of "
              + sum.calls()
              + " calls took longer than "
              + bounds.p95().map(Duration::toMillis).orElse(0L)
              + " ms",
          time);
    }
  }

  private static boolean slow(Lately.Sum sum, Routing.StopIf bounds) {
    return bounds.p95().isPresent() && sum.slow() > sum.calls() * SLOW_SHARE;
  }

  private void stop(String why, Instant time) {
    if (stopped.compareAndSet(null, new Rollout.Stop(why, time))) {
      LOG.warn("'{}' of '{}' gets no more calls: {}", definition.name, model, why);
    }
  }

  private static String percentOf(double share) {
    return String.format(Locale.ROOT, "%.1f %%", share * 100);
  }

  Rollout.Arm shown(double percent) {
    return new Rollout.Arm(
        definition.name,
        percent,
        Optional.ofNullable(stopped.get()),
        tally.calls.sum(),
        tally.errors.sum(),
        tally.cost(),
        tally.latencyMillis(0.5),
        tally.latencyMillis(0.95),
        tally.firstContentMillis(0.5),
        tally.feedback());
  }
}
