package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Asks the faster of two targets that are drawn at random (Mitzenmacher, The power of two choices,
 * 2001), so that not every call at once runs to who was fastest a moment ago; the others follow by
 * their scores. A score is the seconds that the answer is expected to take: {@code first content *
 * (calls under way + 1) + output / tokens a second}, the first content being a peak-EWMA.
 *
 * <p>Who has not been asked yet is asked first, by one call at a time, until it is known; other
 * calls meanwhile take it last.
 */
public record Fastest() implements Spec<Strategy> {
  /** Seconds of who has never answered: more than anybody takes. */
  private static final double UNKNOWN = 1e6;

  @Override
  public Strategy build() {
    return (call, targets) -> targets.size() < 2 ? Ranking.AS_WRITTEN : rank(call, targets);
  }

  private static Ranking rank(Call call, List<Target> targets) {
    var outlook = new Outlook(call, targets);
    var scores = new double[targets.size()];
    int known = 0;
    int untried = -1;
    for (int i = 0; i < scores.length; i++) {
      Target target = targets.get(i);
      scores[i] = outlook.seconds(target);
      if (!Double.isNaN(scores[i])) {
        known++;
        continue;
      }
      int underWay = target.standing().underWay();
      scores[i] = UNKNOWN + underWay;
      if (untried < 0 && underWay == 0) {
        untried = i;
      }
    }
    Ranking ranking = Ranking.of(scores);
    if (untried >= 0) {
      return ranking.beginningWith(untried);
    }
    return known < 2 ? ranking : ranking.beginningWith(drawn(scores, known));
  }

  /** The better of two of those that are known. */
  private static int drawn(double[] scores, int known) {
    RandomGenerator random = CallThread.random();
    int one = random.nextInt(known);
    int other = (one + 1 + random.nextInt(known - 1)) % known;
    int first = known(scores, Math.min(one, other));
    int second = known(scores, Math.max(one, other));
    return scores[second] < scores[first] ? second : first;
  }

  private static int known(double[] scores, int place) {
    int left = place;
    int index = 0;
    while (scores[index] >= UNKNOWN || left-- > 0) {
      index++;
    }
    return index;
  }
}
