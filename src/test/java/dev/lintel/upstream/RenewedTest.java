package dev.lintel.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.OnCallThread;
import dev.lintel.upstream.Renewed.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RenewedTest {
  private final AtomicLong clock = new AtomicLong(1);
  private final AtomicInteger fetched = new AtomicInteger();

  private static long soon() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private Renewed<String> counted(Duration good) {
    return new Renewed<>(
        "a test", () -> new Lease<>("v" + fetched.incrementAndGet(), good), clock::get);
  }

  private static String get(Renewed<String> value) {
    return OnCallThread.call(() -> value.get(soon()));
  }

  /** What a fetch that was begun beside a call has brought. */
  private void awaitFetched(int times) {
    OnCallThread.run(() ->
        assertThat(CallThread.current().await(() -> fetched.get() == times, soon())).isTrue());
    // A fetch ends on the loop on which this runs, so it has ended when this has.
    OnCallThread.run(() -> {});
  }

  @Test
  void it_is_fetched_once_and_kept() {
    var value = counted(Duration.ofHours(1));

    assertThat(List.of(get(value), get(value))).containsOnly("v1");
    pass(Duration.ofMinutes(55));
    assertThat(get(value)).isEqualTo("v1");
    assertThat(fetched).hasValue(1);
  }

  @Test
  void it_is_renewed_ahead_of_its_end_while_the_old_one_is_in_use() {
    var value = counted(Duration.ofHours(1));
    get(value);
    pass(Duration.ofMinutes(56));

    assertThat(get(value)).isEqualTo("v1");
    awaitFetched(2);
    assertThat(get(value)).isEqualTo("v2");
  }

  @Test
  void calls_that_have_none_wait_for_one_fetch() throws Exception {
    var answer = new CompletableFuture<String>();
    var value =
        new Renewed<String>(
            "a test",
            () -> {
              fetched.incrementAndGet();
              CallThread thread = CallThread.current();
              answer.whenComplete((text, failed) -> thread.wake());
              thread.await(answer::isDone, soon());
              return new Lease<>(answer.join(), Duration.ofHours(1));
            },
            clock::get);
    var got = new ArrayList<CompletableFuture<String>>();
    var asked = new AtomicInteger();
    for (int i = 0; i < 20; i++) {
      var one = new CompletableFuture<String>();
      got.add(one);
      CallThread.start(
          OnCallThread.loop(),
          () -> {
            asked.incrementAndGet();
            one.complete(value.get(soon()));
          });
    }
    OnCallThread.run(() -> CallThread.current().await(() -> asked.get() == 20, soon()));
    answer.complete("late");

    for (var one : got) {
      assertThat(one.get(20, TimeUnit.SECONDS)).isEqualTo("late");
    }
    assertThat(fetched).hasValue(1);
  }

  @Test
  void a_renewal_that_fails_is_tried_again_after_a_pause_and_harms_nobody_before_the_end() {
    var failing = new AtomicReference<Failure>();
    var value =
        new Renewed<String>(
            "a test",
            () -> {
              int number = fetched.incrementAndGet();
              if (failing.get() != null) {
                throw failing.get();
              }
              return new Lease<>("v" + number, Duration.ofHours(1));
            },
            clock::get);
    get(value);
    failing.set(Errand.refusal(401, "No."));
    pass(Duration.ofMinutes(56));

    assertThat(get(value)).isEqualTo("v1");
    awaitFetched(2);
    assertThat(get(value)).isEqualTo("v1");
    assertThat(fetched).hasValue(2);
    pass(Duration.ofSeconds(11));
    assertThat(get(value)).isEqualTo("v1");
    awaitFetched(3);
    pass(Duration.ofMinutes(4));
    assertThatThrownBy(() -> get(value))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.message()).isEqualTo("No.");
              assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR);
              assertThat(failure.blame()).isEqualTo(Failure.Blame.KEY);
              assertThat(failure.again()).isEqualTo(Failure.Again.ELSEWHERE);
            });
    failing.set(null);
    assertThat(get(value)).isEqualTo("v5");
  }

  @Test
  void what_was_refused_is_renewed_but_not_without_end() {
    var value = counted(Duration.ofHours(1));
    get(value);
    value.refused("v1");
    assertThat(get(value)).isEqualTo("v1");
    pass(Duration.ofSeconds(11));
    value.refused("another");
    get(value);
    assertThat(fetched).hasValue(1);

    value.refused("v1");
    assertThat(get(value)).isEqualTo("v2");
    value.refused("v2");
    assertThat(get(value)).isEqualTo("v2");
    assertThat(fetched).hasValue(2);
  }

  @Test
  void an_answer_without_sense_is_a_failure_of_the_account() {
    var value =
        new Renewed<String>(
            "A test",
            () -> {
              throw new NumberFormatException("secret text");
            },
            clock::get);

    assertThatThrownBy(() -> get(value))
        .isInstanceOf(Failure.class)
        .hasMessage("A test was answered with nothing that makes sense.");
  }
}
