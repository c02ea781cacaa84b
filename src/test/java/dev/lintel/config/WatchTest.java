package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
  @TempDir Path folder;
  private Path file;
  private final List<Config> changes = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();

  @BeforeEach
  void write() throws Exception {
    file = Files.writeString(folder.resolve("lintel.yaml"), "listen: 127.0.0.1:1");
  }

  @Test
  void a_changed_file_is_told_once_it_stays_as_it_is() throws Exception {
    Watch watch = watch();
    watch.look();
    assertThat(changes).isEmpty();

    Files.writeString(file, "listen: 127.0.0.1:2");
    watch.look();
    assertThat(changes).isEmpty();
    watch.look();
    watch.look();

    assertThat(changes).singleElement().extracting(c -> c.listen().port()).isEqualTo(2);
  }

  @Test
  void a_broken_file_is_told_with_its_faults_and_a_mended_one_as_a_change() throws Exception {
    Watch watch = watch();

    Files.writeString(file, "listne: 127.0.0.1:2");
    watch.look();
    watch.look();
    assertThat(faults).singleElement().extracting(Fault::line).isEqualTo(1);
    assertThat(changes).isEmpty();

    Files.writeString(file, "listen: 127.0.0.1:2");
    watch.look();
    watch.look();
    assertThat(changes).hasSize(1);
  }

  @Test
  void a_file_that_is_gone_is_a_fault() throws Exception {
    Watch watch = watch();

    Files.delete(file);
    watch.look();
    watch.look();

    assertThat(faults).hasSize(1);
  }

  @Test
  void a_changed_catalogue_is_a_change_of_the_configuration_that_names_it() throws Exception {
    Path models = Files.writeString(file.resolveSibling("models.jsonl"), "one");
    Files.writeString(file, "catalogue: " + models);
    var watch =
        new Watch(
            file, List.of(models), Loaders.with(Map.of())::load, changes::add, faults::addAll);
    watch.look();
    assertThat(changes).isEmpty();

    Files.writeString(models, "two");
    watch.look();
    watch.look();

    assertThat(changes).hasSize(1);
    assertThat(faults).isEmpty();
  }

  @Test
  void a_change_that_cannot_be_put_to_use_does_not_end_the_watch() throws Exception {
    var watch =
        new Watch(
            file,
            Loaders.with(Map.of()),
            config -> {
              throw new IllegalStateException("the port is taken");
            },
            faults::addAll);

    Files.writeString(file, "listen: 127.0.0.1:2");
    watch.look();
    watch.look();

    assertThat(faults).singleElement().asString().contains("the port is taken");
  }

  @Test
  void it_looks_by_itself_until_it_is_closed() throws Exception {
    var changed = new CountDownLatch(1);
    try (var watch =
        new Watch(file, Loaders.with(Map.of()), config -> changed.countDown(), faults::addAll)) {
      watch.start(Duration.ofMillis(5));
      Files.writeString(file, "listen: 127.0.0.1:2");

      assertThat(changed.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  private Watch watch() {
    return new Watch(file, Loaders.with(Map.of()), changes::add, faults::addAll);
  }
}
