package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Store;
import dev.lintel.StoredFile;
import dev.lintel.StoredFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with files. */
interface StoredFilesContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private StoredFile add(StoredFiles files, String tenant, String id, Optional<Instant> expires)
      throws IOException {
    Files.writeString(files.draft(id), "content of " + id);
    var file = new StoredFile(id, tenant, "batch", "n.jsonl", 10, clock().instant(), expires);
    files.add(file);
    return file;
  }

  @Test
  default void a_file_and_its_content_outlast_the_process() throws IOException {
    StoredFile file = add(store().files(), "t", "file-1", Optional.empty());
    StoredFiles files = reopened().files();
    assertThat(files.find("t", "file-1")).contains(file);
    assertThat(files.content("file-1")).hasContent("content of file-1");
  }

  @Test
  default void a_tenant_sees_and_removes_only_its_own() throws IOException {
    StoredFiles files = store().files();
    add(files, "t", "file-1", Optional.empty());
    assertThat(files.find("u", "file-1")).isEmpty();
    assertThat(files.remove("u", "file-1")).isFalse();
    assertThat(files.list("u", Optional.empty(), true, "", 10)).isEmpty();
    assertThat(files.bytes("u")).isZero();
    assertThat(files.bytes("t")).isEqualTo(10);
    assertThat(files.remove("t", "file-1")).isTrue();
    assertThat(files.find("t", "file-1")).isEmpty();
    assertThat(files.content("file-1")).doesNotExist();
  }

  @Test
  default void lists_page_in_both_directions() throws IOException {
    StoredFiles files = store().files();
    for (int i = 1; i <= 5; i++) {
      add(files, "t", "file-" + i, Optional.empty());
    }
    assertThat(ids(files.list("t", Optional.of("batch"), true, "file-4", 2)))
        .containsExactly("file-3", "file-2");
    assertThat(ids(files.list("t", Optional.empty(), false, "file-4", 9)))
        .containsExactly("file-5");
    assertThat(files.list("t", Optional.of("evals"), true, "", 9)).isEmpty();
  }

  @Test
  default void an_expired_file_is_gone() throws IOException {
    StoredFiles files = store().files();
    add(files, "t", "file-1", Optional.of(clock().instant().plusSeconds(3600)));
    clock().pass(Duration.ofSeconds(3599));
    assertThat(files.find("t", "file-1")).isPresent();
    clock().pass(Duration.ofSeconds(1));
    assertThat(files.find("t", "file-1")).isEmpty();
  }

  @Test
  default void to_add_a_file_twice_is_as_good_as_once() throws IOException {
    StoredFiles files = store().files();
    StoredFile file = add(files, "t", "file-1", Optional.empty());
    files.add(file);
    assertThat(files.list("t", Optional.empty(), true, "", 9)).containsExactly(file);
  }

  private static List<String> ids(List<StoredFile> files) {
    return files.stream().map(StoredFile::id).toList();
  }
}
