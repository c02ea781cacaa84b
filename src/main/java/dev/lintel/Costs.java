package dev.lintel;

import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What calls came to by the day (UTC), by more than {@link Records#usage} can be asked by and in
 * more figures. Kept for good, from the first day on which a gateway has counted so.
 */
public interface Costs {
  /** What can be asked by; {@code target} is {@code provider/model}, {@code key} its id. */
  List<String> COLUMNS = List.of("tenant", "app", "use_case", "model", "provider", "target", "key");

  /** What can be asked by together with {@link #TAG}. */
  List<String> TAGGED = List.of("tenant", "app", "tag");

  /** A call with several counts for each of them. */
  String TAG = "tag";

  /** What is added up; the order may only grow at its end. */
  enum Figure {
    CALLS,
    /** Calls without a failure. */
    ANSWERED,
    /** As far as the cost is known. */
    PICO_USD,
    /** Calls that used something at a target, of unknown cost. */
    UNPRICED,
    /** Calls whose usage is an estimate. */
    ESTIMATED,
    /** Calls that failed and used something all the same, such as streams that broke. */
    CUT,
    /** Tries at targets. */
    TRIES,
    FAILED_TRIES,
    /** Cost of tries that failed, which is in {@link #PICO_USD}. */
    FAILED_PICO_USD,
    INPUT,
    OUTPUT,
    CACHE_READ,
    CACHE_WRITE,
    REASONING,
    /** Calls whose prompt is long enough for providers to cache it: {@link #LONG} tokens. */
    LONG_CALLS,
    /** The tokens of such prompts, however they were paid. */
    LONG_PROMPT,
    /** Those of them that were read from the provider's cache. */
    LONG_READ,
    /** Answered calls that said how long the answer may be. */
    BOUNDED_CALLS,
    /** The tokens that those calls asked for at the most. */
    BOUND,
    /** The tokens that those calls were answered with. */
    BOUNDED_OUTPUT,
    /** Copies for comparison, which callers know nothing of; they are calls, too. */
    SHADOWS,
    SHADOW_PICO_USD,
    /** Replies that were given again for the same {@code Idempotency-Key}. */
    REPLAYS
  }

  /** Where the caches of OpenAI and Anthropic begin, in tokens. */
  int LONG = 1024;

  /** A sum of each figure. */
  final class Sums {
    private final long[] all;

    /**
     * @param all in the order of the figures; those that are not there are 0
     */
    public Sums(long[] all) {
      this.all = Arrays.copyOf(all, Figure.values().length);
    }

    public Sums() {
      this(new long[0]);
    }

    public long get(Figure figure) {
      return all[figure.ordinal()];
    }

    public Sums plus(Sums other) {
      var sum = new Sums(all);
      for (int i = 0; i < all.length; i++) {
        sum.all[i] = Math.addExact(all[i], other.all[i]);
      }
      return sum;
    }

    /** A copy, in the order of the figures. */
    public long[] all() {
      return all.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Sums sums && Arrays.equals(all, sums.all);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(all);
    }

    @Override
    public String toString() {
      return Arrays.toString(all);
    }

    /** Of those figures alone. */
    public static Sums of(Map<Figure, Long> figures) {
      var sum = new Sums();
      figures.forEach((figure, value) -> sum.all[figure.ordinal()] = value);
      return sum;
    }
  }

  /**
   * Which of them.
   *
   * @param by some of {@link #COLUMNS}, or of {@link #TAGGED} with {@link #TAG} among them
   * @param tenant of this one only; empty for all
   * @param from calls of that day or later ones
   * @param to calls of days before it
   * @param daily whether each day has rows of its own
   */
  record Question(
      List<String> by, Optional<String> tenant, LocalDate from, LocalDate to, boolean daily) {
    public Question {
      by = List.copyOf(by);
    }
  }

  /**
   * @param values of the columns that were asked for, in their order; an empty text where there is
   *     none
   * @param day the first of the question where days are added up
   */
  record Row(List<String> values, LocalDate day, Sums sums) {}

  /** Day after day; what is in memory at once is of one day where that is what was asked for. */
  void each(Question question, Consumer<Row> rows);

  /** The first day of which there is anything. */
  Optional<LocalDate> first();
}
