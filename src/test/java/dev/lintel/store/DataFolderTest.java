package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir Path above;

  private String permissions(Path path) throws IOException {
    Assumptions.assumeTrue(Files.getFileStore(above).supportsFileAttributeView("posix"));
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void the_data_folder_is_its_owners_alone_from_the_first_start() throws IOException {
    KeyFile.open(above.resolve("data"));
    assertThat(permissions(above.resolve("data"))).isEqualTo("rwx------");
    assertThat(permissions(above.resolve("data/keys.json"))).isEqualTo("rw-------");
  }

  @Test
  void uploads_that_wait_are_their_owners_alone() throws IOException {
    Path uploads = above.resolve("data/uploads");
    try (var slot = new SpoolFolder(uploads).open()) {
      slot.write(new byte[10]);
      assertThat(permissions(uploads)).isEqualTo("rwx------");
      try (var files = Files.list(uploads)) {
        for (Path file : files.toList()) {
          assertThat(permissions(file)).isEqualTo("rw-------");
        }
      }
    }
  }
}
