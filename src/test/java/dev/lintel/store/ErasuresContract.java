package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Capture;
import dev.lintel.Erasure;
import dev.lintel.Erasures;
import dev.lintel.Ids;
import dev.lintel.Opinion;
import dev.lintel.Payloads.Payload;
import dev.lintel.Records;
import dev.lintel.Records.Entry;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Store;
import dev.lintel.Verification;
import dev.lintel.audit.Verifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with what is to be erased. */
interface ErasuresContract {
  Instant MORNING = Instant.parse("2026-11-21T09:00:00Z");

  /** A fresh one. */
  Store store();

  private static Entry call(long position, Instant time, String tenant, String user) {
    Entry anns = RecordsContract.call(position, Ids.request(time), tenant, "m", "");
    String json =
        new String(anns.json(), StandardCharsets.UTF_8).replace("\"ann\"", '"' + user + '"');
    return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
  }

  private static String id(Entry entry) {
    return dev.lintel.Json.parse(entry.json()).path("request_id").asString("");
  }

  private static void workedOff(Erasures erasures, Erasure erasure) {
    Optional<String> from = erasures.records(erasure, Optional.empty(), 2);
    while (from.isPresent()) {
      from = erasures.records(erasure, from, 2);
    }
    assertThat(erasures.rest(erasure)).isTrue();
  }

  private static List<String> users(Records records) {
    return records
        .usage(
            new UsageQuestion(
                List.of("user"), Optional.empty(), Optional.empty(), Optional.empty()))
        .rows()
        .stream()
        .map(row -> row.values().getFirst() + "=" + row.calls())
        .toList();
  }

  private static void isIntact(Store store) {
    Verification found =
        new Verifier(store.audit(), System::nanoTime)
            .verify(true, Optional.empty(), Duration.ofMinutes(10));
    assertThat(found.broken()).isEmpty();
  }

  @Test
  default void nothing_is_kept_any_more_of_what_is_said_of_an_erased_call() {
    Store store = store();
    Entry anns = call(1, MORNING, "acme", "ann");
    Entry bobs = call(2, MORNING, "acme", "bob");
    store.records().add("n1", List.of(anns, bobs));
    Erasure ofAnn =
        store.erasures().ask("acme", MORNING.plusSeconds(60), Optional.of("ann"), "boss", MORNING);
    workedOff(store.erasures(), ofAnn);

    assertThat(store.opinions().keep(said(id(anns), "acme"))).isFalse();
    assertThat(store.opinions().of(id(anns))).isEmpty();
    assertThat(store.opinions().keep(said(id(bobs), "acme"))).isTrue();
    assertThat(store.opinions().keep(said(Ids.request(MORNING), "other"))).isTrue();
    store.erasures().ask("acme", MORNING.plusSeconds(60), Optional.empty(), "boss", MORNING);
    assertThat(store.opinions().keep(said(id(bobs), "acme"))).isFalse();
    assertThat(store.opinions().keep(said(Ids.request(MORNING.plusSeconds(90)), "acme"))).isTrue();
  }

  private static Opinion said(String id, String tenant) {
    return new Opinion(id, Opinion.JUDGE, tenant, "a", "", "m", "p/m", 1, "", "", MORNING);
  }

  @Test
  default void a_users_records_go_and_what_comes_late_does_not_come_in() {
    Records records = store().records();
    Entry old = call(1, MORNING, "t", "ann");
    Entry alike = call(2, MORNING.plusSeconds(1), "t", "ann");
    Entry third = call(3, MORNING.plusSeconds(2), "t", "ann");
    Entry bens = call(4, MORNING, "t", "ben");
    Entry others = call(5, MORNING, "u", "ann");
    Entry later = call(6, MORNING.plusSeconds(3600), "t", "ann");
    records.add("j", List.of(old, alike, third, bens, others, later));
    Erasures erasures = store().erasures();

    Erasure asked =
        erasures.ask(
            "t", MORNING.plusSeconds(60), Optional.of("ann"), "root", MORNING.plusSeconds(7200));
    Entry late = call(7, MORNING.plusSeconds(3), "t", "ann");
    Entry bensLate = call(8, MORNING.plusSeconds(3), "t", "ben");
    records.add("j", List.of(late, bensLate));
    workedOff(erasures, asked);

    for (Entry gone : List.of(old, alike, third, late)) {
      assertThat(records.find(id(gone))).isEmpty();
    }
    for (Entry left : List.of(bens, others, later, bensLate)) {
      assertThat(records.find(id(left))).isPresent();
    }
    Erasure done = erasures.find("t", asked.id()).orElseThrow();
    assertThat(done.erased().records()).isEqualTo(4);
    assertThat(done.stored()).isTrue();
    assertThat(done.user()).isPresent().get().isNotEqualTo("ann");
    assertThat(users(records)).contains("ben=2", "other=4").contains("ann=2");
    assertThat(erasures.find("u", asked.id())).isEmpty();
    isIntact(store());
  }

  @Test
  default void a_tenants_payloads_go_and_what_comes_late_does_not_come_in() {
    var payloads = store().payloads();
    Payload old = payload(MORNING, "t");
    Payload others = payload(MORNING, "u");
    payloads.add(List.of(old, others));
    Erasures erasures = store().erasures();
    Erasure asked =
        erasures.ask(
            "t", MORNING.plusSeconds(60), Optional.empty(), "root", MORNING.plusSeconds(60));
    Payload late = payload(MORNING.plusSeconds(1), "t");
    Payload later = payload(MORNING.plusSeconds(61), "t");
    payloads.add(List.of(late, later));
    workedOff(erasures, asked);
    assertThat(payloads.find(old.id(), MORNING)).isEmpty();
    assertThat(payloads.find(late.id(), MORNING)).isEmpty();
    assertThat(payloads.find(others.id(), MORNING)).isPresent();
    assertThat(payloads.find(later.id(), MORNING)).isPresent();
    assertThat(erasures.list("t").getFirst().erased().payloads()).isEqualTo(2);
  }

  private static Payload payload(Instant time, String tenant) {
    return new Payload(
        Ids.request(time),
        time,
        tenant,
        "a",
        "ann",
        Capture.Level.FULL,
        time.plus(Duration.ofHours(5)),
        "sealed");
  }

  @Test
  default void it_is_done_once_every_node_that_is_known_has_said_so() {
    Erasures erasures = store().erasures();
    Instant now = Instant.now();
    assertThat(erasures.reached("one", "n1", now)).isZero();
    assertThat(erasures.reached("two", "n2", now)).isZero();
    Erasure asked = erasures.ask("t", now, Optional.empty(), "root", now);
    assertThat(asked.nodes()).hasSize(2);
    workedOff(erasures, asked);
    assertThat(erasures.open(0)).hasSize(1);
    erasures.confirm("one", asked.number(), now);
    assertThat(erasures.reached("one", "n1", now)).isEqualTo(asked.number());
    Erasure half = erasures.find("t", asked.id()).orElseThrow();
    assertThat(half.done()).isFalse();
    assertThat(half.nodes()).extracting(Erasure.Node::done).containsExactly(true, false);
    erasures.confirm("two", asked.number(), now);
    assertThat(erasures.find("t", asked.id()).orElseThrow().done()).isTrue();
    assertThat(erasures.open(asked.number())).isEmpty();
    assertThat(erasures.reached("new", "n3", now)).isZero();
  }
}
