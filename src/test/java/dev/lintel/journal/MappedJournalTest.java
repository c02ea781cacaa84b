package dev.lintel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallRecord;
import dev.lintel.Counters;
import dev.lintel.Event;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.Trail;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedJournalTest {
  private static final int SMALL = 4096;

  @TempDir private Path data;

  @Test
  void what_was_appended_is_read_in_its_order_with_its_charges() {
    var charge = new Counters.Charge("t/a|usd|day", Instant.ofEpochSecond(86_400), 5);
    try (var journal = MappedJournal.open(data, SMALL)) {
      journal.append(record("req_1"), List.of());
      journal.append(record("req_2"), List.of(charge, charge));
      var read = read(journal);
      assertThat(ids(read)).containsExactly("req_1", "req_2");
      assertThat(read.getLast().charges()).containsExactly(charge, charge);
      assertThat(read.getFirst().position()).isLessThan(read.getLast().position());
    }
  }

  @Test
  void a_reader_goes_on_over_segments_while_they_are_written() {
    try (var journal = MappedJournal.open(data, SMALL)) {
      Reader reader = journal.reader(Segment.Mark.IMPORTED);
      for (int i = 0; i < 100; i++) {
        journal.append(record("req_" + i), List.of());
        assertThat(reader.next().map(MappedJournalTest::id)).contains("req_" + i);
        assertThat(reader.next()).isEmpty();
      }
    }
  }

  @Test
  void what_was_read_of_a_segment_that_is_not_full_can_be_forgotten() throws Exception {
    try (var journal = MappedJournal.open(data, SMALL)) {
      Reader reader = journal.reader(Segment.Mark.IMPORTED);
      journal.turn();
      assertThat(journal.folder().segments()).as("nothing was in it").hasSize(1);
      journal.append(record("req_1"), List.of());
      journal.turn();
      journal.append(record("req_2"), List.of());
      assertThat(reader.next().map(MappedJournalTest::id)).contains("req_1");
      assertThat(reader.next().map(MappedJournalTest::id)).contains("req_2");
      journal.folder().drop(reader.base());
      assertThat(journal.folder().segments()).hasSize(1);
      assertThat(ids(read(journal))).containsExactly("req_2");
      assertThat(journal.lost()).isZero();
      try (var files = Files.walk(data)) {
        for (Path file : files.filter(one -> one.toString().endsWith(".seg")).toList()) {
          assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).doesNotContain("req_1");
        }
      }
    }
  }

  @Test
  void turning_while_others_write_loses_nothing() throws Exception {
    try (var journal = MappedJournal.open(data, SMALL)) {
      var writer = Thread.startVirtualThread(() -> append(journal, 0, 300));
      while (writer.isAlive()) {
        journal.turn();
        Thread.yield();
      }
      writer.join();
      assertThat(ids(read(journal))).hasSize(300);
      assertThat(journal.lost()).isZero();
    }
  }

  @Test
  void everything_is_there_at_the_next_start_and_positions_grow() {
    long last;
    String name;
    try (var journal = MappedJournal.open(data, SMALL)) {
      append(journal, 0, 30);
      last = read(journal).getLast().position();
      name = journal.name();
    }
    try (var journal = MappedJournal.open(data, SMALL)) {
      assertThat(ids(read(journal))).hasSize(30);
      journal.append(record("req_new"), List.of());
      var read = read(journal);
      assertThat(ids(read)).hasSize(31).endsWith("req_new");
      assertThat(read.getLast().position()).isGreaterThan(last);
      assertThat(journal.name()).isEqualTo(name);
      assertThat(journal.lost()).isZero();
    }
  }

  @Test
  void a_segment_that_was_cut_anywhere_keeps_what_is_whole() throws IOException {
    byte[] whole;
    List<Records.Entry> entries;
    try (var journal = MappedJournal.open(data, SMALL)) {
      append(journal, 0, 4);
      entries = read(journal);
    }
    Path file = data.resolve("journal").resolve("0000000000000000.seg");
    whole = Files.readAllBytes(file);
    long end = entries.getLast().position() + 900;
    for (int cut = Segment.HEAD; cut < Math.min(end, whole.length); cut++) {
      Path other = copy(whole, cut);
      int at = cut;
      try (var journal = MappedJournal.open(other, SMALL)) {
        long expected =
            IntStream.range(0, 4).filter(i -> end(entries, i, whole) <= at / 8 * 8).count();
        var read = read(journal);
        assertThat(read).as("cut at " + cut).hasSize((int) expected);
        journal.append(record("req_after"), List.of());
        assertThat(ids(read(journal))).endsWith("req_after");
        assertThat(read(journal).getLast().position()).isGreaterThanOrEqualTo(SMALL);
      }
    }
  }

  private static long end(List<Records.Entry> entries, int index, byte[] whole) {
    long at = entries.get(index).position();
    int length = ByteBuffer.wrap(whole).order(java.nio.ByteOrder.nativeOrder()).getInt((int) at);
    return at + Segment.room(length);
  }

  @Test
  void garbage_anywhere_costs_no_more_than_what_it_hit() throws IOException {
    List<Records.Entry> entries;
    try (var journal = MappedJournal.open(data, SMALL)) {
      append(journal, 0, 4);
      entries = read(journal);
    }
    byte[] whole = Files.readAllBytes(data.resolve("journal").resolve("0000000000000000.seg"));
    long end = end(entries, 3, whole);
    for (int at = Segment.HEAD; at < end; at++) {
      byte[] torn = whole.clone();
      torn[at] ^= 0x55;
      Path other = copy(torn, torn.length);
      try (var journal = MappedJournal.open(other, SMALL)) {
        Reader reader = journal.reader(Segment.Mark.IMPORTED);
        var read = new ArrayList<String>();
        for (var one = reader.next(); one.isPresent(); one = reader.next()) {
          read.add(id(one.get()));
        }
        // What fills an entry up to a multiple of eight is of no use.
        assertThat(read.size()).as("byte " + at).isGreaterThanOrEqualTo(3);
        assertThat(journal.lost()).isEqualTo(4 - read.size());
      }
    }
  }

  @Test
  void a_file_that_is_no_segment_is_set_aside_and_no_position_comes_twice() throws IOException {
    long last;
    try (var journal = MappedJournal.open(data, SMALL)) {
      append(journal, 0, 30);
      last = read(journal).getLast().position();
    }
    try (var files = Files.list(data.resolve("journal"))) {
      Path newest = files.filter(f -> f.toString().endsWith(".seg")).sorted().toList().getLast();
      Files.write(newest, new byte[] {1, 2, 3});
    }
    try (var journal = MappedJournal.open(data, SMALL)) {
      journal.append(record("req_new"), List.of());
      var read = read(journal);
      assertThat(ids(read)).endsWith("req_new").contains("req_0");
      assertThat(read.getLast().position()).isGreaterThan(last);
      assertThat(journal.lost()).isEqualTo(1);
    }
  }

  @Test
  void many_threads_append_at_once_and_nothing_is_lost_or_torn() throws Exception {
    int threads = 8;
    int each = 500;
    try (var journal = MappedJournal.open(data, 1 << 16)) {
      var ready = new CountDownLatch(threads);
      var running =
          IntStream.range(0, threads)
              .mapToObj(t ->
                  Thread.ofPlatform()
                      .start(() -> {
                        ready.countDown();
                        for (int i = 0; i < each; i++) {
                          journal.append(record("req_" + t + "x" + i), List.of());
                        }
                      }))
              .toList();
      Reader reader = journal.reader(Segment.Mark.IMPORTED);
      var seen = new HashSet<String>();
      while (seen.size() < threads * each) {
        reader.next().ifPresent(entry -> assertThat(seen.add(id(entry))).isTrue());
        assertThat(journal.lost()).isZero();
      }
      for (Thread thread : running) {
        thread.join();
      }
      assertThat(reader.next()).isEmpty();
    }
  }

  @Test
  void a_second_process_has_a_journal_of_its_own_and_the_next_start_brings_in_both()
      throws Exception {
    try (var first = MappedJournal.open(data, SMALL);
        var second = MappedJournal.open(data, SMALL)) {
      assertThat(second.name()).isNotEqualTo(first.name());
      first.append(record("req_1"), List.of());
      second.append(record("req_2"), List.of());
    }
    try (var next = MappedJournal.open(data, SMALL)) {
      assertThat(ids(read(next))).containsExactly("req_1");
      assertThat(next.left()).hasSize(1);
    }
  }

  @Test
  void what_the_processes_before_have_charged_is_summed_until_it_was_brought_in() {
    var day = Instant.ofEpochSecond(86_400);
    try (var journal = MappedJournal.open(data, SMALL)) {
      for (int i = 0; i < 10; i++) {
        journal.append(record("req_" + i), List.of(new Counters.Charge("x", day, i)));
      }
      journal.mark(Segment.Mark.IMPORTED, read(journal).get(4).position());
    }
    try (var journal = MappedJournal.open(data, SMALL)) {
      journal.append(record("req_x"), List.of(new Counters.Charge("x", day, 1000)));
      assertThat(journal.charges())
          .containsExactly(new Counters.Charge("x", day, 5 + 6 + 7 + 8 + 9));
    }
  }

  @Test
  void a_record_that_is_too_long_for_an_entry_keeps_fewer_of_its_targets_or_is_refused() {
    try (var journal = MappedJournal.open(data)) {
      var trail = new Trail("req_1", Instant.EPOCH, 0);
      trail.calledBy(new dev.lintel.Caller("t".repeat(2 << 20), "a", "k", Optional.empty(), false));
      var record = CallRecord.of(trail, new Event.Ended(Optional.empty(), 1));
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> journal.append(record, List.of()))
          .isInstanceOf(dev.lintel.Failure.class);
      assertThat(journal.lost()).isEqualTo(1);
      journal.append(record("req_2"), List.of());
      assertThat(ids(read(journal))).containsExactly("req_2");
    }
  }

  private Path copy(byte[] segment, int length) throws IOException {
    Path other = data.resolve("other");
    Path folder = other.resolve("journal");
    if (Files.exists(folder)) {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
    }
    Files.createDirectories(folder);
    Files.copy(
        data.resolve("journal/name"), folder.resolve("name"), StandardCopyOption.REPLACE_EXISTING);
    try (var channel =
        FileChannel.open(
            folder.resolve("0000000000000000.seg"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(ByteBuffer.wrap(segment, 0, length));
    }
    return other;
  }

  private static void append(MappedJournal journal, int from, int count) {
    for (int i = from; i < from + count; i++) {
      journal.append(record("req_" + i), List.of());
    }
  }

  private static List<Records.Entry> read(MappedJournal journal) {
    Reader reader = journal.quietReader(0);
    var all = new ArrayList<Records.Entry>();
    for (var next = reader.next(); next.isPresent(); next = reader.next()) {
      all.add(next.get());
    }
    return all;
  }

  private static List<String> ids(List<Records.Entry> entries) {
    return entries.stream().map(MappedJournalTest::id).toList();
  }

  private static String id(Records.Entry entry) {
    return Json.parse(entry.json()).path("request_id").asString("");
  }

  private static CallRecord record(String id) {
    return CallRecord.of(
        new Trail(id, Instant.parse("2026-11-21T12:00:00Z"), 0),
        new Event.Ended(Optional.empty(), 1));
  }
}
