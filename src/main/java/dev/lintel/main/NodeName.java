package dev.lintel.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What this node is called where nobody gave it a name: as its machine, or its container. */
final class NodeName {
  private static final int LONGEST = 64;

  private NodeName() {}

  /** Asks no network. */
  static String ofMachine() {
    return Stream.<Optional<String>>of(
            Optional.ofNullable(System.getenv("HOSTNAME")),
            line(Path.of("/proc/sys/kernel/hostname")),
            line(Path.of("/etc/hostname")),
            Optional.ofNullable(System.getenv("COMPUTERNAME")))
        .flatMap(Optional::stream)
        .map(String::strip)
        .filter(name -> !name.isEmpty() && name.chars().allMatch(c -> c > ' ' && c < 127))
        .findFirst()
        .map(name -> name.substring(0, Math.min(LONGEST, name.length())))
        .orElse("localhost");
  }

  private static Optional<String> line(Path file) {
    try {
      return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }
}
