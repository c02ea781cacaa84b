package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SpreadTest {
  private final Spread spread = new Spread();

  @Test
  void tells_every_time_between_a_microsecond_and_an_hour_within_four_in_a_hundred() {
    for (long nanos = 16_000; nanos < TimeUnit.HOURS.toNanos(1); nanos += nanos / 7) {
      var one = new Spread();
      one.add(nanos);
      assertThat(one.within(1).orElseThrow()).isCloseTo(nanos, withinPercentage(4));
    }
  }

  @Test
  void what_is_shorter_or_longer_counts_as_the_least_and_the_most() {
    spread.add(0);
    spread.add(Long.MAX_VALUE);
    assertThat(spread.count()).isEqualTo(2);
    assertThat(spread.within(0.5).orElseThrow()).isLessThan(2_000);
    assertThat(spread.within(1).orElseThrow()).isGreaterThan(TimeUnit.HOURS.toNanos(1));
  }

  @Test
  void a_share_is_within_the_time_that_it_names() {
    for (int i = 1; i <= 100; i++) {
      spread.add(TimeUnit.MILLISECONDS.toNanos(i));
    }
    assertThat(spread.within(0.5).orElseThrow() / 1e6).isCloseTo(50, withinPercentage(4));
    assertThat(spread.within(0.95).orElseThrow() / 1e6).isCloseTo(95, withinPercentage(4));
  }

  @Test
  void several_are_told_as_one_and_nothing_of_none() {
    var other = new Spread();
    spread.add(1_000_000);
    other.add(9_000_000);
    assertThat(Spread.within(0.5, List.of(spread, other))).isEqualTo(spread.within(1));
    assertThat(Spread.within(1, List.of(spread, other))).isEqualTo(other.within(1));
    spread.clear();
    assertThat(spread.within(0.5)).isEmpty();
    assertThat(Spread.within(0.5, List.of())).isEmpty();
  }
}
