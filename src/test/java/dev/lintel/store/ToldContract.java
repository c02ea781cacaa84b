package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store knows of what was told already. */
interface ToldContract {
  Duration HOUR = Duration.ofHours(1);

  Store store();

  Store reopened();

  @Test
  default void of_many_who_say_the_same_at_once_one_is_the_first() {
    Instant now = Instant.now();
    assertThat(
            IntStream.range(0, 16)
                .parallel()
                .filter(i -> store().first("budget/a", now, HOUR))
                .count())
        .isEqualTo(1);
    assertThat(store().first("budget/b", now, HOUR)).isTrue();
    assertThat(reopened().first("budget/a", now, HOUR)).isFalse();
  }

  @Test
  default void after_its_time_somebody_is_the_first_again() {
    Instant now = Instant.now();
    assertThat(store().first("a", now, HOUR)).isTrue();
    assertThat(store().first("a", now.plus(HOUR).minusMillis(1), HOUR)).isFalse();
    assertThat(store().first("a", now.plus(HOUR), HOUR)).isTrue();
    assertThat(store().first("a", now.plus(HOUR), HOUR)).isFalse();
  }

  @Test
  default void what_was_said_by_a_clock_that_ran_ahead_keeps_nobody_from_being_the_first() {
    Instant now = Instant.now();
    assertThat(store().first("a", now.plus(Duration.ofDays(365)), HOUR)).isTrue();
    assertThat(store().first("a", now, HOUR)).isTrue();
    assertThat(store().first("a", now, HOUR)).isFalse();
    assertThat(store().first("b", now.plusSeconds(60), HOUR)).isTrue();
    assertThat(store().first("b", now, HOUR)).as("nodes' clocks differ a little").isFalse();
  }
}
