package dev.lintel.route;

import dev.lintel.Target;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of a model have come to, by target and kind of call. Outlives reloads. Written by
 * every call without a lock: each change swaps one immutable state for another.
 */
final class Experience {
  /** Beside the kinds: calls of whatever kind. */
  static final int ALL = Kind.COUNT;

  /** Targets whose names have come and gone must not fill the memory. */
  private static final int MOST_TARGETS = 10_000;

  /**
   * Sums over the calls of one kind at one target, the earlier ones counting less.
   *
   * @param calls those that were answered or failed
   * @param cost in USD of the {@code priced} ones
   * @param rating sum of what callers said in so many {@code ratings}
   * @param at which call of the kind, at all targets, was the last one here
   */
  record Results(
      double calls,
      double answered,
      double cost,
      double priced,
      double seconds,
      double rating,
      double ratings,
      long at) {
    private static final Results NONE = new Results(0, 0, 0, 0, 0, 0, 0, 0);

    /** What is left of the weight of earlier calls at each new one. */
    private static final double KEPT = 0.98;

    /** After so many calls elsewhere the earlier ones count half. */
    private static final double HALF = 500;

    /** By how much less they count as so many calls of the kind have been made. */
    double weight(long now) {
      return HALF / (HALF + Math.max(0, now - at));
    }

    Results failed(long now) {
      double kept = KEPT * weight(now);
      return new Results(
          calls * kept + 1,
          answered * kept,
          cost * kept,
          priced * kept,
          seconds * kept,
          rating,
          ratings,
          now);
    }

    Results answered(long now, double took, double usd) {
      double kept = KEPT * weight(now);
      boolean known = !Double.isNaN(usd);
      return new Results(
          calls * kept + 1,
          answered * kept + 1,
          cost * kept + (known ? usd : 0),
          priced * kept + (known ? 1 : 0),
          seconds * kept + took,
          rating,
          ratings,
          now);
    }

    Results rated(OptionalDouble before, double score) {
      boolean first = before.isEmpty();
      return new Results(
          calls,
          answered,
          cost,
          priced,
          seconds,
          first ? rating * KEPT + score : Math.max(0, rating + score - before.getAsDouble()),
          first ? ratings * KEPT + 1 : ratings,
          at);
    }
  }

  /** A target's results, by kind and of all. */
  static final class Arm {
    private final AtomicReferenceArray<@Nullable Results> results =
        new AtomicReferenceArray<>(ALL + 1);

    Results of(int kind) {
      Results known = results.get(kind);
      return known == null ? Results.NONE : known;
    }

    private void change(int kind, UnaryOperator<Results> by) {
      while (true) {
        Results known = results.get(kind);
        if (results.compareAndSet(kind, known, by.apply(known == null ? Results.NONE : known))) {
          return;
        }
      }
    }
  }

  private record Name(String provider, String model) {}

  private final ConcurrentMap<Name, Arm> arms = new ConcurrentHashMap<>();

  /** Calls that have begun, and things that have been learned, by kind. */
  private final AtomicLongArray begun = new AtomicLongArray(ALL + 1);

  private final AtomicLongArray learned = new AtomicLongArray(ALL + 1);

  Arm of(Target target) {
    var name = new Name(target.provider().name(), target.model());
    Arm known = arms.get(name);
    return known == null ? arms.computeIfAbsent(name, made -> new Arm()) : known;
  }

  /** Whether so many names are known that most must be of the past. */
  boolean isFull() {
    return arms.size() > MOST_TARGETS;
  }

  void began(int kind) {
    begun.incrementAndGet(kind);
    begun.incrementAndGet(ALL);
  }

  /** How many calls of the kind have begun. */
  long begun(int kind) {
    return begun.get(kind);
  }

  /** How many things were learned of the kind: what was made of less may be out of date. */
  long learned(int kind) {
    return learned.get(kind);
  }

  Arm answered(Target target, int kind, double seconds, Optional<Double> cost) {
    double usd = cost.orElse(Double.NaN);
    return change(of(target), kind, (at, known) -> known.answered(begun(at), seconds, usd));
  }

  void failed(Target target, int kind) {
    var _ = change(of(target), kind, (at, known) -> known.failed(begun(at)));
  }

  void rated(Arm arm, int kind, OptionalDouble before, double score) {
    var _ = change(arm, kind, (at, known) -> known.rated(before, score));
  }

  private interface Change {
    Results of(int kind, Results known);
  }

  private Arm change(Arm arm, int kind, Change by) {
    arm.change(kind, known -> by.of(kind, known));
    arm.change(ALL, known -> by.of(ALL, known));
    learned.incrementAndGet(kind);
    return arm;
  }
}
