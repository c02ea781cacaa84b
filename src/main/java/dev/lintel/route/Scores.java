package dev.lintel.route;

import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Regard;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** How well targets' answers were found of late, by the model that was asked for. Immutable. */
public final class Scores {
  /** In which {@link Making#add} wants its sums. */
  public static final List<String> BY = List.of("model", "target", "source");

  public static final Scores NONE = new Scores(Map.of());

  /** What either says. */
  private record Said(Regard caller, Regard judge) {
    private static final Said NOTHING = new Said(Regard.NONE, Regard.NONE);

    Said plus(String source, Regard more) {
      return switch (source) {
        case Opinion.CALLER -> new Said(caller.plus(more), judge);
        case Opinion.JUDGE -> new Said(caller, judge.plus(more));
        default -> this;
      };
    }
  }

  private final Map<String, Map<String, Said>> models;

  private Scores(Map<String, Map<String, Said>> models) {
    this.models = models;
  }

  /**
   * @param model by the name that was asked for
   * @param target by its name
   */
  Regard of(String model, String target, Regard.By by) {
    Said said = models.getOrDefault(model, Map.of()).getOrDefault(target, Said.NOTHING);
    return switch (by) {
      case CALLER -> said.caller;
      case JUDGE -> said.judge;
      case BOTH -> said.caller.plus(said.judge);
    };
  }

  /** Adds up what was said, for models that somebody may want to know it of. By one thread. */
  public static final class Making {
    private final Predicate<String> wanted;
    private final Map<String, Map<String, Said>> models = new HashMap<>();

    /**
     * @param wanted whether it is such a model: callers may ask for any name
     */
    public Making(Predicate<String> wanted) {
      this.wanted = wanted;
    }

    /**
     * @param weight how much a score counts, from 0 to 1
     */
    public void add(Opinions.Sum sum, double weight) {
      String model = sum.values().get(0);
      if (wanted.test(model)) {
        var more = new Regard(weight * sum.count(), weight * sum.total());
        models
            .computeIfAbsent(model, name -> new HashMap<>())
            .merge(
                sum.values().get(1),
                Said.NOTHING.plus(sum.values().get(2), more),
                (known, other) ->
                    new Said(known.caller.plus(other.caller), known.judge.plus(other.judge)));
      }
    }

    /** Nothing may be added afterwards. */
    public Scores made() {
      return new Scores(models);
    }
  }
}
