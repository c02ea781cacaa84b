package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SwiftTimeTest {
  private static final Instant BEGIN = Instant.parse("2026-11-01T00:00:00Z");

  private final SwiftTime time = new SwiftTime(BEGIN, 1);
  private final List<String> seen = new ArrayList<>();

  @BeforeEach
  void needsLoops() {
    assumeTrue(SwiftTime.possible());
  }

  private void pass(String name, long hours) {
    time.start(() -> {
      time.pass(TimeUnit.HOURS.toNanos(hours));
      seen.add(name + " " + time.wall().instant());
    });
  }

  @Test
  void what_waits_ends_in_the_order_of_time_and_days_take_no_time() {
    pass("slow", 5);
    pass("quick", 1);
    pass("at once", 0);
    assertThat(seen).containsExactly("at once 2026-11-01T00:00:00Z");
    time.until(BEGIN.plusSeconds(7200));
    assertThat(seen).hasSize(2).last().isEqualTo("quick 2026-11-01T01:00:00Z");
    pass("later", 1);
    assertThat(time.wall().instant()).isEqualTo("2026-11-01T02:00:00Z");
    time.finish();
    assertThat(seen.subList(2, 4))
        .containsExactly("later 2026-11-01T03:00:00Z", "slow 2026-11-01T05:00:00Z");
  }

  @Test
  void who_is_woken_goes_on_at_that_moment() {
    boolean[] there = new boolean[1];
    CallThread[] waiting = new CallThread[1];
    time.start(() -> {
      waiting[0] = CallThread.current();
      boolean came =
          CallThread.current()
              .await(() -> there[0], CallThread.nanoTime() + TimeUnit.HOURS.toNanos(9));
      seen.add(came + " " + time.wall().instant());
    });
    time.start(() -> {
      time.pass(TimeUnit.HOURS.toNanos(2));
      there[0] = true;
      waiting[0].wake();
    });
    time.finish();
    assertThat(seen).containsExactly("true 2026-11-01T02:00:00Z");
  }

  @Test
  void what_never_ends_by_itself_is_ended() {
    time.start(() -> {
      try {
        CallThread.current().await(() -> false, Long.MAX_VALUE);
      } catch (Failure ended) {
        seen.add(ended.kind().word());
      }
    });
    time.close();
    assertThat(seen).containsExactly("cancelled");
    assertThat(CallThread.running(time)).isZero();
  }

  @Test
  void chance_is_the_same_each_time() {
    long[] drawn = new long[2];
    for (int i = 0; i < 2; i++) {
      int turn = i;
      new SwiftTime(BEGIN, 7).start(() -> drawn[turn] = CallThread.random().nextLong());
    }
    assertThat(drawn[0]).isEqualTo(drawn[1]);
  }
}
