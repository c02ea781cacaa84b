package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Approvals;
import dev.lintel.Approvals.Known;
import dev.lintel.Approvals.Request;
import dev.lintel.Approvals.State;
import dev.lintel.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with changes that wait for a second admin. */
interface ApprovalsContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private Instant now() {
    return clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private Request asked(String id) {
    return new Request(id, now(), "ann", "PATCH x", now().plusSeconds(60), "sealed", "{}");
  }

  private State state(String id) {
    return store().approvals().find(id, now()).orElseThrow().decision().state();
  }

  @Test
  default void a_request_waits_also_after_the_process() {
    store().approvals().add(asked("a"));
    Known known = reopened().approvals().find("a", now()).orElseThrow();
    assertThat(known.request()).isEqualTo(asked("a"));
    assertThat(known.decision())
        .isEqualTo(new Approvals.Decision(State.PENDING, Optional.empty(), Optional.empty(), 0));
    assertThat(store().approvals().find("b", now())).isEmpty();
  }

  @Test
  default void of_several_who_decide_at_once_one_does() {
    Approvals approvals = store().approvals();
    approvals.add(asked("a"));
    long decided =
        IntStream.range(0, 8)
            .parallel()
            .filter(i ->
                approvals.decide("a", i % 2 == 0 ? State.APPROVED : State.REJECTED, "b" + i, now()))
            .count();
    assertThat(decided).isEqualTo(1);
    assertThat(approvals.find("a", now()).orElseThrow().decision().by()).isPresent();
  }

  @Test
  default void what_is_done_or_rejected_keeps_no_order() {
    Approvals approvals = store().approvals();
    approvals.add(asked("a"));
    approvals.add(asked("b"));
    assertThat(approvals.decide("a", State.APPROVED, "bob", now())).isTrue();
    assertThat(approvals.find("a", now()).orElseThrow().request().order()).isEqualTo("sealed");
    approvals.done("a", 7);
    Known done = approvals.find("a", now()).orElseThrow();
    assertThat(done.request().order()).isEmpty();
    assertThat(done.decision())
        .isEqualTo(
            new Approvals.Decision(State.APPROVED, Optional.of("bob"), Optional.of(now()), 7));
    assertThat(approvals.decide("b", State.REJECTED, "bob", now())).isTrue();
    assertThat(approvals.find("b", now()).orElseThrow().request().order()).isEmpty();
  }

  @Test
  default void what_could_not_be_done_waits_again() {
    Approvals approvals = store().approvals();
    approvals.add(asked("a"));
    approvals.decide("a", State.APPROVED, "bob", now());
    approvals.undecide("a");
    assertThat(state("a")).isEqualTo(State.PENDING);
    approvals.decide("a", State.APPROVED, "bob", now());
    approvals.done("a", 7);
    approvals.undecide("a");
    assertThat(state("a")).isEqualTo(State.APPROVED);
  }

  @Test
  default void nobody_decides_once_its_time_is_over() {
    Approvals approvals = store().approvals();
    approvals.add(asked("a"));
    clock().pass(Duration.ofSeconds(60));
    assertThat(state("a")).isEqualTo(State.EXPIRED);
    assertThat(approvals.decide("a", State.APPROVED, "bob", now())).isFalse();
    approvals.add(asked("b"));
    assertThat(approvals.find("a", now()).orElseThrow().request().order()).isEmpty();
  }

  @Test
  default void they_are_listed_the_newest_first_by_state_and_in_pages() {
    Approvals approvals = store().approvals();
    for (String id : List.of("a", "b", "c", "d")) {
      approvals.add(asked(id));
    }
    approvals.decide("b", State.APPROVED, "bob", now());
    approvals.decide("c", State.REJECTED, "bob", now());
    assertThat(ids("~", 3, Optional.empty())).containsExactly("d", "c", "b");
    assertThat(ids("b", 3, Optional.empty())).containsExactly("a");
    assertThat(ids("~", 9, Optional.of(State.PENDING))).containsExactly("d", "a");
    assertThat(ids("~", 9, Optional.of(State.APPROVED))).containsExactly("b");
    assertThat(ids("~", 9, Optional.of(State.REJECTED))).containsExactly("c");
    assertThat(ids("~", 9, Optional.of(State.EXPIRED))).isEmpty();
    clock().pass(Duration.ofSeconds(61));
    assertThat(ids("~", 9, Optional.of(State.PENDING))).isEmpty();
    assertThat(ids("~", 9, Optional.of(State.EXPIRED))).containsExactly("d", "a");
  }

  private List<String> ids(String before, int limit, Optional<State> state) {
    return store().approvals().list(before, limit, state, now()).stream()
        .map(known -> known.request().id())
        .toList();
  }
}
