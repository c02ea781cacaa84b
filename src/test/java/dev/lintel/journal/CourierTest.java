package dev.lintel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallRecord;
import dev.lintel.Counters;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.Soon;
import dev.lintel.Trail;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CourierTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir private Path data;
  private final Kept kept = new Kept();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final List<String> toldAgain = new CopyOnWriteArrayList<>();

  private final Gate stuck = new Gate();

  /** A store that may be away, and may lose its answer. */
  private static final class Kept implements Records {
    private final List<String> ids = new CopyOnWriteArrayList<>();
    private volatile boolean away;
    private volatile boolean deaf;
    private volatile String poison = "";
    private volatile long last = -1;
    private volatile long charged;

    @Override
    public void add(String journal, List<Entry> entries) {
      if (away) {
        throw Failure.of(Failure.Kind.UNAVAILABLE, "away");
      }
      for (Entry entry : entries) {
        entry.charges().forEach(charge -> charged += entry.position() > last ? charge.amount() : 0);
      }
      for (Entry entry : entries) {
        if (!poison.isEmpty() && id(entry.json()).equals(poison)) {
          throw new IllegalArgumentException("no row of it");
        }
      }
      for (Entry entry : entries) {
        if (entry.position() > last && entry.hasRecord()) {
          ids.add(id(entry.json()));
        }
      }
      last = Math.max(last, entries.getLast().position());
      if (deaf) {
        deaf = false;
        throw Failure.of(Failure.Kind.UNAVAILABLE, "done, but nobody heard");
      }
    }

    @Override
    public long last(String journal) {
      return last;
    }

    @Override
    public UsagePage usage(UsageQuestion question) {
      return new UsagePage(List.of(), Optional.empty());
    }

    @Override
    public void forget(Instant before) {}

    @Override
    public Optional<byte[]> find(String id) {
      return Optional.empty();
    }

    @Override
    public Page list(Question asked) {
      return new Page(List.of(), Optional.empty());
    }
  }

  private final class Told implements Courier.Hearer {
    @Override
    public void hear(byte[] json, boolean again) {
      (again ? toldAgain : told).add(id(json));
    }

    @Override
    public void pause() {
      stuck.await();
    }
  }

  /** The output of calls' lines, which somebody may have stopped to read. */
  private static final class Gate {
    private final CountDownLatch open = new CountDownLatch(1);
    private volatile boolean shut;

    void await() {
      if (shut) {
        try {
          open.await();
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  private Courier courier(MappedJournal journal) {
    return new Courier(journal, () -> kept, new Told(), () -> {});
  }

  @Test
  void each_call_is_told_and_brought_once_in_order() {
    List<String> all = new ArrayList<>();
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      for (int i = 0; i < 3000; i++) {
        all.add(append(journal, i));
      }
      await(() -> kept.ids.size() == 3000 && told.size() == 3000);
      assertThat(courier.away()).isFalse();
    }
    assertThat(kept.ids).isEqualTo(all);
    assertThat(told).isEqualTo(all);
    assertThat(segments()).isLessThanOrEqualTo(2);
  }

  @Test
  void what_the_store_missed_is_brought_when_it_is_back_and_nothing_twice() {
    kept.away = true;
    kept.deaf = true;
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      for (int i = 0; i < 100; i++) {
        append(journal, i);
      }
      await(() -> courier.away() && told.size() == 100);
      assertThat(kept.ids).isEmpty();
      kept.away = false;
      await(() -> !courier.away() && kept.ids.size() == 100);
    }
    assertThat(kept.ids).hasSize(100).doesNotHaveDuplicates();
  }

  /** Fifty calls a second, as fast as they go. */
  @Test
  void what_an_hour_without_a_store_leaves_lies_on_the_disk_and_is_brought_once() throws Exception {
    int calls = 180_000;
    int threads = 4;
    var store = new Counting(calls);
    try (var journal = MappedJournal.open(data);
        var courier = new Courier(journal, () -> store, new Silent(), () -> {})) {
      append(journal, 0);
      await(courier::away);
      long before = used();
      var callers = new ArrayList<Thread>();
      for (int i = 0; i < threads; i++) {
        int from = i == 0 ? 1 : i * calls / threads;
        int to = (i + 1) * calls / threads;
        callers.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int number = from; number < to; number++) {
                    append(journal, number);
                  }
                }));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(journal.lost()).isZero();
      assertThat(journal.waiting()).isGreaterThan(calls * 100L);
      assertThat(segments()).isGreaterThan(journal.waiting() / MappedJournal.SEGMENT);
      assertThat(used() - before).as("bytes of the heap").isLessThan(32 << 20);

      store.away = false;
      assertThat(courier.away()).isTrue();
      await(() -> store.brought() == calls);
      await(() -> segments() <= 2 && !courier.away());
      assertThat(store.twice.get()).isZero();
      assertThat(store.largest.get()).as("bytes at once").isLessThan(8 << 20);
    }
  }

  private static long used() {
    System.gc();
    Runtime here = Runtime.getRuntime();
    return here.totalMemory() - here.freeMemory();
  }

  /** Keeps of each call that it was brought. */
  private static final class Counting implements Records {
    private final BitSet there;
    private final AtomicInteger twice = new AtomicInteger();
    private final AtomicLong largest = new AtomicLong();
    private volatile boolean away = true;

    Counting(int calls) {
      there = new BitSet(calls);
    }

    synchronized int brought() {
      return there.cardinality();
    }

    @Override
    public synchronized void add(String journal, List<Entry> entries) {
      if (away) {
        throw Failure.of(Failure.Kind.UNAVAILABLE, "away");
      }
      long bytes = 0;
      for (Entry entry : entries) {
        int number = Integer.parseInt(id(entry.json()).substring("req_".length()));
        if (there.get(number)) {
          twice.incrementAndGet();
        }
        there.set(number);
        bytes += entry.json().length;
      }
      largest.accumulateAndGet(bytes, Math::max);
    }

    @Override
    public long last(String journal) {
      return -1;
    }

    @Override
    public UsagePage usage(UsageQuestion question) {
      return new UsagePage(List.of(), Optional.empty());
    }

    @Override
    public void forget(Instant before) {}

    @Override
    public Optional<byte[]> find(String id) {
      return Optional.empty();
    }

    @Override
    public Page list(Question asked) {
      return new Page(List.of(), Optional.empty());
    }
  }

  private static final class Silent implements Courier.Hearer {
    @Override
    public void hear(byte[] json, boolean again) {}

    @Override
    public void pause() {}
  }

  @Test
  void what_is_charged_while_a_call_goes_on_is_brought_once_and_not_told() {
    var charge = new Counters.Charge("t|usd|total", Instant.EPOCH, 5);
    kept.away = true;
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      journal.charge(List.of(charge));
      append(journal, 1);
      journal.charge(List.of(charge, charge));
      await(() -> courier.away() && told.size() == 1);
    }
    kept.away = false;
    kept.deaf = true;
    try (var journal = MappedJournal.open(data, 1 << 14)) {
      assertThat(journal.charges())
          .containsExactly(new Counters.Charge("t|usd|total", Instant.EPOCH, 15));
      try (var courier = courier(journal)) {
        assertThat(courier.brought(LONG).join()).isTrue();
      }
    }
    assertThat(kept.charged).isEqualTo(15);
    assertThat(kept.ids).containsExactly("req_1");
    assertThat(told).containsExactly("req_1");
  }

  @Test
  void what_was_never_brought_is_brought_after_the_next_start_and_told_once() {
    kept.away = true;
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      append(journal, 0);
      await(() -> courier.away() && told.size() == 1);
      append(journal, 1);
    }
    assertThat(kept.ids).isEmpty();
    assertThat(told).containsExactly("req_0", "req_1");
    kept.away = false;
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      append(journal, 2);
      await(() -> kept.ids.size() == 3);
      assertThat(courier.away()).isFalse();
    }
    assertThat(kept.ids).containsExactly("req_0", "req_1", "req_2");
    assertThat(told).containsExactly("req_0", "req_1", "req_2");
    assertThat(toldAgain).containsExactly("req_0", "req_1");
  }

  @Test
  void what_another_process_left_beside_is_brought_at_the_next_start() {
    try (var first = MappedJournal.open(data, 1 << 14);
        var second = MappedJournal.open(data, 1 << 14)) {
      append(second, 1);
      append(first, 2);
    }
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      await(() -> kept.ids.contains("req_2") || kept.ids.contains("req_1"));
      assertThat(courier.away()).isFalse();
    }
    try (var journal = MappedJournal.open(data, 1 << 14)) {
      assertThat(journal.left()).isEmpty();
    }
  }

  @Test
  void a_record_that_cannot_be_stored_keeps_no_other_out() {
    kept.poison = "req_1";
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      for (int i = 0; i < 3; i++) {
        append(journal, i);
      }
      await(() -> kept.ids.size() == 2 && journal.lost() == 1);
      assertThat(courier.away()).isFalse();
    }
    assertThat(kept.ids).containsExactly("req_0", "req_2");
  }

  @Test
  void who_asks_sees_what_was_appended_before() {
    try (var journal = MappedJournal.open(data, 1 << 12);
        var courier = courier(journal)) {
      for (int i = 0; i < 50; i++) {
        String id = append(journal, i);
        assertThat(courier.told(LONG).join()).isTrue();
        assertThat(told.contains(id) || kept.ids.contains(id)).isTrue();
        if (i % 2 == 0) {
          assertThat(courier.brought(LONG).join()).isTrue();
          assertThat(kept.ids).contains(id);
        }
      }
    }
  }

  @Test
  void who_asks_waits_neither_for_a_stuck_output_nor_for_a_store_that_is_away() {
    stuck.shut = true;
    try (var journal = MappedJournal.open(data, 1 << 14);
        var courier = courier(journal)) {
      String id = append(journal, 0);
      assertThat(courier.told(LONG).join()).isTrue();
      assertThat(kept.ids).containsExactly(id);
      kept.away = true;
      append(journal, 1);
      await(courier::away);
      assertThat(courier.told(Duration.ofMillis(1)).join()).isFalse();
      assertThat(courier.brought(LONG).join()).isFalse();
      kept.away = false;
      stuck.open.countDown();
    }
  }

  private long segments() {
    try (var files = Files.list(data.resolve("journal"))) {
      return files.filter(file -> file.toString().endsWith(".seg")).count();
    } catch (java.io.IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static String append(MappedJournal journal, int number) {
    String id = "req_" + number;
    journal.append(
        CallRecord.of(new Trail(id, Instant.EPOCH, 0), new Event.Ended(Optional.empty(), 1)),
        List.of());
    return id;
  }

  private static String id(byte[] json) {
    return Json.parse(json).path("request_id").asString("");
  }

  private static void await(BooleanSupplier ready) {
    Soon.until(ready);
  }
}
