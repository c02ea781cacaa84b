package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Replays.Found;
import dev.lintel.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with replies that are kept under a key. */
interface ReplaysContract {
  Replays.Key KEY = new Replays.Key("t", "a", "k-1");
  byte[] QUESTION = {1};
  byte[] ANOTHER = {2};

  /** A fresh one, with a bound of a million bytes for all replies. */
  Store store();

  MovingClock clock();

  /** The same data, opened by another process after this one has died. */
  Store reopened();

  static Replay reply(String callId, int bytes) {
    return new Replay(
        200,
        "text/event-stream",
        Map.of("x-lintel-target", "p/m"),
        "x".repeat(bytes).getBytes(StandardCharsets.UTF_8),
        true,
        callId);
  }

  @Test
  default void gives_a_kept_reply_to_the_same_question_byte_for_byte() {
    Replays replays = store().replays();
    assertThat(replays.take(KEY, QUESTION, "c1")).isInstanceOf(Found.Free.class);
    replays.keep(KEY, reply("c1", 10));
    assertThat(replays.take(KEY, QUESTION, "c2"))
        .isInstanceOfSatisfying(
            Found.Kept.class,
            kept -> assertThat(kept.reply()).usingRecursiveComparison().isEqualTo(reply("c1", 10)));
  }

  @Test
  default void tells_another_question_from_the_same_one_while_it_runs_and_after() {
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    assertThat(replays.take(KEY, ANOTHER, "c2")).isInstanceOf(Found.Other.class);
    assertThat(replays.take(KEY, QUESTION, "c3")).isInstanceOf(Found.Running.class);
    replays.keep(KEY, reply("c1", 10));
    assertThat(replays.take(KEY, ANOTHER, "c4")).isInstanceOf(Found.Other.class);
  }

  @Test
  default void a_key_is_its_apps_own() {
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    for (var other :
        List.of(
            new Replays.Key("t", "b", "k-1"),
            new Replays.Key("u", "a", "k-1"),
            new Replays.Key("t", "a", "K-1"))) {
      assertThat(replays.take(other, QUESTION, "c-" + other)).isInstanceOf(Found.Free.class);
    }
  }

  @Test
  default void a_freed_key_is_free_at_once_for_any_question() {
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    replays.free(KEY, "c1");
    assertThat(replays.take(KEY, ANOTHER, "c2")).isInstanceOf(Found.Free.class);
  }

  @Test
  default void who_does_not_hold_a_key_neither_frees_nor_keeps_it() {
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    replays.free(KEY, "c2");
    replays.keep(KEY, reply("c2", 10));
    assertThat(replays.take(KEY, QUESTION, "c3")).isInstanceOf(Found.Running.class);
    replays.keep(KEY, reply("c1", 10));
    replays.free(KEY, "c1");
    assertThat(replays.take(KEY, QUESTION, "c4")).isInstanceOf(Found.Kept.class);
  }

  @Test
  default void a_reply_is_forgotten_after_a_day() {
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    replays.keep(KEY, reply("c1", 10));
    clock().pass(Duration.ofHours(24).minusSeconds(1));
    assertThat(replays.take(KEY, QUESTION, "c2")).isInstanceOf(Found.Kept.class);
    clock().pass(Duration.ofSeconds(1));
    assertThat(replays.take(KEY, ANOTHER, "c3")).isInstanceOf(Found.Free.class);
  }

  @Test
  default void a_kept_reply_outlasts_its_process_and_a_held_key_does_not() {
    var held = new Replays.Key("t", "a", "held");
    Replays replays = store().replays();
    replays.take(KEY, QUESTION, "c1");
    replays.keep(KEY, reply("c1", 10));
    replays.take(held, QUESTION, "c2");
    Replays after = reopened().replays();
    clock().pass(Duration.ofSeconds(16));
    assertThat(after.take(KEY, QUESTION, "c3")).isInstanceOf(Found.Kept.class);
    assertThat(after.take(held, ANOTHER, "c4")).isInstanceOf(Found.Free.class);
  }

  @Test
  default void of_many_who_ask_at_once_one_gets_the_key() throws InterruptedException {
    Replays replays = store().replays();
    var found = new ConcurrentLinkedQueue<Found>();
    var threads =
        IntStream.range(0, 40)
            .mapToObj(i ->
                Thread.ofVirtual().start(() -> found.add(replays.take(KEY, QUESTION, "c" + i))))
            .toList();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(found).hasSize(40);
    assertThat(found).filteredOn(one -> one instanceof Found.Free).hasSize(1);
  }

  @Test
  default void the_oldest_replies_go_when_all_together_are_too_large() {
    Replays replays = store().replays();
    for (int i = 0; i < 12; i++) {
      var key = new Replays.Key("t", "a", "large-" + i);
      replays.take(key, QUESTION, "c" + i);
      replays.keep(key, reply("c" + i, 200_000));
      clock().pass(Duration.ofSeconds(1));
    }
    assertThat(replays.take(new Replays.Key("t", "a", "large-0"), QUESTION, "d0"))
        .isInstanceOf(Found.Free.class);
    assertThat(replays.take(new Replays.Key("t", "a", "large-11"), QUESTION, "d1"))
        .isInstanceOf(Found.Kept.class);
  }
}
