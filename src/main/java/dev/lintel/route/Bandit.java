package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Lesson;
import dev.lintel.Ranking;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What {@link Learned} says, at work. */
final class Bandit implements Strategy {
  /**
   * What was given away to learn, and what there was to get; the earlier calls counting less.
   *
   * @param best sum of the highest rewards
   * @param regret sum of what was asked first in their place
   */
  record Ledger(double best, double regret) {
    private static final double KEPT = 0.999;

    Ledger spending(double reward, double cost) {
      return new Ledger(best * KEPT + reward, regret * KEPT + cost);
    }
  }

  private final Weights weights;
  private final double explore;
  private final double ceiling;
  private final Experience experience;
  private final Supplier<? extends RandomGenerator> random;
  private final AtomicReferenceArray<@Nullable Rewards> rewards =
      new AtomicReferenceArray<>(Kind.COUNT);
  private final AtomicReference<Ledger> ledger = new AtomicReference<>(new Ledger(0, 0));

  Bandit(Weights weights, double explore, double ceiling, Experience experience) {
    this(weights, explore, ceiling, experience, CallThread::random);
  }

  /**
   * @param explore of the calls, from 0 to 1
   * @param ceiling of regret, as a share of the best, from 0 to 1
   */
  Bandit(
      Weights weights,
      double explore,
      double ceiling,
      Experience experience,
      Supplier<? extends RandomGenerator> random) {
    this.weights = weights;
    this.explore = explore;
    this.ceiling = ceiling;
    this.experience = experience;
    this.random = random;
  }

  @Override
  public Strategy following(Strategy before) {
    return before instanceof Bandit other && !other.experience.isFull()
        ? new Bandit(weights, explore, ceiling, other.experience, random)
        : this;
  }

  @Override
  public Ranking rank(Call call, List<Target> targets) {
    int kind = Kind.of(call);
    Rewards expected = expected(kind, targets);
    Ranking ranking = Ranking.of(expected.scores());
    if (call.ownKey().isPresent() || call.trail().supposed()) {
      return ranking;
    }
    experience.began(kind);
    int first = targets.size() < 2 ? 0 : affordable(expected, drawn(expected, targets.size()));
    return (first == expected.best() ? ranking : ranking.beginningWith(first))
        .teaching(new Course(experience, kind));
  }

  private Rewards expected(int kind, List<Target> targets) {
    Rewards known = rewards.get(kind);
    if (known == null || !known.holds(targets, experience.learned(kind))) {
      known = Rewards.of(experience, kind, targets, weights);
      rewards.set(kind, known);
    }
    return known;
  }

  private int drawn(Rewards expected, int count) {
    RandomGenerator numbers = random.get();
    if (numbers.nextDouble() < explore) {
      return numbers.nextInt(count);
    }
    int first = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      double draw = expected.mean(i) + expected.deviation(i) * numbers.nextGaussian();
      if (draw > highest) {
        highest = draw;
        first = i;
      }
    }
    return first;
  }

  /** That one, or the best where it would cost too much. */
  private int affordable(Rewards expected, int wanted) {
    double best = expected.mean(expected.best());
    double cost = best - expected.mean(wanted);
    while (true) {
      Ledger known = Objects.requireNonNull(ledger.get());
      Ledger next = known.spending(best, cost);
      boolean may = next.regret() <= ceiling * next.best();
      if (ledger.compareAndSet(known, may ? next : known.spending(best, 0))) {
        return may ? wanted : expected.best();
      }
    }
  }

  /** What one call teaches. */
  private static final class Course implements Lesson {
    private final Experience experience;
    private final int kind;
    private volatile Experience.@Nullable Arm answering;

    Course(Experience experience, int kind) {
      this.experience = experience;
      this.kind = kind;
    }

    @Override
    public void answered(Target target, long nanos, Optional<BigDecimal> cost) {
      answering = experience.answered(target, kind, nanos / 1e9, cost.map(BigDecimal::doubleValue));
    }

    @Override
    public void failed(Target target) {
      experience.failed(target, kind);
    }

    @Override
    public void rated(OptionalDouble before, double score) {
      Experience.Arm arm = answering;
      if (arm != null) {
        experience.rated(arm, kind, before, score);
      }
    }
  }
}
