package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Capture;
import dev.lintel.Ids;
import dev.lintel.Payloads;
import dev.lintel.Payloads.Payload;
import dev.lintel.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with what calls said. */
interface PayloadsContract {
  Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  /** A fresh one. */
  Store store();

  private static Payload payload(Instant time, String tenant, String user, Duration keep) {
    String id = Ids.request(time);
    return new Payload(
        id,
        time,
        tenant,
        "a",
        user,
        Capture.Level.FULL,
        time.plus(keep),
        "sealed-Zanzibar-" + "x".repeat(20_000) + id);
  }

  @Test
  default void a_payload_is_found_until_it_must_be_gone() {
    Payload one = payload(NOON, "t", "", Duration.ofMinutes(90));
    store().payloads().add(List.of(one));
    store().payloads().add(List.of(one));
    assertThat(store().payloads().find(one.id(), NOON)).contains(one);
    assertThat(store().payloads().find(one.id(), NOON.plus(Duration.ofMinutes(90)))).isEmpty();
    assertThat(store().payloads().find("req_none", NOON)).isEmpty();
  }

  @Test
  default void an_hours_payloads_go_at_once_and_others_stay() {
    Payload soon = payload(NOON, "t", "", Duration.ofMinutes(10));
    Payload later = payload(NOON, "t", "", Duration.ofHours(5));
    store().payloads().add(List.of(soon, later));
    assertThat(store().payloads().forget(NOON.plus(Duration.ofMinutes(20)))).isZero();
    assertThat(store().payloads().forget(NOON.plus(Duration.ofMinutes(61)))).isEqualTo(1);
    assertThat(store().payloads().find(soon.id(), NOON)).isEmpty();
    assertThat(store().payloads().find(later.id(), NOON)).contains(later);
    store().payloads().add(List.of(payload(NOON, "t", "", Duration.ofMinutes(10))));
  }

  @Test
  default void a_tenants_payloads_are_erased_by_time_and_by_user() {
    Payload old = payload(NOON, "t", "ann", Duration.ofHours(5));
    Payload young = payload(NOON.plusSeconds(60), "t", "ann", Duration.ofHours(5));
    Payload bens = payload(NOON, "t", "ben", Duration.ofHours(7));
    Payload others = payload(NOON, "u", "ann", Duration.ofHours(5));
    store().payloads().add(List.of(old, young, bens, others));
    assertThat(store().payloads().erase("t", Optional.of(NOON.plusSeconds(30)), Optional.of("ann")))
        .isEqualTo(1);
    assertThat(store().payloads().find(old.id(), NOON)).isEmpty();
    assertThat(store().payloads().find(young.id(), NOON)).contains(young);
    assertThat(store().payloads().erase("t", Optional.empty(), Optional.empty())).isEqualTo(2);
    assertThat(store().payloads().find(bens.id(), NOON)).isEmpty();
    assertThat(store().payloads().find(others.id(), NOON)).contains(others);
  }

  @Test
  default void ids_are_told_newest_first_of_one_tenant_or_all_in_steps() {
    Payload old = payload(NOON, "t", "", Duration.ofHours(5));
    Payload others = payload(NOON.plusSeconds(1), "u", "", Duration.ofHours(7));
    Payload young = payload(NOON.plusSeconds(2), "t", "", Duration.ofHours(9));
    Payload over = payload(NOON.plusSeconds(3), "t", "", Duration.ofMinutes(10));
    store().payloads().add(List.of(young, old, over, others));
    Instant now = NOON.plus(Duration.ofHours(2));
    var payloads = store().payloads();
    assertThat(payloads.some(Optional.empty(), NOON, "s", 10, now))
        .isEqualTo(new Payloads.Some(List.of(young.id(), others.id(), old.id()), Optional.empty()));
    assertThat(payloads.some(Optional.of("t"), NOON, "s", 10, now).ids())
        .containsExactly(young.id(), old.id());
    Payloads.Some first = payloads.some(Optional.of("t"), NOON, "s", 3, now);
    assertThat(first).isEqualTo(new Payloads.Some(List.of(young.id()), Optional.of(others.id())));
    assertThat(payloads.some(Optional.of("t"), NOON, others.id(), 3, now))
        .isEqualTo(new Payloads.Some(List.of(old.id()), Optional.empty()));
    assertThat(payloads.some(Optional.of("t"), NOON.plusSeconds(1), "s", 10, now).ids())
        .containsExactly(young.id());
  }

  @Test
  default void payloads_are_put_under_another_key_with_everything_else_that_is_sealed() {
    Payload one = payload(NOON, "t", "", Duration.ofHours(5));
    store().payloads().add(List.of(one));
    assertThat(store().renew(text -> text.equals(one.sealed()) ? "anew" : text)).isEqualTo(1);
    assertThat(store().payloads().find(one.id(), NOON).orElseThrow().sealed()).isEqualTo("anew");
  }
}
