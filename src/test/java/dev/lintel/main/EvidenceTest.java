package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Counters.Charge;
import dev.lintel.Records.Entry;
import dev.lintel.Soon;
import dev.lintel.journal.MappedJournal;
import dev.lintel.store.SqlStore;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvidenceTest {
  @TempDir private Path folder;
  private volatile Duration set = Duration.ZERO;

  @Test
  void what_was_spent_is_told_at_the_start_and_whenever_the_clock_was_set() {
    var told = new CopyOnWriteArrayList<List<Charge>>();
    var spent = new Charge("t|usd|total", Instant.EPOCH, 5);
    try (var store = SqlStore.embedded(folder, SqlStore.Bounds.USUAL, InstantSource.system());
        var evidence =
            new Evidence(
                MappedJournal.open(folder),
                OutputStream.nullOutputStream(),
                () -> store,
                nanos -> {},
                new SetClock(System::nanoTime, () -> Instant.now().plus(set)))) {
      store.records().add("before", List.of(new Entry(1, new byte[0], List.of(spent))));
      evidence.begin(told::add);
      Soon.until(() -> told.equals(List.of(List.of(), List.of(spent))));
      for (Duration next : List.of(Duration.ofDays(3), Duration.ZERO)) {
        int before = told.size();
        set = next;
        Soon.until(() -> told.size() > before);
        assertThat(told.getLast()).containsExactly(spent);
      }
      assertThat(told).hasSize(4);
    }
  }
}
