package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Batch;
import dev.lintel.Batch.Status;
import dev.lintel.Batches;
import dev.lintel.Store;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with batches. */
interface BatchesContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private Batch batch(String tenant, String id) {
    return new Batch(
        id,
        tenant,
        "a",
        "t/a#1",
        "/v1/chat/completions",
        "file-1",
        Map.of("note", "Grüße"),
        Map.of("region", "eu"),
        clock().instant(),
        clock().instant().plus(Duration.ofHours(24)),
        Optional.of(3600L),
        Status.VALIDATING,
        Map.of(Status.VALIDATING, clock().instant()),
        Batch.Counts.NONE,
        "",
        "",
        List.of(new Batch.Fault("c", "m", "p", 3)));
  }

  @Test
  default void a_batch_comes_back_as_it_was_also_after_the_process() {
    store().batches().add(batch("t", "batch_1"));
    assertThat(reopened().batches().find("t", "batch_1")).contains(batch("t", "batch_1"));
  }

  @Test
  default void a_tenant_sees_only_its_own_of_the_kind_it_asks_for() {
    Batches batches = store().batches();
    batches.add(batch("t", "batch_1"));
    batches.add(batch("t", "batch_2"));
    batches.add(batch("t", "msgbatch_1"));
    batches.add(batch("u", "batch_3"));
    assertThat(batches.find("u", "batch_1")).isEmpty();
    assertThat(batches.list("t", "batch_", "", 10))
        .extracting(Batch::id)
        .containsExactly("batch_2", "batch_1");
    assertThat(batches.list("t", "batch_", "batch_2", 10))
        .extracting(Batch::id)
        .containsExactly("batch_1");
    assertThat(batches.list("t", "msgbatch_", "", 10))
        .extracting(Batch::id)
        .containsExactly("msgbatch_1");
  }

  @Test
  default void each_open_batch_is_taken_once_the_oldest_first() {
    Batches batches = store().batches();
    batches.add(batch("t", "batch_2"));
    batches.add(batch("t", "batch_1"));
    assertThat(batches.take()).map(Batch::id).contains("batch_1");
    assertThat(batches.take()).map(Batch::id).contains("batch_2");
    assertThat(batches.take()).isEmpty();
    batches.letGo("batch_2", Duration.ZERO);
    assertThat(batches.take()).map(Batch::id).contains("batch_2");
  }

  @Test
  default void one_that_rests_is_not_taken_before_its_time() {
    Batches batches = store().batches();
    batches.add(batch("t", "batch_1"));
    batches.take();
    batches.letGo("batch_1", Duration.ofSeconds(5));
    clock().pass(Duration.ofSeconds(4));
    assertThat(batches.take()).isEmpty();
    clock().pass(Duration.ofSeconds(2));
    assertThat(batches.take()).isPresent();
  }

  @Test
  default void one_whose_files_lie_elsewhere_is_left_to_others_for_ten_minutes() {
    Batches batches = store().batches();
    batches.add(batch("t", "batch_1"));
    batches.add(batch("t", "batch_2"));
    assertThat(batches.take()).map(Batch::id).contains("batch_1");
    batches.elsewhere("batch_1");
    assertThat(batches.take()).map(Batch::id).contains("batch_2");
    batches.elsewhere("batch_2");
    assertThat(batches.take()).isEmpty();
    clock().pass(Duration.ofMinutes(10));
    assertThat(batches.take()).map(Batch::id).contains("batch_1");
  }

  @Test
  default void what_a_dead_process_was_at_work_on_can_be_taken_after_15_seconds() {
    store().batches().add(batch("t", "batch_1"));
    assertThat(store().batches().take()).isPresent();
    Batches after = reopened().batches();
    clock().pass(Duration.ofSeconds(16));
    assertThat(after.take()).isPresent();
  }

  @Test
  default void one_in_its_last_status_is_not_taken_and_only_such_a_one_is_removed() {
    Batches batches = store().batches();
    batches.add(batch("t", "batch_1"));
    assertThat(batches.remove("t", "batch_1")).isFalse();
    var changed =
        batches.change("batch_1", batch -> batch.now(Status.COMPLETED, clock().instant()));
    assertThat(changed).map(Batch::status).contains(Status.COMPLETED);
    assertThat(batches.take()).isEmpty();
    assertThat(batches.remove("u", "batch_1")).isFalse();
    assertThat(batches.remove("t", "batch_1")).isTrue();
    assertThat(batches.change("batch_1", batch -> batch)).isEmpty();
  }
}
