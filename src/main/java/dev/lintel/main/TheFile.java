package dev.lintel.main;

import dev.lintel.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** A configuration file about which a command asks a gateway. */
final class TheFile {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "the configuration file")
  private Path file = Path.of("lintel.yaml");

  /** {@code {file, text}}. */
  ObjectNode told() throws Running.Refused {
    try {
      return Json.object().put("file", file.toString()).put("text", Files.readString(file));
    } catch (IOException unreadable) {
      throw new Running.Refused(file + " must exist and be readable.");
    }
  }
}
