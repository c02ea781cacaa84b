package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Ids;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Records.Entry;
import dev.lintel.Store;
import dev.lintel.Whose;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with what was said of calls. */
interface OpinionsContract {
  Instant CALLED = Instant.parse("2026-11-20T10:00:00Z");

  /** A fresh one. */
  Store store();

  private static Opinion opinion(String id, String source, String app, double score) {
    return new Opinion(
        id, source, "t", app, "support", "m", "p/m", score, "ok\0", "Well.", CALLED.plusSeconds(9));
  }

  @Test
  default void the_last_word_of_each_source_is_kept() {
    String id = Ids.request(CALLED);
    Opinions opinions = store().opinions();
    opinions.keep(opinion(id, "caller", "a", 1));
    opinions.keep(opinion(id, "caller", "a", 0.25));
    opinions.keep(opinion(id, "judge", "a", 0.5));

    assertThat(opinions.of(id)).extracting(Opinion::score).containsExactly(0.25, 0.5);
    Opinion said = opinions.of(id).getFirst();
    assertThat(said.label()).isEqualTo("ok\ufffd");
    assertThat(said.comment()).isEqualTo("Well.");
    assertThat(said.said()).isEqualTo(CALLED.plusSeconds(9));
    assertThat(opinions.of("req_never")).isEmpty();
    String other = Ids.request(CALLED.plusSeconds(1));
    opinions.keep(opinion(other, "caller", "a", 0.75));
    assertThat(opinions.of(List.of(other, "req_never", id)))
        .extracting(Opinion::score)
        .containsExactly(0.25, 0.5, 0.75);
  }

  @Test
  default void sums_are_of_the_calls_of_a_time() {
    Opinions opinions = store().opinions();
    opinions.keep(opinion(Ids.request(CALLED), "caller", "a", 1));
    opinions.keep(opinion(Ids.request(CALLED), "caller", "a", 0.5));
    opinions.keep(opinion(Ids.request(CALLED), "caller", "b", 0));
    opinions.keep(opinion(Ids.request(CALLED.plus(Duration.ofDays(1))), "caller", "a", 0));

    List<Opinions.Sum> sums =
        opinions.sums(List.of("app"), Optional.of("t"), CALLED, CALLED.plusSeconds(1));
    assertThat(sums)
        .containsExactly(
            new Opinions.Sum(List.of("a"), 2, 1.5, 1), new Opinions.Sum(List.of("b"), 1, 0, 0));
    assertThat(sums.getFirst().mean()).isEqualTo(0.75);
    assertThat(opinions.sums(List.of(), Optional.empty(), Instant.MIN, Instant.MAX))
        .singleElement()
        .extracting(Opinions.Sum::count)
        .isEqualTo(4L);
    assertThat(opinions.sums(List.of(), Optional.of("u"), Instant.MIN, Instant.MAX)).isEmpty();
  }

  @Test
  default void who_forgets_a_record_forgets_what_was_said_of_it() {
    String old = Ids.request(CALLED);
    String forgotten = Ids.request(CALLED.plus(Duration.ofDays(2)));
    String kept = Ids.request(CALLED.plus(Duration.ofDays(2)));
    store()
        .records()
        .add("j", List.of(call(1, old, "a"), call(2, forgotten, "b"), call(3, kept, "a")));
    for (String id : List.of(old, forgotten, kept)) {
      store().opinions().keep(opinion(id, "caller", "a", 1));
    }

    store().records().forget(CALLED.plus(Duration.ofDays(1)));
    Optional<String> from = Optional.empty();
    do {
      from =
          store()
              .forgetting()
              .records(new Whose("t", "b", ""), CALLED.plus(Duration.ofDays(3)), from, 100);
    } while (from.isPresent());

    assertThat(store().opinions().of(old)).isEmpty();
    assertThat(store().opinions().of(forgotten)).isEmpty();
    assertThat(store().opinions().of(kept)).hasSize(1);
  }

  private static Entry call(long position, String id, String app) {
    String json =
        "{\"request_id\":\"%s\",\"tenant\":\"t\",\"app\":\"%s\",\"model\":\"m\",\"status\":200,\"usage\":{\"source\":\"none\"}}"
            .formatted(id, app);
    return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
  }
}
