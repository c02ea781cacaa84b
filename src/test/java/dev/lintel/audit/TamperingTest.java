package dev.lintel.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Acts;
import dev.lintel.AuditEntry;
import dev.lintel.AuditEntry.Draft;
import dev.lintel.Ids;
import dev.lintel.Records;
import dev.lintel.Verification;
import dev.lintel.store.SqlStore;
import dev.lintel.store.StandingEvidence;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody who can write to the database changes what is in the chain. */
class TamperingTest {
  private static final SqlStore.Bounds BOUNDS =
      new SqlStore.Bounds(Duration.ofHours(24), 1_000_000);
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  @TempDir private Path folder;
  private SqlStore store;

  @BeforeEach
  void fill() {
    open();
    for (int i = 0; i < 12; i++) {
      // Of every third writing only the last entry is sealed.
      store
          .audit()
          .append(
              i % 3 == 0 ? List.of(draft(i), draft(100 + i), draft(200 + i)) : List.of(draft(i)));
    }
    assertThat(found().broken()).isEmpty();
  }

  private static Draft draft(int i) {
    return new Draft("told", "{\"number\":" + i + ",\"by\":\"ann\"}");
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void open() {
    store = SqlStore.embedded(folder, BOUNDS, InstantSource.system());
  }

  private Verification found() {
    return new Verifier(store.audit(), System::nanoTime)
        .verify(true, Optional.empty(), Duration.ofMinutes(10));
  }

  private long broken() {
    Verification found = found();
    assertThat(found.intact()).as("intact").isFalse();
    assertThat(new Verifier(store.audit(), System::nanoTime).latest().broken())
        .map(Verification.Broken::sequence)
        .isEqualTo(found.broken().map(Verification.Broken::sequence));
    return found.broken().orElseThrow().sequence();
  }

  private int sql(String text, Object... values) throws Exception {
    try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lintel.db"));
        var statement = db.prepareStatement(text)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  private List<AuditEntry> entries() {
    return store.audit().read(store.audit().node(), 0, 1000);
  }

  @Test
  void a_flipped_byte_of_any_column_of_any_entry_is_found_and_named() throws Exception {
    var random = new Random(7);
    List<AuditEntry> all = entries();
    for (AuditEntry entry : all) {
      for (String column : List.of("kind", "body", "hash", "seal", "at")) {
        String old =
            switch (column) {
              case "kind" -> entry.kind();
              case "body" -> entry.body();
              case "hash" -> entry.hash();
              case "seal" -> entry.seal();
              default -> Long.toString(entry.at().toEpochMilli());
            };
        if (old.isEmpty()) {
          continue;
        }
        int at = random.nextInt(old.length());
        char flipped = (char) (old.charAt(at) ^ 1);
        String text = old.substring(0, at) + flipped + old.substring(at + 1);
        Object value = column.equals("at") ? (Object) (Long.parseLong(old) ^ 1) : text;
        set(column, value, entry.sequence());
        assertThat(broken()).as(column + " " + entry + " to " + text).isEqualTo(entry.sequence());
        set(column, column.equals("at") ? (Object) Long.parseLong(old) : old, entry.sequence());
      }
    }
    assertThat(found().intact()).isTrue();
  }

  private void set(String column, Object value, long sequence) throws Exception {
    assertThat(sql("UPDATE audit SET " + column + " = ? WHERE sequence = ?", value, sequence))
        .isEqualTo(1);
  }

  @Test
  void a_removed_entry_is_named_wherever_it_stood_and_also_after_a_start() throws Exception {
    long last = entries().getLast().sequence();
    for (long sequence : List.of(1L, 2L, 9L, last)) {
      AuditEntry gone = entries().get((int) sequence - 1);
      sql("DELETE FROM audit WHERE sequence = ?", sequence);
      assertThat(broken()).isEqualTo(sequence);
      store.close();
      open();
      assertThat(broken()).isEqualTo(sequence);
      insert(gone, sequence);
      assertThat(found().intact()).isTrue();
    }
    // Nothing that is written later covers it up.
    sql("DELETE FROM audit WHERE sequence = ?", last);
    store.audit().append(List.of(draft(1000)));
    assertThat(broken()).isEqualTo(last);
  }

  private void insert(AuditEntry entry, long sequence) throws Exception {
    sql(
        "INSERT INTO audit (node, sequence, at, kind, body, hash, seal) VALUES (?, ?, ?, ?, ?, ?, ?)",
        entry.node(),
        sequence,
        entry.at().toEpochMilli(),
        entry.kind(),
        entry.body(),
        entry.hash(),
        entry.seal());
  }

  @Test
  void an_inserted_entry_is_named_and_nothing_is_written_upon_it() throws Exception {
    AuditEntry last = entries().getLast();
    insert(last, last.sequence() + 1);
    assertThat(broken()).isEqualTo(last.sequence() + 1);
    store.audit().append(List.of(draft(1)));
    assertThat(broken()).isEqualTo(last.sequence() + 1);
    sql("DELETE FROM audit WHERE sequence > ?", last.sequence());

    // With the right hash, but without the key; also where the file beside the database is gone.
    AuditEntry forged = following(last, "{\"forged\":1}", last.seal());
    insert(forged, forged.sequence());
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(last.sequence() + 1);
    insertedBefore(forged);
  }

  private void insertedBefore(AuditEntry forged) throws Exception {
    store.close();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".head")).toList()) {
        Files.delete(file);
      }
    }
    open();
    store.audit().append(List.of(draft(2)));
    store.audit().append(List.of(draft(3)));
    assertThat(broken()).isEqualTo(forged.sequence());
  }

  private static AuditEntry following(AuditEntry before, String body, String seal) {
    long sequence = before.sequence() + 1;
    String hash =
        AuditEntry.hash(
            before.hash(), before.seal(), before.node(), sequence, before.at(), "told", body);
    return new AuditEntry(before.node(), sequence, before.at(), "told", body, hash, seal);
  }

  @Test
  void an_inserted_entry_with_a_number_of_its_own_moves_nothing() throws Exception {
    AuditEntry last = entries().getLast();
    insert(last, 0);
    assertThat(found().broken().orElseThrow().sequence()).isZero();
    sql("DELETE FROM audit WHERE sequence = 0");
    insert(last, Long.MAX_VALUE);
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(last.sequence() + 1);
    store.audit().append(List.of(draft(2)));
    sql("DELETE FROM audit WHERE sequence = ?", Long.MAX_VALUE);
    assertThat(found().broken()).isEmpty();
    sql("INSERT INTO audit SELECT 'stranger', sequence, at, kind, body, hash, seal FROM audit");
    assertThat(found().broken().orElseThrow().node()).isEqualTo("stranger");
  }

  @Test
  void two_entries_that_changed_places_are_named() throws Exception {
    sql("UPDATE audit SET sequence = -1 WHERE sequence = 5");
    sql("UPDATE audit SET sequence = 5 WHERE sequence = 8");
    sql("UPDATE audit SET sequence = 8 WHERE sequence = -1");
    assertThat(broken()).isEqualTo(5);
  }

  @Test
  void what_was_written_anew_with_right_hashes_does_not_have_the_key() throws Exception {
    List<AuditEntry> all = entries();
    AuditEntry before = all.get(3);
    for (AuditEntry old : all.subList(4, all.size())) {
      AuditEntry anew = following(before, old.body() + " ", old.seal());
      sql(
          "UPDATE audit SET body = ?, hash = ?, at = ?, kind = 'told' WHERE sequence = ?",
          anew.body(),
          anew.hash(),
          anew.at().toEpochMilli(),
          anew.sequence());
      before = anew;
    }
    long first =
        all.stream()
            .filter(entry -> entry.sequence() >= 5 && !entry.seal().isEmpty())
            .findFirst()
            .orElseThrow()
            .sequence();
    assertThat(broken()).isEqualTo(first);
    store.audit().append(List.of(draft(1)));
    assertThat(broken()).isEqualTo(first);
  }

  @Test
  void an_older_copy_of_the_database_is_found_by_what_the_node_knows() throws Exception {
    store.close();
    Path copy = folder.resolve("copy.db");
    Files.copy(folder.resolve("lintel.db"), copy);
    open();
    long last = entries().getLast().sequence();
    store.audit().append(List.of(draft(1)));
    store.close();
    Files.deleteIfExists(folder.resolve("lintel.db-wal"));
    Files.move(copy, folder.resolve("lintel.db"), StandardCopyOption.REPLACE_EXISTING);
    open();
    assertThat(broken()).isEqualTo(last + 1);
    store.audit().append(List.of(draft(2)));
    assertThat(broken()).isEqualTo(last + 1);
  }

  @Test
  void a_record_that_was_changed_or_removed_is_named_by_the_entry_it_came_with() throws Exception {
    String one = Ids.request(NOON);
    String two = Ids.request(NOON.plusSeconds(1));
    store.records().add("j", List.of(call(1, one), call(2, two)));
    long entry = entries().getLast().sequence();
    assertThat(found().records()).isEqualTo(2);
    sql(
        "UPDATE call_20261121 SET record = ? WHERE id = ?",
        "{}".getBytes(StandardCharsets.UTF_8),
        one);
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(entry);
    assertThat(found().broken().orElseThrow().why()).contains(one);
    sql("UPDATE call_20261121 SET record = ? WHERE id = ?", call(1, one).json(), one);
    assertThat(found().broken()).isEmpty();
    sql("DELETE FROM call_20261121 WHERE id = ?", two);
    assertThat(found().broken().orElseThrow().why()).contains(two).contains("missing");
    sql("UPDATE audit_leaves SET leaves = ?", new byte[] {1, 2, 3});
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(entry);
    sql("DELETE FROM audit_leaves");
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(entry);
  }

  @Test
  void an_act_that_was_changed_or_removed_is_named_by_its_entry() throws Exception {
    long number = store.acts().add(new Acts.Act(0, NOON.plusNanos(1), "ann", "PATCH /x", 0, ""));
    store.acts().end(number, NOON, 200, "{}");
    assertThat(found().broken()).isEmpty();
    long end = entries().getLast().sequence();
    sql("UPDATE act SET who = 'bob' WHERE number = ?", number);
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(end - 1);
    sql("UPDATE act SET who = 'ann' WHERE number = ?", number);
    sql("DELETE FROM act WHERE follows = ?", number);
    assertThat(found().broken().orElseThrow().sequence()).isEqualTo(end);
  }

  @Test
  void a_record_that_was_added_by_hand_is_named_though_no_chain_is_broken() throws Exception {
    Instant later = Instant.now().plusSeconds(60);
    String day =
        "call_"
            + DateTimeFormatter.BASIC_ISO_DATE.format(later.atOffset(ZoneOffset.UTC).toLocalDate());
    String one = Ids.request(later);
    String two = Ids.request(later.plusNanos(1_000_000));
    store.records().add("j", List.of(call(1, one), call(2, two)));
    assertThat(found().broken()).isEmpty();
    String forged = Ids.request(later.plusNanos(500_000));
    String copied =
        "INSERT INTO %s SELECT ?, tenant, app, model, kind, record FROM %s WHERE id = ?"
            .formatted(day, day);
    sql(copied, forged, one);
    assertThat(added()).contains(forged);
    // Nor do hashes help of which no entry tells.
    sql(
        "INSERT INTO audit_leaves SELECT node, 1, first_id, last_id, leaves FROM audit_leaves"
            + " WHERE first_id = ?",
        one);
    sql("UPDATE audit_leaves SET first_id = ?, last_id = ? WHERE sequence = 1", forged, forged);
    assertThat(added()).contains(forged);
    sql("DELETE FROM %s WHERE id = ?".formatted(day), forged);
    assertThat(found().broken()).isEmpty();

    // One that is there twice came once.
    sql(copied, two, two);
    assertThat(added()).contains(two);
    sql("DELETE FROM %s WHERE rowid = (SELECT MAX(rowid) FROM %s)".formatted(day, day));
    assertThat(found().broken()).isEmpty();

    // Nor may it stand in another day's place, where its own is.
    sql("INSERT INTO call_day (day) VALUES (20200101)");
    sql("CREATE TABLE call_20200101 AS SELECT * FROM %s WHERE id = '%s'".formatted(day, one));
    assertThat(added()).contains(one);
  }

  /** What is found to be there and in no chain. */
  private String added() {
    Verification found = found();
    assertThat(new Verifier(store.audit(), System::nanoTime).latest().broken()).isEmpty();
    Verification.Broken broken = found.broken().orElseThrow();
    assertThat(broken.node()).isEmpty();
    assertThat(broken.sequence()).isZero();
    assertThat(broken.sentence()).contains("came with no entry");
    return broken.why();
  }

  @Test
  void what_was_there_before_the_first_chain_is_counted_and_told_apart() throws Exception {
    String old = Ids.request(NOON.minus(Duration.ofDays(400)));
    sql("INSERT INTO call_day (day) VALUES (20251017)");
    sql(
        "CREATE TABLE call_20251017 (id TEXT NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL,"
            + " model TEXT NOT NULL, kind TEXT NOT NULL, record BYTEA NOT NULL)");
    sql("INSERT INTO call_20251017 VALUES (?, 'acme', 'a', 'm', '', '{}')", old);
    sql("UPDATE act_head SET number = 2");
    act(1, NOON.minus(Duration.ofDays(400)));
    act(2, NOON.minus(Duration.ofDays(400)));
    store.acts().add(new Acts.Act(0, Instant.now(), "ann", "PATCH /x", 0, ""));
    assertThat(found().broken()).isEmpty();
    assertThat(found().unproved()).isEqualTo(3);
    assertThat(found().records()).isZero();
  }

  private void act(long number, Instant at) throws Exception {
    sql(
        "INSERT INTO act (number, follows, at, who, what, status, detail) VALUES (?, 0, ?, 'bob',"
            + " 'POST /y', 200, '')",
        number,
        at.toEpochMilli());
  }

  @Test
  void an_act_that_was_added_by_hand_is_named_also_with_a_time_of_long_ago() throws Exception {
    long number = store.acts().add(new Acts.Act(0, Instant.now(), "ann", "PATCH /x", 0, ""));
    for (long forged : List.of(number + 1, 1_000_000L, 0L, -7L)) {
      act(forged, NOON.minus(Duration.ofDays(400)));
      assertThat(added()).contains("act " + forged);
      sql("DELETE FROM act WHERE number = ?", forged);
    }
    assertThat(found().broken()).isEmpty();
  }

  @Test
  void a_verification_in_pieces_finds_what_one_in_a_piece_does() throws Exception {
    store.acts().add(new Acts.Act(0, Instant.now(), "ann", "PATCH /x", 0, ""));
    String one = Ids.request(Instant.now().plusSeconds(60));
    store.records().add("j", List.of(call(1, one)));
    var verifier = new Verifier(store.audit(), System::nanoTime);
    Optional<String> next = Optional.empty();
    long entries = 0;
    long pieces = 0;
    do {
      Verification piece = verifier.verify(true, next, Duration.ofNanos(-1));
      assertThat(piece.broken()).isEmpty();
      entries += piece.entries();
      next = piece.next();
      pieces++;
    } while (next.isPresent());
    assertThat(entries).isEqualTo(entries().size());
    assertThat(pieces).isGreaterThan(entries);
    act(77, NOON);
    Optional<String> behindRecords = Optional.of("~99999999.1");
    assertThat(verifier.verify(true, behindRecords, Duration.ofMinutes(1)).broken()).isPresent();
    for (String wrong : List.of("~", "~1.x", "~99999999.x", "x", "x.y")) {
      assertThatThrownBy(() -> verifier.verify(true, Optional.of(wrong), Duration.ofMinutes(1)))
          .hasMessageContaining("'cursor'");
    }
  }

  @Test
  void the_store_of_a_stopped_gateway_is_verified_and_nothing_of_it_is_changed() throws Exception {
    store.acts().add(new Acts.Act(0, Instant.now(), "ann", "PATCH /x", 0, ""));
    // Also beside a gateway that runs.
    assertThat(standing(folder).intact()).isTrue();
    store.close();
    Path copy = Files.createDirectory(folder.resolve("copy"));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file :
          files
              .filter(one -> one.getFileName().toString().matches("lintel.db|audit-.*[.]head"))
              .toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    byte[] before = Files.readAllBytes(copy.resolve("lintel.db"));
    Verification found = standing(copy);
    assertThat(found.broken()).isEmpty();
    assertThat(found.entries()).isEqualTo(22);
    assertThat(Files.readAllBytes(copy.resolve("lintel.db"))).isEqualTo(before);
    assertThat(Files.exists(copy.resolve("audit.key"))).isFalse();

    sql("DELETE FROM audit WHERE sequence = 22");
    assertThat(standing(folder).broken().orElseThrow().sequence()).isEqualTo(22);
    sql("DELETE FROM audit");
    sql("DELETE FROM audit_node");
    assertThat(standing(folder).broken().orElseThrow().sequence()).isEqualTo(1);
    Path nowhere = folder.resolve("nowhere");
    assertThatThrownBy(() -> standing(nowhere)).hasMessageContaining("no store in");
    assertThat(Files.exists(nowhere)).isFalse();
    open();
  }

  private static Verification standing(Path folder) {
    try (var evidence = StandingEvidence.of(Optional.empty(), name -> Optional.empty(), folder)) {
      return new Verifier(evidence.trail(), System::nanoTime)
          .verify(true, Optional.empty(), Duration.ofMinutes(10));
    }
  }

  private static Records.Entry call(long position, String id) {
    return new Records.Entry(
        position,
        ("{\"request_id\":\"" + id + "\",\"tenant\":\"acme\",\"app\":\"a\",\"status\":200}")
            .getBytes(StandardCharsets.UTF_8),
        List.of());
  }
}
