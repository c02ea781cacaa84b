package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class DiskTest {
  @Test
  void a_full_disk_is_told_from_others_and_no_file_is_named() {
    assertThat(Disk.trouble(new IOException("No space left on device"))).contains("full");
    assertThat(Disk.trouble(new FileSystemException("/secret", null, "Disk quota exceeded")))
        .contains("full")
        .doesNotContain("secret");
    assertThat(Disk.trouble(new FileSystemException("/secret"))).doesNotContain("full", "secret");
    assertThat(Disk.trouble(new IOException())).doesNotContain("full");
  }
}
