package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Model;
import dev.lintel.Percent;
import dev.lintel.Ranking;
import dev.lintel.Regard;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Asks first whose answers to calls for the same model were found best of late: by callers, by a
 * judging model, or by both. With {@code n} scores of a target (older ones counting less) and their
 * mean {@code M}, its score is
 *
 * <pre>
 * 1 - (n * M + 5 * m) / (n + 5)
 * </pre>
 *
 * with {@code m} the mean of all scores of the candidates of which enough is known, 0.5 where there
 * are none. Of whom fewer than {@code least} scores tell has {@code 1 - m}: neither preferred nor
 * shunned. Of {@code explore} of the calls one that is drawn is asked first, evenly from those of
 * whom not enough is known, else from all, so that it shows who has become better.
 *
 * @param by whose scores count
 * @param least how many scores have to tell of a target
 * @param explore of the calls
 */
public record BestRated(Regard.By by, int least, Percent explore) implements Spec<Strategy> {
  static final BestRated USUAL =
      new BestRated(Regard.By.CALLER, 20, new Percent(BigDecimal.valueOf(5)));

  /** Of how many scores the mean of all is worth. */
  private static final double PRIOR = 5;

  private static final double UNKNOWN = 0.5;

  /** Throws {@link IllegalArgumentException} where so few are too few. */
  public BestRated {
    if (least < 1) {
      throw new IllegalArgumentException("'least' must be 1 or more");
    }
  }

  @Override
  public Strategy build() {
    return (call, targets) -> targets.size() < 2 ? Ranking.AS_WRITTEN : rank(call, targets);
  }

  private Ranking rank(Call call, List<Target> targets) {
    String model = call.model().map(Model::name).orElse("");
    int count = targets.size();
    var known = new Regard[count];
    Regard all = Regard.NONE;
    int unknown = 0;
    for (int i = 0; i < count; i++) {
      known[i] = targets.get(i).standing().regard(model, by);
      if (isEnough(known[i])) {
        all = all.plus(known[i]);
      } else {
        unknown++;
      }
    }
    double middle = unknown == count ? UNKNOWN : all.mean();
    var scores = new double[count];
    for (int i = 0; i < count; i++) {
      Regard own = isEnough(known[i]) ? known[i] : Regard.NONE;
      scores[i] = 1 - (own.total() + PRIOR * middle) / (own.scores() + PRIOR);
    }
    int drawn = call.trail().supposed() ? -1 : drawn(known, unknown);
    Ranking ranking =
        Ranking.of(scores)
            .basedOn(index -> words(known[index]) + (index == drawn ? ", drawn to explore" : ""));
    return drawn < 0 ? ranking : ranking.beginningWith(drawn);
  }

  private boolean isEnough(Regard regard) {
    return regard.scores() >= least;
  }

  /** -1 where nobody is. */
  private int drawn(Regard[] known, int unknown) {
    RandomGenerator random = CallThread.random();
    if (random.nextDouble() >= explore.share()) {
      return -1;
    }
    if (unknown == 0) {
      return random.nextInt(known.length);
    }
    int left = random.nextInt(unknown);
    for (int i = 0; i < known.length; i++) {
      if (!isEnough(known[i]) && left-- == 0) {
        return i;
      }
    }
    return -1;
  }

  private String words(Regard regard) {
    String whose =
        switch (by) {
          case CALLER -> "of callers";
          case JUDGE -> "of the judge";
          case BOTH -> "of callers and the judge";
        };
    if (!isEnough(regard)) {
      return "too few scores %s (%s of %d)".formatted(whose, rounded(regard.scores()), least);
    }
    return "a mean of %s by %s scores %s"
        .formatted(rounded(regard.mean()), rounded(regard.scores()), whose);
  }

  private static String rounded(double value) {
    return BigDecimal.valueOf(Math.round(value * 100), 2).stripTrailingZeros().toPlainString();
  }
}
