package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Usage;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaceTest {
  private long now = 1;
  private final Pace pace = new Pace(() -> now);

  @Test
  void knows_nothing_before_the_first_answer() {
    assertThat(pace.firstContentNanos(now)).isNaN();
    assertThat(pace.tokensPerSecond()).isNaN();
    assertThat(pace.outputTokens()).isNaN();
    assertThat(pace.firstContentP95Nanos()).isEqualTo(-1);
    assertThat(pace.underWay()).isZero();
  }

  @Test
  void rises_at_once_to_what_is_slower() {
    answered(100);
    answered(2_000);

    assertThat(seconds()).isCloseTo(2, within(0.01));
  }

  @Test
  void who_is_given_up_while_slow_does_not_look_fast() {
    IntStream.range(0, 20).forEach(i -> answered(100));
    IntStream.range(0, 20).forEach(i -> outrun(400));

    assertThat(seconds()).isCloseTo(0.4, within(0.01));
    assertThat(pace.firstContentP95Nanos()).isGreaterThan(390_000_000);
    assertThat(pace.underWay()).isZero();
  }

  @Test
  void who_is_given_up_at_once_does_not_look_fast() {
    IntStream.range(0, 20).forEach(i -> answered(100));
    IntStream.range(0, 20).forEach(i -> outrun(5));

    assertThat(seconds()).isCloseTo(0.1, within(0.01));
  }

  @Test
  void falls_slowly_to_what_is_usual() {
    IntStream.range(0, 100).forEach(i -> answered(100));
    answered(2_000);
    double usual = 0.1 + 0.1 * 1.9;
    pass(10_000);

    assertThat(seconds()).isCloseTo(usual + (2 - usual) / Math.E, within(0.05));
    pass(50_000);
    assertThat(seconds()).isCloseTo(usual, within(0.06));
  }

  @Test
  void quick_answers_do_not_hide_a_slow_one() {
    answered(2_000);
    IntStream.range(0, 5).forEach(i -> answered(10));

    assertThat(seconds()).isGreaterThan(1.9);
  }

  @Test
  void who_is_not_asked_is_forgotten_in_minutes() {
    answered(2_000);
    pass(300_000);

    assertThat(seconds()).isCloseTo(1, within(0.05));
  }

  @Test
  void who_fails_fast_does_not_look_fast() {
    for (int i = 0; i < 3; i++) {
      long began = pace.began();
      pass(2);
      pace.failed(began);
    }

    assertThat(seconds()).isBetween(3.0, 5.0);
  }

  @Test
  void who_fails_for_ever_is_not_lost_for_ever() {
    for (int i = 0; i < 100; i++) {
      pace.failed(pace.began());
    }

    assertThat(seconds()).isLessThan(61);
  }

  @Test
  void who_fails_late_counts_with_all_that_time() {
    long began = pace.began();
    pass(90_000);
    pace.failed(began);

    assertThat(seconds()).isCloseTo(90, within(0.1));
  }

  @Test
  void counts_the_calls_that_are_under_way() {
    long first = pace.began();
    pace.began();
    pace.began();
    pace.failed(first);
    pace.left();

    assertThat(pace.underWay()).isEqualTo(1);
  }

  @Test
  void learns_how_fast_tokens_come_and_how_many() {
    for (int i = 0; i < 50; i++) {
      pace.began();
      pace.answered(1_000_000_000L, 3_000_000_000L, Usage.of(10, 100, Usage.Source.PROVIDER));
    }

    assertThat(pace.tokensPerSecond()).isCloseTo(50, within(0.1));
    assertThat(pace.outputTokens()).isCloseTo(100, within(0.1));
  }

  @Test
  void a_reply_that_came_whole_says_nothing_of_the_speed_of_its_tokens() {
    pace.began();
    pace.answered(1_000_000_000L, 1_000_100_000L, Usage.of(10, 100, Usage.Source.PROVIDER));

    assertThat(pace.tokensPerSecond()).isNaN();
    assertThat(pace.outputTokens()).isEqualTo(100);
  }

  @Test
  void nineteen_calls_are_too_few_to_tell_the_slowest_of_them() {
    IntStream.range(0, 19).forEach(i -> answered(100));
    assertThat(pace.firstContentP95Nanos()).isEqualTo(-1);
    answered(100);
    assertThat(pace.firstContentP95Nanos() / 1e9).isCloseTo(0.1, within(0.01));
  }

  @Test
  void tells_when_ninety_five_of_a_hundred_had_begun() {
    for (int i = 1; i <= 100; i++) {
      answered(i * 10);
    }

    assertThat(pace.firstContentP95Nanos() / 1e9).isCloseTo(0.95, within(0.03));
  }

  @Test
  void ten_minutes_later_nothing_is_recent() {
    IntStream.range(0, 100).forEach(i -> answered(5_000));
    pass(Duration.ofMinutes(4).toMillis());
    assertThat(pace.firstContentP95Nanos()).isPositive();
    pass(Duration.ofMinutes(6).toMillis());
    assertThat(pace.firstContentP95Nanos()).isEqualTo(-1);
    IntStream.range(0, 20).forEach(i -> answered(100));
    assertThat(pace.firstContentP95Nanos() / 1e9).isCloseTo(0.1, within(0.01));
  }

  @Test
  void many_threads_lose_no_call() throws InterruptedException {
    int threads = 4;
    int calls = 5_000;
    var done = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      Thread.ofPlatform()
          .start(() -> {
            for (int call = 0; call < calls; call++) {
              pace.began();
              pace.answered(50_000_000, 50_000_000, Usage.UNKNOWN);
            }
            done.countDown();
          });
    }
    done.await();

    assertThat(pace.underWay()).isZero();
    assertThat(seconds()).isCloseTo(0.05, within(0.001));
  }

  private void answered(int millis) {
    pace.began();
    pace.answered(millis * 1_000_000L, millis * 1_000_000L, Usage.UNKNOWN);
  }

  private void pass(long millis) {
    now += millis * 1_000_000;
  }

  private void outrun(long millis) {
    pace.began();
    pace.outrun(millis * 1_000_000);
  }

  private double seconds() {
    return pace.firstContentNanos(now) / 1e9;
  }
}
