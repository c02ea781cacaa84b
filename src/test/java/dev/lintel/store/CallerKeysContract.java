package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Store;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with callers' keys. */
interface CallerKeysContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private CallerKey key(String app, String id) {
    return new CallerKey(
        id,
        "t",
        app,
        "ci",
        CallerKey.Kind.BEARER,
        "sk-lintel-ab",
        "0123456789abcdef".repeat(4),
        "",
        new CallerKey.Scopes(Set.of("m"), Set.of("chat"), Set.of("Grüße"), Set.of("10.0.0.0/8")),
        Instant.ofEpochMilli(clock().millis()),
        Optional.of(Instant.ofEpochMilli(clock().millis() + 5000)),
        Optional.empty(),
        Optional.empty());
  }

  /** What one look tells. */
  record Look(List<String> known, List<String> gone, long next) {
    static Look at(CallerKeys keys, long since) {
      var known = new ArrayList<String>();
      var gone = new ArrayList<String>();
      long next = keys.changed(since, key -> known.add(key.id()), gone::add);
      return new Look(known, gone, next);
    }
  }

  @Test
  default void what_was_deleted_after_a_look_at_nothing_is_told_of() {
    CallerKeys keys = store().callerKeys();
    Look nothing = Look.at(keys, CallerKeys.ANEW);
    assertThat(nothing.known()).isEmpty();
    keys.add(key("a", "key_1"));
    keys.delete("t", "a", "key_1");
    assertThat(Look.at(keys, nothing.next()).gone()).containsExactly("key_1");
  }

  @Test
  default void a_key_comes_back_as_it_was_also_after_the_process() {
    store().callerKeys().add(key("a", "key_1"));
    CallerKeys after = reopened().callerKeys();
    assertThat(after.find("t", "a", "key_1")).contains(key("a", "key_1"));
    assertThat(after.find("t", "b", "key_1")).isEmpty();
    assertThat(after.find("u", "a", "key_1")).isEmpty();
  }

  @Test
  default void an_app_s_keys_are_listed_in_their_order_page_by_page() {
    CallerKeys keys = store().callerKeys();
    List.of("key_3", "key_1", "key_2").forEach(id -> keys.add(key("a", id)));
    keys.add(key("b", "key_4"));
    assertThat(keys.list("t", "a", "", 2))
        .extracting(CallerKey::id)
        .containsExactly("key_1", "key_2");
    assertThat(keys.list("t", "a", "key_2", 2)).extracting(CallerKey::id).containsExactly("key_3");
  }

  @Test
  default void a_look_tells_what_came_what_changed_and_what_went_and_the_next_one_nothing() {
    CallerKeys keys = store().callerKeys();
    assertThat(Look.at(keys, CallerKeys.ANEW)).isEqualTo(new Look(List.of(), List.of(), 0));
    keys.add(key("a", "key_1"));
    keys.add(key("a", "key_2"));
    Look first = Look.at(keys, CallerKeys.ANEW);
    assertThat(first.known).containsExactly("key_1", "key_2");
    assertThat(keys.expire("t", "a", "key_1", clock().instant())).isTrue();
    assertThat(keys.delete("t", "a", "key_2")).isTrue();
    Look second = Look.at(keys, first.next);
    assertThat(second.known).containsExactly("key_1");
    assertThat(second.gone).containsExactly("key_2");
    assertThat(Look.at(keys, second.next)).isEqualTo(new Look(List.of(), List.of(), second.next));
  }

  @Test
  default void who_begins_anew_hears_nothing_of_what_is_gone() {
    CallerKeys keys = store().callerKeys();
    keys.add(key("a", "key_1"));
    keys.delete("t", "a", "key_1");
    Look all = Look.at(keys, CallerKeys.ANEW);
    assertThat(all.known).isEmpty();
    assertThat(all.gone).isEmpty();
    assertThat(all.next).isPositive();
  }

  @Test
  default void what_is_not_there_is_neither_deleted_nor_changed() {
    CallerKeys keys = store().callerKeys();
    keys.add(key("a", "key_1"));
    assertThat(keys.delete("t", "b", "key_1")).isFalse();
    assertThat(keys.delete("t", "a", "key_9")).isFalse();
    assertThat(keys.expire("u", "a", "key_1", Instant.EPOCH)).isFalse();
    assertThat(keys.delete("t", "a", "key_1")).isTrue();
    assertThat(keys.delete("t", "a", "key_1")).isFalse();
    assertThat(keys.find("t", "a", "key_1")).isEmpty();
    assertThat(keys.list("t", "a", "", 9)).isEmpty();
  }

  @Test
  default void an_app_that_is_no_more_takes_its_keys_along() {
    CallerKeys keys = store().callerKeys();
    keys.add(key("a", "key_1"));
    keys.add(key("b", "key_2"));
    keys.add(key("c", "key_3"));
    long before = Look.at(keys, CallerKeys.ANEW).next;
    keys.deleteAll("t", "a");
    assertThat(Look.at(keys, before).gone).containsExactly("key_1");
    keys.deleteAll("t", "");
    assertThat(Look.at(keys, before).gone).containsExactlyInAnyOrder("key_1", "key_2", "key_3");
  }

  @Test
  default void a_last_use_never_moves_back() {
    CallerKeys keys = store().callerKeys();
    keys.add(key("a", "key_1"));
    Instant later = Instant.ofEpochMilli(120_000);
    keys.used(Map.of("key_1", later, "t/a#1", later));
    keys.used(Map.of("key_1", Instant.ofEpochMilli(60_000)));
    assertThat(keys.find("t", "a", "key_1").flatMap(CallerKey::lastUse)).contains(later);
    assertThat(keys.uses(Set.of("key_1", "t/a#1", "t/a#2")))
        .isEqualTo(Map.of("key_1", later, "t/a#1", later));
  }

  @Test
  default void changes_that_are_made_at_once_are_each_told_of() {
    CallerKeys keys = store().callerKeys();
    List<CompletableFuture<Void>> adding =
        IntStream.range(0, 40)
            .mapToObj(i -> CompletableFuture.runAsync(() -> keys.add(key("a", "key_" + i))))
            .toList();
    var told = new ArrayList<String>();
    long since = 0;
    while (told.size() < 40) {
      Look look = Look.at(keys, since);
      told.addAll(look.known);
      since = look.next;
    }
    CompletableFuture.allOf(adding.toArray(CompletableFuture[]::new)).join();
    assertThat(told).doesNotHaveDuplicates().hasSize(40);
  }

  @Test
  default void what_one_node_proposes_first_all_agree_upon() {
    byte[] mine = "mine".getBytes(StandardCharsets.UTF_8);
    byte[] yours = "yours".getBytes(StandardCharsets.UTF_8);
    assertThat(store().agreed("secret", mine)).isEqualTo(mine);
    assertThat(store().agreed("secret", yours)).isEqualTo(mine);
    assertThat(store().agreed("another", yours)).isEqualTo(yours);
    assertThat(reopened().agreed("secret", yours)).isEqualTo(mine);
  }
}
