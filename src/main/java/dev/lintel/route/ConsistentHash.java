package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Marks;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.util.List;
import java.util.Locale;

/**
 * Asks the same target for all calls with the same mark. Rendezvous hashing with weights: each
 * target draws a number in (0, 1) from its name and the call's mark, the same on every node, and
 * its score is {@code -ln(number) / weight} (Schindelhauer and Schomaker, Weighted distributed hash
 * tables, 2005); so a target that comes or goes moves its own share of the marks and no other.
 *
 * <p>Loads are bounded (Mirrokni, Thorup and Zadimoghaddam, Consistent hashing with bounded loads,
 * 2016): who has {@code 1.25 * (all calls under way + 1) * weight / all weights} calls under way,
 * rounded up, gives way to all who have not.
 *
 * <p>A call without the mark may go anywhere: its targets draw at random, and so by their weights.
 *
 * @param on by what calls are told apart: {@code user}, {@code session} or any term
 */
public record ConsistentHash(String on) implements Spec<Strategy> {
  static final ConsistentHash USUAL = new ConsistentHash("user");

  private static final double BOUND = 1.25;

  /** More than any draw from 53 bits can score. */
  private static final double GIVES_WAY = 100;

  /** The golden ratio's, as in SplitMix64. */
  private static final long STEP = 0x9e3779b97f4a7c15L;

  /** Throws {@link IllegalArgumentException} where no call can have such a mark. */
  public ConsistentHash {
    on = on.strip().toLowerCase(Locale.ROOT).replace('-', '_');
    if (!Marks.names().contains(on)) {
      throw new IllegalArgumentException("'on' must be one of " + String.join(", ", Marks.names()));
    }
  }

  @Override
  public Strategy build() {
    return (call, targets) ->
        targets.size() < 2 ? Ranking.AS_WRITTEN : Ranking.of(scores(seed(call), targets));
  }

  private long seed(Call call) {
    String mark = Marks.of(call, on);
    return mark.isEmpty() ? CallThread.random().nextLong() : hash(mark);
  }

  private static double[] scores(long seed, List<Target> targets) {
    long calls = 1;
    long weights = 0;
    for (Target target : targets) {
      calls += target.standing().underWay();
      weights += target.profile().weight();
    }
    double fair = BOUND * calls / weights;
    var scores = new double[targets.size()];
    for (int i = 0; i < scores.length; i++) {
      Target target = targets.get(i);
      int weight = target.profile().weight();
      scores[i] = -Math.log(draw(seed, target)) / weight;
      if (target.standing().underWay() >= Math.ceil(fair * weight)) {
        scores[i] += GIVES_WAY;
      }
    }
    return scores;
  }

  /** In (0, 1). A string keeps its hash code, so that the name need not be put together. */
  private static double draw(long seed, Target target) {
    long name = (long) target.provider().name().hashCode() << 32 ^ target.model().hashCode();
    return ((mix(seed + mix(name + STEP)) >>> 12) + 0.5) * 0x1p-52;
  }

  private static long hash(String mark) {
    long hash = 0;
    for (int i = 0; i < mark.length(); i++) {
      hash = (hash + mark.charAt(i)) * STEP;
      hash ^= hash >>> 32;
    }
    return mix(hash);
  }

  /** Stafford's thirteenth, as in SplitMix64. */
  private static long mix(long bits) {
    long mixed = (bits ^ bits >>> 30) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
    return mixed ^ mixed >>> 31;
  }
}
