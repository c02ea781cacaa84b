package dev.lintel;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** Files and folders that only their owner may read, where the file system knows owners. */
public final class Owned {
  private Owned() {}

  /** Makes the folder where there is none. */
  public static void folder(@Nullable Path folder) throws IOException {
    if (folder == null || Files.isDirectory(folder)) {
      return;
    }
    folder(folder.getParent());
    try {
      Files.createDirectory(folder, attributes(folder, "rwx------"));
    } catch (FileAlreadyExistsException meanwhile) {
      if (!Files.isDirectory(folder)) {
        throw meanwhile;
      }
    }
  }

  /** Makes the file, empty, where there is none. */
  public static void file(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    try {
      Files.createFile(file, attributes(file, "rw-------"));
    } catch (FileAlreadyExistsException meanwhile) {
      // As good.
    }
  }

  /** Makes durable which names the folder has, on file systems where that is apart. */
  public static void force(Path folder) throws IOException {
    if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
      try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
        names.force(true);
      }
    }
  }

  private static FileAttribute<?>[] attributes(Path path, String permissions) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    return folder != null && Files.getFileStore(folder).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
