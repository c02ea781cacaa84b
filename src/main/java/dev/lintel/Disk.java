package dev.lintel;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import java.util.Objects;

/** What a disk has against being written to, for those who cannot see it. */
public final class Disk {
  private Disk() {}

  /** Without the file's name: {@code its disk is full}. */
  public static String trouble(IOException failed) {
    String reason = failed instanceof FileSystemException file ? file.getReason() : null;
    String said =
        Objects.requireNonNullElse(reason == null ? failed.getMessage() : reason, "")
            .toLowerCase(Locale.ROOT);
    return said.contains("no space left") || said.contains("quota exceeded")
        ? "its disk is full"
        : "its disk does not take it";
  }
}
