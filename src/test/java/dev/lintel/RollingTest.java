package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RollingTest {
  private static final long LENGTH = Duration.ofSeconds(60).toNanos();

  private static long seconds(double seconds) {
    return (long) (seconds * 1e9);
  }

  @Test
  void what_is_taken_at_one_moment_is_free_exactly_a_window_later() {
    long now = seconds(17.3);
    var rolling = Rolling.of(Duration.ofSeconds(60), 0).at(now).plus(5, now);
    assertThat(rolling.wait(1, 5, now)).isEqualTo(LENGTH);
    assertThat(rolling.wait(1, 5, now + seconds(20))).isEqualTo(LENGTH - seconds(20));
    assertThat(rolling.total(now + LENGTH - 1)).isEqualTo(5);
    assertThat(rolling.total(now + LENGTH)).isZero();
    assertThat(rolling.at(now + LENGTH).total()).isZero();
  }

  @Test
  void no_window_is_ever_passed_and_what_it_says_to_wait_is_true() {
    for (long seed = 0; seed < 200; seed++) {
      var random = new Random(seed);
      long now = random.nextLong(LENGTH);
      var rolling = Rolling.of(Duration.ofSeconds(60), now);
      var taken = new ArrayDeque<Long>();
      for (int step = 0; step < 300; step++) {
        now += random.nextLong(random.nextBoolean() ? seconds(0.2) : seconds(20));
        rolling = rolling.at(now);
        if (rolling.total() == 7) {
          long wait = rolling.wait(1, 7, now);
          assertThat(wait).isBetween(1L, LENGTH);
          assertThat(rolling.at(now + wait - 1).total()).as("seed " + seed).isEqualTo(7);
          now += wait;
          rolling = rolling.at(now);
        }
        assertThat(rolling.total()).as("seed " + seed).isLessThan(7);
        rolling = rolling.plus(1, now);
        taken.add(now);
        while (taken.getFirst() <= now - LENGTH) {
          taken.removeFirst();
        }
        assertThat(rolling.total()).as("seed " + seed).isBetween((long) taken.size(), 7L);
      }
    }
  }

  @Test
  void what_is_given_back_is_what_was_taken_then_and_never_more() {
    var rolling = Rolling.of(Duration.ofSeconds(60), 0).plus(5, 0);
    rolling = rolling.at(seconds(30)).plus(4, seconds(30)).plus(-3, 0);
    assertThat(rolling.total()).isEqualTo(6);
    assertThat(rolling.at(LENGTH).total()).isEqualTo(4);
    assertThat(rolling.at(LENGTH).plus(-3, 0).total()).isEqualTo(4);
    assertThat(rolling.at(LENGTH).plus(3, 0).total()).isEqualTo(7);
    assertThat(rolling.plus(-100, seconds(30)).total()).isEqualTo(2);
  }
}
