package dev.lintel.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDeskTest {
  @TempDir Path folder;

  @Test
  void a_file_that_the_disk_does_not_take_leaves_nothing_on_it() {
    // The channel closes itself under an interrupted thread, as good as a disk that is full.
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> FileDesk.write(folder.resolve("one.part"), new byte[100], 0, 100))
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(folder).isEmptyDirectory();
  }
}
