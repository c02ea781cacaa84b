package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Call;
import dev.lintel.Fakes;
import dev.lintel.Opinions;
import dev.lintel.Percent;
import dev.lintel.Ranking;
import dev.lintel.Regard;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Whose answers were found best is asked first. */
class BestRatedTest {
  private final Standings standings = new Standings(System::nanoTime, InstantSource.system());
  private final List<Target> targets = List.of(target("a"), target("b"), target("c"));

  private Target target(String name) {
    var provider = Targets.provider(name, "k");
    Target plain = Targets.of(name, "m", "k");
    return new Target(
        provider, "m", plain.profile(), plain.facts(), standings.of(provider, "m", 0));
  }

  private static Strategy strategy(Regard.By by, int least, int explore) {
    return new BestRated(by, least, new Percent(BigDecimal.valueOf(explore))).build();
  }

  /** {@code model target source count mean}. */
  private void said(String... all) {
    var making = new Scores.Making(model -> !model.equals("made-up"));
    for (String one : all) {
      String[] words = one.split(" ");
      long count = Long.parseLong(words[3]);
      making.add(
          new Opinions.Sum(
              List.of(words).subList(0, 3), count, count * Double.parseDouble(words[4]), 0),
          1);
    }
    standings.scored(making.made());
  }

  private Ranking rank(Strategy strategy) {
    return strategy.rank(call(), targets);
  }

  private Call call() {
    return Fakes.call(Fakes.model(Fakes.retry(1), targets.toArray(Target[]::new)));
  }

  private String first(Strategy strategy) {
    return targets.get(rank(strategy).best(3, new boolean[3])).provider().name();
  }

  @Test
  void whose_answers_callers_find_best_is_asked_first() {
    Strategy strategy = strategy(Regard.By.CALLER, 20, 0);
    assertThat(first(strategy)).as("nobody said anything").isEqualTo("a");
    said("m a/m caller 50 0.6", "m b/m caller 50 0.9", "other c/m caller 500 1");

    assertThat(first(strategy)).isEqualTo("b");
    Ranking ranking = rank(strategy);
    assertThat(ranking.score(1)).isCloseTo(1 - (45 + 5 * 0.75) / 55, within(1e-9));
    assertThat(ranking.score(2)).as("neither preferred nor shunned").isCloseTo(0.25, within(1e-9));
    assertThat(ranking.basis(1)).isEqualTo("a mean of 0.9 by 50 scores of callers");
    assertThat(ranking.basis(2)).isEqualTo("too few scores of callers (0 of 20)");
  }

  @Test
  void a_few_scores_move_nobody() {
    said("m a/m caller 19 0.1", "m b/m caller 19 1");

    assertThat(first(strategy(Regard.By.CALLER, 20, 0))).isEqualTo("a");
    assertThat(first(strategy(Regard.By.CALLER, 19, 0))).isEqualTo("b");
  }

  @Test
  void what_a_judge_says_counts_only_where_it_is_asked_for() {
    said("m a/m caller 50 0.9", "m b/m caller 50 0.8", "m b/m judge 500 1");

    assertThat(first(strategy(Regard.By.CALLER, 20, 0))).isEqualTo("a");
    assertThat(first(strategy(Regard.By.JUDGE, 20, 0))).isEqualTo("a");
    said("m a/m judge 50 0.5", "m b/m judge 500 1", "m a/m caller 50 0.9");
    assertThat(first(strategy(Regard.By.JUDGE, 20, 0))).isEqualTo("b");
    assertThat(first(strategy(Regard.By.CALLER, 20, 0))).isEqualTo("a");
    assertThat(first(strategy(Regard.By.BOTH, 20, 0))).isEqualTo("b");
  }

  @Test
  void a_share_of_the_calls_finds_out_of_whom_too_little_is_known() {
    said("m a/m caller 50 0.9", "m b/m caller 50 0.8");
    Strategy strategy = strategy(Regard.By.CALLER, 20, 50);

    List<String> asked = IntStream.range(0, 400).mapToObj(i -> first(strategy)).toList();
    assertThat(asked).doesNotContain("b");
    assertThat(asked.stream().filter("c"::equals).count()).isBetween(120L, 280L);
  }

  @Test
  void a_call_that_is_not_made_is_not_drawn() {
    said("m a/m caller 50 0.5", "m b/m caller 50 0.9");
    Strategy strategy = strategy(Regard.By.CALLER, 20, 100);
    Call call = call();
    call.trail().suppose();

    assertThat(strategy.rank(call, targets).best(3, new boolean[3])).isEqualTo(1);
    assertThat(rank(strategy).basis(2)).endsWith(", drawn to explore");
  }

  @Test
  void names_that_callers_make_up_are_not_kept() {
    said("made-up a/m caller 50 0.5");

    assertThat(targets.getFirst().standing().regard("made-up", Regard.By.BOTH))
        .isEqualTo(Regard.NONE);
  }

  @Test
  void no_score_at_all_is_too_few() {
    assertThatThrownBy(() -> strategy(Regard.By.CALLER, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'least' must be 1 or more");
  }
}
