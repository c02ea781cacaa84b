package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Caller;
import dev.lintel.Erasure;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Trail;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NotableTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
  private static final Optional<String> ALL = Optional.empty();

  private final Notable notable = new Notable();

  /** Nano time; it may begin anywhere. */
  private long now = -Duration.ofMinutes(3).toNanos();

  private String ended(String tenant, long millis, Failure.Kind... kind) {
    String id = Ids.request(NOON);
    var trail = new Trail(id, NOON, now);
    trail.calledBy(new Caller(tenant, "a", "k", Optional.empty(), false));
    Optional<Failure> failure =
        kind.length == 0 ? Optional.empty() : Optional.of(Failure.of(kind[0], "no"));
    notable.on(trail, new Event.Ended(failure, Duration.ofMillis(millis).toNanos()));
    now += Duration.ofMillis(millis).toNanos();
    return id;
  }

  private static List<String> ids(List<Notable.Past> calls) {
    return calls.stream().map(Notable.Past::id).toList();
  }

  @Test
  void the_slowest_of_the_last_minutes_are_told_and_no_older_ones() {
    String old = ended("t", 9_000);
    List<String> slow = IntStream.range(0, 200).mapToObj(i -> ended("t", 10 + i)).toList();
    assertThat(ids(notable.slowest(ALL, now)))
        .hasSize(Notable.MOST)
        .startsWith(old, slow.get(199), slow.get(198));
    now += Notable.LATELY.toNanos() + 1;
    assertThat(notable.slowest(ALL, now)).isEmpty();
    String next = ended("t", 5);
    assertThat(ids(notable.slowest(ALL, now))).containsExactly(next);
  }

  @Test
  void a_quick_minute_does_not_hide_the_slow_one_before_it() {
    List<String> slow = IntStream.range(0, 20).mapToObj(i -> ended("t", 500)).toList();
    now += Duration.ofMinutes(2).toNanos();
    IntStream.range(0, 1000).forEach(i -> ended("t", 1));
    assertThat(slow).containsAll(ids(notable.slowest(ALL, now)));
  }

  @Test
  void each_tenant_has_its_own_however_many_calls_the_others_make() {
    String own = ended("quiet", 3);
    String lost = ended("quiet", 2, Failure.Kind.TIMEOUT);
    IntStream.range(0, 1000).forEach(i -> ended("loud", 50, Failure.Kind.TIMEOUT));
    assertThat(ids(notable.slowest(Optional.of("quiet"), now))).containsExactly(own, lost);
    assertThat(ids(notable.failed(Optional.of("quiet"), now))).containsExactly(lost);
    assertThat(notable.failed(Optional.of("nobody"), now)).isEmpty();
  }

  @Test
  void a_flood_of_one_kind_of_failure_hides_no_other() {
    String rare = ended("t", 1, Failure.Kind.UPSTREAM_ERROR);
    IntStream.range(0, 1000).forEach(i -> ended("t", 1, Failure.Kind.RATE_LIMITED));
    String last = ended("t", 1, Failure.Kind.RATE_LIMITED);
    assertThat(ids(notable.failed(ALL, now)).subList(0, 2)).containsExactlyInAnyOrder(rare, last);
  }

  @Test
  void a_caller_who_left_is_no_failure_and_a_copy_for_comparison_no_call() {
    ended("t", 10, Failure.Kind.CANCELLED);
    var shadow = new Trail(Ids.request(NOON), NOON, now);
    shadow.shadowOf("req_x");
    notable.on(shadow, new Event.Ended(Optional.of(Failure.internal()), 1));
    assertThat(notable.failed(ALL, now)).isEmpty();
    assertThat(notable.slowest(ALL, now)).hasSize(1);
  }

  @Test
  void more_tenants_than_there_is_room_for_share_it() {
    IntStream.range(0, 2000).forEach(i -> ended("t" + i, 1));
    String last = ended("late", 7_000);
    assertThat(ids(notable.slowest(Optional.of("late"), now))).containsExactly(last);
  }

  @Test
  void what_is_erased_is_gone() {
    ended("t", 10, Failure.Kind.TIMEOUT);
    String others = ended("u", 10, Failure.Kind.TIMEOUT);
    notable.erase(List.of(erasure("t")));
    assertThat(ids(notable.slowest(ALL, now))).containsExactly(others);
    assertThat(ids(notable.failed(ALL, now))).containsExactly(others);
  }

  private static Erasure erasure(String tenant) {
    return new Erasure(
        1,
        "e",
        tenant,
        NOON.plusSeconds(60),
        Optional.empty(),
        "admin",
        NOON,
        false,
        Erasure.Erased.NOTHING,
        List.of());
  }
}
