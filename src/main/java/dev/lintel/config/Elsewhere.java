package dev.lintel.config;

import dev.lintel.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * Finds what a file does not hold but says where it lies: <code>{ env: NAME }</code>, <code>
 * { file: PATH }</code>, and what others know to find, in the place of any plain value.
 */
final class Elsewhere {
  /** Words for places. */
  static final Set<String> WORDS = Settings.ELSEWHERE;

  private static final int LONGEST = 1 << 20;

  /** A place as it is written. */
  record Place(String word, String reference) {}

  private final Environment environment;
  private final Map<String, Source> sources;
  private final Supplier<Prologue> around;
  private final Set<Path> files = new LinkedHashSet<>();

  /**
   * @param sources by their words
   * @param around asked where a source needs it
   */
  Elsewhere(Environment environment, Map<String, Source> sources, Supplier<Prologue> around) {
    this.environment = environment;
    this.sources = sources;
    this.around = around;
  }

  /** The place that the node names in the stead of a value; empty where it does not. */
  static Optional<Place> named(Node node) {
    if (node instanceof MappingNode mapping && mapping.getValue().size() == 1) {
      NodeTuple only = mapping.getValue().getFirst();
      if (only.getKeyNode() instanceof ScalarNode word
          && WORDS.contains(word.getValue())
          && only.getValueNode() instanceof ScalarNode reference) {
        return Optional.of(new Place(word.getValue(), reference.getValue()));
      }
    }
    return Optional.empty();
  }

  /** What stands in the file itself, with the environment's values in it; throws as they do. */
  String resolve(String text) {
    return environment.resolve(text);
  }

  /** The files that were read. */
  Set<Path> files() {
    return files;
  }

  /** Throws {@link IllegalArgumentException} that says what is wrong without the text itself. */
  String text(Place place) {
    String reference = environment.resolve(place.reference).strip();
    if (environment.unread()) {
      return Environment.inPlace(place.word + "/" + reference);
    }
    return switch (place.word) {
      case "env" ->
          environment
              .get(reference)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "reads the environment variable " + reference + ", which is not set"));
      case "file" -> file(reference);
      default -> {
        Source source = sources.get(place.word);
        if (source == null) {
          throw new IllegalArgumentException("lies where nothing can be read from here");
        }
        yield source.text(reference, around.get());
      }
    };
  }

  private String file(String name) {
    try {
      Path file = Path.of(name);
      // Also where it cannot be read: it may come.
      files.add(file);
      if (Files.size(file) > LONGEST) {
        throw new IllegalArgumentException(
            "reads the file " + name + ", which is longer than 1 MB");
      }
      return Files.readString(file).strip();
    } catch (IOException | InvalidPathException unreadable) {
      throw new IllegalArgumentException(
          "reads the file " + name + ", which must be there and readable, as text", unreadable);
    }
  }
}
