package dev.lintel.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import dev.lintel.OnCallThread;
import dev.lintel.Upload;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDeskTest {
  @TempDir Path folder;

  /** One piece, and then no more room. */
  private static final class Broken implements Upload {
    private boolean given;

    @Override
    public long length() {
      return 200;
    }

    @Override
    public byte[] next(BooleanSupplier enough) {
      if (given) {
        throw Failure.of(Failure.Kind.UNAVAILABLE, "The disk is full.");
      }
      given = true;
      return new byte[100];
    }
  }

  @Test
  void a_file_that_cannot_be_written_to_its_end_leaves_nothing_on_the_disk() {
    OnCallThread.run(() ->
        assertThatThrownBy(() -> FileDesk.write(folder.resolve("one.part"), new Broken()))
            .isInstanceOfSatisfying(
                Failure.class,
                failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE)));
    assertThat(folder).isEmptyDirectory();
  }
}
