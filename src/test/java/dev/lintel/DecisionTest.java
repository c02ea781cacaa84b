package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionTest {
  private final Target a = new Target(Fakes.provider("p"), "a");
  private final Target b = new Target(Fakes.provider("p"), "b");
  private final Target c = new Target(Fakes.provider("p"), "c");
  private final Decision decision = new Decision();

  @Test
  void those_that_are_tried_stand_in_their_order_before_those_that_were_left_out() {
    decision.excluded(a, "it is elsewhere");
    decision.ranked(List.of(b, c), Ranking.of(new double[] {0.7, 0.25}));
    assertThat(text())
        .isEqualTo(
            "[{\"target\":\"p/c\",\"excluded\":null,\"score\":0.25,\"order\":1},"
                + "{\"target\":\"p/b\",\"excluded\":null,\"score\":0.7,\"order\":2},"
                + "{\"target\":\"p/a\",\"excluded\":\"it is elsewhere\",\"score\":null,\"order\":null}]");
  }

  @Test
  void the_last_reason_counts() {
    decision.ranked(List.of(a), Ranking.AS_WRITTEN);
    decision.excluded(a, "first");
    decision.excluded(a, "second");
    assertThat(decision.candidates())
        .singleElement()
        .satisfies(one -> assertThat(one.excluded()).isEqualTo("second"));
  }

  @Test
  void what_was_asked_was_not_left_out_whatever_is_said_of_it_later() {
    decision.ranked(List.of(a, b), Ranking.AS_WRITTEN);
    decision.asked(a);
    decision.excluded(a, "the key rests");
    assertThat(decision.candidates())
        .extracting(Decision.Candidate::target, one -> one.order().orElse(0))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("p/a", 1),
            org.assertj.core.groups.Tuple.tuple("p/b", 2));
  }

  @Test
  void what_was_asked_in_spite_of_its_trouble_comes_after_those_that_were_ranked() {
    decision.excluded(a, "the provider rests");
    decision.ranked(List.of(b), Ranking.AS_WRITTEN);
    decision.asked(b);
    decision.asked(a);
    assertThat(text())
        .isEqualTo(
            "[{\"target\":\"p/b\",\"excluded\":null,\"score\":0.0,\"order\":1},"
                + "{\"target\":\"p/a\",\"excluded\":null,\"score\":null,\"order\":2}]");
  }

  @Test
  void a_fallbacks_targets_follow_and_none_stands_there_twice() {
    decision.ranked(List.of(a, b), Ranking.AS_WRITTEN);
    decision.ranked(List.of(b, c), Ranking.AS_WRITTEN);
    assertThat(decision.candidates())
        .extracting(Decision.Candidate::target)
        .containsExactly("p/a", "p/b", "p/c");
    assertThat(decision.candidates().getLast().order()).hasValue(3);
  }

  @Test
  void a_score_that_is_no_number_is_null() {
    decision.ranked(List.of(a), Ranking.of(new double[] {Double.POSITIVE_INFINITY}));
    assertThat(decision.json().path(0).path("score").isNull()).isTrue();
  }

  @Test
  void a_bound_keeps_the_first_and_says_how_many_follow() {
    decision.ranked(List.of(a, b, c), Ranking.AS_WRITTEN);
    var left = new int[1];
    byte[] json = Json.bytes(generator -> left[0] = decision.write(generator, 2));
    assertThat(Json.parse(json)).hasSize(2);
    assertThat(left[0]).isEqualTo(1);
  }

  @Test
  void a_copy_hears_nothing_of_what_comes_later() {
    decision.excluded(a, "it is elsewhere");
    decision.ranked(List.of(b), Ranking.AS_WRITTEN);
    Decision copy = decision.copy();
    decision.excluded(b, "the key rests");
    decision.ranked(List.of(c), Ranking.AS_WRITTEN);
    assertThat(copy.candidates())
        .extracting(Decision.Candidate::target)
        .containsExactly("p/b", "p/a");
  }

  private String text() {
    return new String(decision.bytes(), java.nio.charset.StandardCharsets.UTF_8);
  }
}
