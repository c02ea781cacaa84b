package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatientTimeTest {
  private static final Instant BEGIN = Instant.parse("2026-11-22T08:00:00Z");

  private Duration passed = Duration.ZERO;
  private Duration set = Duration.ZERO;
  private final List<Instant> doubted = new ArrayList<>();
  private final PatientTime time =
      new PatientTime(() -> passed.toNanos(), this::wall, doubted::add);

  private Instant wall() {
    return BEGIN.plus(passed).plus(set);
  }

  private Instant after(Duration more) {
    passed = passed.plus(more);
    return time.instant();
  }

  @Test
  void a_clock_that_is_set_forward_and_put_right_has_cost_nothing() {
    set = Duration.ofDays(40);
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(BEGIN.plus(passed));
    assertThat(after(Duration.ofHours(5))).isEqualTo(BEGIN.plus(passed));
    set = Duration.ZERO;
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(BEGIN.plus(passed));
    set = Duration.ofDays(40);
    assertThat(after(Duration.ofHours(2))).as("doubted anew").isEqualTo(BEGIN.plus(passed));
    assertThat(after(Duration.ofHours(5))).isEqualTo(BEGIN.plus(passed));
    assertThat(doubted).hasSize(2);
  }

  @Test
  void a_clock_that_was_slow_is_followed_after_some_hours() {
    set = Duration.ofDays(40);
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(BEGIN.plus(passed));
    assertThat(after(Duration.ofHours(7))).isEqualTo(wall());
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(wall());
  }

  @Test
  void what_is_set_by_hours_or_back_is_followed_at_once() {
    set = Duration.ofHours(23);
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(wall());
    set = Duration.ofDays(-40);
    assertThat(after(Duration.ofMinutes(1))).isEqualTo(wall());
    assertThat(after(Duration.ofDays(3))).as("nobody asked meanwhile").isEqualTo(wall());
  }
}
