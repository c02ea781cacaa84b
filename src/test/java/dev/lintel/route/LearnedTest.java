package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Call;
import dev.lintel.Credential;
import dev.lintel.Lesson;
import dev.lintel.Percent;
import dev.lintel.Ranking;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.route.Targets.Told;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LearnedTest {
  private static final Weights EQUAL = new Weights(1 / 3.0, 1 / 3.0, 1 / 3.0);
  private static final Weights COST = new Weights(1, 0, 0);
  private static final Weights FEEDBACK = new Weights(0, 0, 1);

  private static final Call SHORT = Asking.tokens(100, 10);
  private static final Call LONG = Asking.tokens(10_000, 10);

  private final List<Target> targets =
      Stream.of("a", "b", "c").map(name -> new Told(name).target()).toList();
  private final Random random = new Random(42);

  /** By whom how many of 1,000 calls are answered, for calls of one kind. */
  private record World(Call call, Map<String, Integer> answered) {}

  private final World shorts = new World(SHORT, Map.of("a", 900, "b", 500, "c", 300));
  private final World longs = new World(LONG, Map.of("a", 200, "b", 500, "c", 950));

  @Test
  void it_finds_who_is_best_for_each_kind_of_call() {
    Strategy learned = bandit(EQUAL, 0.05, 0.1);
    run(learned, 3000, shorts, longs);

    assertThat(run(learned, 1000, shorts).get("a")).isGreaterThan(850);
    assertThat(run(learned, 1000, longs).get("c")).isGreaterThan(850);
  }

  @Test
  void a_part_of_the_calls_is_spread_over_all_whatever_is_known() {
    Strategy learned = bandit(EQUAL, 0.3, 1);
    run(learned, 2000, shorts);
    Map<String, Integer> first = run(learned, 3000, shorts);

    assertThat(first.get("b")).isBetween(240, 500);
    assertThat(first.get("c")).isBetween(240, 500);
  }

  @Test
  void no_more_is_given_away_than_the_ceiling_says() {
    Strategy learned = bandit(EQUAL, 1, 0.05);
    run(learned, 2000, shorts);
    Map<String, Integer> first = run(learned, 3000, shorts);

    double lost = first.get("b") * (0.9 - 0.5) + first.get("c") * (0.9 - 0.3);
    assertThat(lost / (3000 * 0.9)).isBetween(0.02, 0.06);
  }

  @Test
  void where_nothing_may_be_given_away_the_best_is_asked() {
    Strategy learned = bandit(EQUAL, 1, 0);
    answered(learned, SHORT, "a", 1, "1");
    answered(learned, SHORT, "b", 1, "2");
    answered(learned, SHORT, "c", 1, "3");

    assertThat(run(learned, 100, new World(SHORT, Map.of("a", 1000)))).containsOnlyKeys("a");
  }

  @Test
  void it_notices_when_the_world_changes() {
    Strategy learned = bandit(EQUAL, 0.05, 0.1);
    run(learned, 2000, shorts);
    var turned = new World(SHORT, Map.of("a", 300, "b", 500, "c", 900));
    run(learned, 2000, turned);

    assertThat(run(learned, 500, turned).get("c")).isGreaterThan(400);
  }

  @Test
  void it_notices_when_somebody_who_was_bad_becomes_better_than_the_best() {
    Strategy learned = bandit(EQUAL, 0.05, 0.1);
    run(learned, 2000, new World(SHORT, Map.of("a", 600, "b", 100, "c", 0)));
    var turned = new World(SHORT, Map.of("a", 600, "b", 100, "c", 1000));
    run(learned, 3000, turned);

    assertThat(run(learned, 500, turned).get("c")).isGreaterThan(400);
  }

  @Test
  void a_score_is_its_formula() {
    Strategy learned = bandit(COST, 0, 0);
    answered(learned, SHORT, "a", 2, "1");
    answered(learned, SHORT, "b", 1, "2");
    Ranking ranking = supposed(learned, targets.subList(0, 2));

    double a = (1 + 2 * (1 + 2 * 0.75) / 3) / 3;
    double b = (0.5 + 2 * (0.5 + 2 * 0.75) / 3) / 3;
    assertThat(ranking.score(0)).isCloseTo(1 - a, within(0.002));
    assertThat(ranking.score(1)).isCloseTo(1 - b, within(0.002));
  }

  @Test
  void latency_and_cost_count_by_their_weights() {
    Strategy quick = bandit(new Weights(0.1, 0.9, 0), 0, 0);
    Strategy cheap = bandit(new Weights(0.9, 0.1, 0), 0, 0);
    for (Strategy one : List.of(quick, cheap)) {
      answered(one, SHORT, "a", 5, "1");
      answered(one, SHORT, "b", 1, "5");
    }
    assertThat(best(quick, targets.subList(0, 2))).isEqualTo("b");
    assertThat(best(cheap, targets.subList(0, 2))).isEqualTo("a");
  }

  @Test
  void a_call_that_fails_is_worth_nothing_however_cheap_and_fast() {
    Strategy learned = bandit(EQUAL, 0, 0);
    lesson(learned, SHORT).failed(target("a"));
    answered(learned, SHORT, "b", 60, "9");

    assertThat(best(learned, targets.subList(0, 2))).isEqualTo("b");
  }

  @Test
  void what_callers_say_decides_between_equals_and_the_last_word_counts() {
    Strategy learned = bandit(FEEDBACK, 0, 0);
    Lesson a = answered(learned, SHORT, "a", 1, "1");
    Lesson b = answered(learned, SHORT, "b", 1, "1");
    a.rated(OptionalDouble.empty(), 1);
    b.rated(OptionalDouble.empty(), 0.4);
    assertThat(best(learned, targets.subList(0, 2))).isEqualTo("a");

    a.rated(OptionalDouble.of(1), 0);
    assertThat(best(learned, targets.subList(0, 2))).isEqualTo("b");
  }

  @Test
  void what_was_learned_is_kept_over_reloads_also_under_other_weights() {
    Strategy before = new Learned(percent(0), percent(0), some(1), some(0), some(0)).build();
    answered(before, SHORT, "a", 5, "1");
    answered(before, SHORT, "b", 1, "5");
    Strategy after =
        new Learned(percent(0), percent(0), some(0), some(1), some(0)).build().following(before);

    assertThat(best(before, targets.subList(0, 2))).isEqualTo("a");
    assertThat(best(after, targets.subList(0, 2))).isEqualTo("b");
    assertThat(after.following(new InOrder().build())).isSameAs(after);
  }

  @Test
  void calls_with_a_key_of_their_own_and_calls_that_are_not_made_teach_nothing() {
    Strategy learned = bandit(EQUAL, 1, 1);
    Call own =
        new Call(
            SHORT.trail(),
            "",
            SHORT.caller(),
            SHORT.terms(),
            SHORT.request(),
            Optional.of(new Credential("own", "k")),
            Optional.empty(),
            Optional.empty(),
            0);
    Call supposed = Asking.tokens(100, 10);
    supposed.trail().suppose();

    assertThat(learned.rank(own, targets).lesson()).isSameAs(Lesson.NONE);
    assertThat(learned.rank(supposed, targets).lesson()).isSameAs(Lesson.NONE);
    assertThat(learned.rank(SHORT, targets).lesson()).isNotSameAs(Lesson.NONE);
  }

  @Test
  void the_targets_of_a_session_teach_as_all_others_do() {
    Ranking ranking = bandit(EQUAL, 0, 0).rank(SHORT, targets);

    assertThat(ranking.beginningWith(2).lesson()).isSameAs(ranking.lesson());
  }

  @Test
  void kinds_tell_tools_pictures_and_lengths_apart() {
    assertThat(
            Stream.of(
                    "{\"messages\":[]}",
                    "{\"tools\":[]}",
                    "{\"messages\":[{\"content\":[{\"type\":\"image_url\"}]}]}",
                    "{\"tools\":[],\"contents\":[{\"mime_type\":\"image/png\"}]}",
                    "{\"messages\":\"" + "x".repeat(4000) + "\"}",
                    "{\"messages\":\"" + "x".repeat(40_000) + "\"}",
                    "{\"messages\":\"" + "x".repeat(400_000) + "\"}")
                .map(body -> Kind.of(Asking.chat(body))))
        .doesNotHaveDuplicates()
        .allMatch(kind -> kind >= 0 && kind < Kind.COUNT);
    assertThat(Kind.of(Asking.chat("{\"messages\":\"an image of e imag image\"}")))
        .isEqualTo(Kind.of(Asking.chat("{}")));
  }

  @Test
  void calls_on_many_threads_lose_nothing() throws InterruptedException {
    var experience = new Experience();
    var threads =
        Stream.generate(() ->
                new Thread(() -> {
                  for (int i = 0; i < 5000; i++) {
                    experience.began(0);
                    var _ = experience.answered(target("a"), 0, 1, Optional.of(1.0));
                  }
                }))
            .limit(4)
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(experience.begun(Experience.ALL)).isEqualTo(20_000);
    assertThat(experience.learned(0)).isEqualTo(20_000);
    Experience.Results results = experience.of(target("a")).of(0);
    assertThat(results.answered()).isEqualTo(results.calls()).isBetween(25.0, 50.0);
  }

  @Test
  void nothing_that_counts_is_refused() {
    assertThatThrownBy(() -> new Learned(percent(5), percent(5), some(0), some(0), some(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'cost', 'latency' and 'feedback' must not all be 0");
  }

  private static Percent percent(int value) {
    return new Percent(BigDecimal.valueOf(value));
  }

  private static Optional<BigDecimal> some(int value) {
    return Optional.of(BigDecimal.valueOf(value));
  }

  private Bandit bandit(Weights weights, double explore, double regret) {
    return new Bandit(weights, explore, regret, new Experience(), () -> random);
  }

  private Target target(String name) {
    return targets.stream()
        .filter(one -> one.provider().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private Lesson lesson(Strategy strategy, Call call) {
    return strategy.rank(call, targets).lesson();
  }

  private Lesson answered(Strategy strategy, Call call, String name, int seconds, String usd) {
    Lesson lesson = lesson(strategy, call);
    lesson.answered(target(name), seconds * 1_000_000_000L, Optional.of(new BigDecimal(usd)));
    return lesson;
  }

  private static Ranking supposed(Strategy strategy, List<Target> among) {
    Call call = Asking.tokens(100, 10);
    call.trail().suppose();
    return strategy.rank(call, among);
  }

  private static String best(Strategy strategy, List<Target> among) {
    return among
        .get(supposed(strategy, among).best(among.size(), new boolean[among.size()]))
        .provider()
        .name();
  }

  /** Who was asked first how often. */
  private Map<String, Integer> run(Strategy strategy, int calls, World... worlds) {
    var first = new TreeMap<String, Integer>();
    for (int i = 0; i < calls; i++) {
      World world = worlds[i % worlds.length];
      Ranking ranking = strategy.rank(world.call, targets);
      Target asked = targets.get(ranking.best(targets.size(), new boolean[targets.size()]));
      String name = asked.provider().name();
      first.merge(name, 1, Integer::sum);
      if (random.nextInt(1000) < world.answered.getOrDefault(name, 0)) {
        ranking.lesson().answered(asked, 1_000_000_000, Optional.of(BigDecimal.ONE));
      } else {
        ranking.lesson().failed(asked);
      }
    }
    return first;
  }
}
