package dev.lintel.upstream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * AWS's shared {@code credentials} and {@code config} files: INI, the former's words over the
 * latter's. https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
record AwsProfiles(Map<String, Map<String, String>> sections) {
  private static final String PREFIX = "profile ";

  /** A profile's words; none where there is no such profile. */
  Map<String, String> of(String name) {
    return sections.getOrDefault(name, Map.of());
  }

  /** Reads the files that are there. */
  static AwsProfiles read(Function<String, Optional<String>> variable) {
    String home = variable.apply("HOME").orElse(System.getProperty("user.home", ""));
    var sections = new HashMap<String, Map<String, String>>();
    add(sections, variable.apply("AWS_CONFIG_FILE").orElse(home + "/.aws/config"));
    add(sections, variable.apply("AWS_SHARED_CREDENTIALS_FILE").orElse(home + "/.aws/credentials"));
    return new AwsProfiles(sections);
  }

  private static void add(Map<String, Map<String, String>> sections, String file) {
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      return;
    }
    Map<String, String> section = new HashMap<>();
    try {
      for (String line : Files.readAllLines(path)) {
        String text = line.strip();
        int equals = text.indexOf('=');
        if (text.startsWith("[") && text.contains("]")) {
          section = sections.computeIfAbsent(name(text), first -> new HashMap<>());
        } else if (equals > 0 && !text.startsWith("#") && !text.startsWith(";")) {
          section.put(text.substring(0, equals).strip(), text.substring(equals + 1).strip());
        }
      }
    } catch (IOException unreadable) {
      throw Errand.refusal(0, "AWS's shared files cannot be read.");
    }
  }

  private static String name(String header) {
    String name = header.substring(1, header.indexOf(']')).strip();
    return name.startsWith(PREFIX) ? name.substring(PREFIX.length()).strip() : name;
  }
}
