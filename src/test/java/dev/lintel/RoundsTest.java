package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RoundsTest {
  private static final Duration NEVER = Duration.ofDays(1);

  private final LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();

  private Rounds rounds(Duration rest) {
    return new Rounds(
        "rounds",
        () -> {
          seen.add(Thread.currentThread().getName());
          return rest;
        });
  }

  private String next() throws InterruptedException {
    return seen.poll(30, TimeUnit.SECONDS);
  }

  @Test
  void a_round_follows_the_other_on_a_thread_of_that_name() throws InterruptedException {
    try (var rounds = rounds(Duration.ofMillis(1))) {
      rounds.begin(Duration.ZERO);
      assertThat(next()).isEqualTo("rounds");
      assertThat(next()).isEqualTo("rounds");
    }
  }

  @Test
  void who_hurries_waits_neither_for_the_first_round_nor_for_the_next()
      throws InterruptedException {
    try (var rounds = rounds(NEVER)) {
      rounds.begin(NEVER);
      rounds.hurry();
      assertThat(next()).isNotNull();
      rounds.hurry();
      assertThat(next()).isNotNull();
    }
  }

  @Test
  void what_hurries_during_a_round_that_waits_itself_is_not_lost() throws InterruptedException {
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var again = new CountDownLatch(2);
    try (var rounds =
        new Rounds(
            "rounds",
            () -> {
              begun.countDown();
              again.countDown();
              try {
                goOn.await();
              } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
              }
              return NEVER;
            })) {
      rounds.begin(Duration.ZERO);
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      rounds.hurry();
      goOn.countDown();
      assertThat(again.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void who_closes_ends_a_rest_within_a_round_and_waits_for_it() throws InterruptedException {
    var begun = new CountDownLatch(1);
    var left = new CountDownLatch(1);
    var made = new Rounds[1];
    made[0] =
        new Rounds(
            "rounds",
            () -> {
              begun.countDown();
              while (made[0].rest(NEVER)) {
                seen.add("woken for nothing");
              }
              left.countDown();
              return Duration.ZERO;
            });
    made[0].begin(Duration.ZERO);
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    made[0].close();
    assertThat(left.getCount()).isZero();
  }

  @Test
  void what_was_ended_does_not_begin() {
    var rounds = rounds(Duration.ZERO);
    rounds.end();
    rounds.begin(Duration.ZERO);
    rounds.close();
    assertThat(seen).isEmpty();
    assertThat(rounds.ended()).isTrue();
  }
}
