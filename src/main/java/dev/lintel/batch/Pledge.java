package dev.lintel.batch;

import dev.lintel.Ids;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which line of a batch is being paid for, and under which id of a call: written down before, so
 * that a process that finds no result of the line can see whether it was paid for all the same.
 */
final class Pledge {
  private final Path file;
  private String customId = "";
  private String callId = "";

  private Pledge(Path file) {
    this.file = file;
  }

  /** As the process before has left it. */
  static Pledge open(Path file) throws IOException {
    var pledge = new Pledge(file);
    if (Files.exists(file)) {
      String[] known = Files.readString(file, StandardCharsets.UTF_8).split("\n", 2);
      if (known.length == 2) {
        pledge.callId = known[0];
        pledge.customId = known[1];
      }
    }
    return pledge;
  }

  /** Whether that line may have been paid for, under {@link #callId}. */
  boolean isOf(Line line) {
    return !callId.isEmpty() && customId.equals(line.customId());
  }

  /** Under which the line is or was paid for. */
  String callId() {
    return callId;
  }

  /** The line is paid for from now on, under a new id. */
  void make(Line line) throws IOException {
    callId = Ids.request();
    customId = line.customId();
    Files.writeString(file, callId + "\n" + customId, StandardCharsets.UTF_8);
  }

  void forget() throws IOException {
    Files.deleteIfExists(file);
  }
}
