package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher trains where a user starts Lintel first, just before it starts it. */
final class TrainTest {
  @TempDir private Path folder;

  @Test
  void training_leaves_nothing_for_the_start_that_follows() throws Exception {
    var process =
        new ProcessBuilder(
                ThisJava.JAVA,
                "-cp",
                ThisJava.CLASSES,
                "-Djava.io.tmpdir=" + folder,
                Main.class.getName(),
                "train")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(folder).isDirectoryNotContaining("glob:**lintel*");
  }
}
