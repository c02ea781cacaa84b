package dev.lintel.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Of which models a cloud speaks which dialect: rows of {@code served.csv}.
 *
 * @param families by the cloud's name, then by the dialect's
 */
record Served(Map<String, Map<String, Predicate<String>>> families) {
  private static final String FILE = "served.csv";

  /** By a dialect's name; one that is left out is spoken of every model. */
  Map<String, Predicate<String>> of(String family) {
    return families.getOrDefault(family, Map.of());
  }

  static Served read() {
    var stream = Objects.requireNonNull(Served.class.getResourceAsStream(FILE), FILE);
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      var families = new HashMap<String, Map<String, Predicate<String>>>();
      reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1)
          .map(line -> line.split(",", 3))
          .forEach(cells ->
              families
                  .computeIfAbsent(cells[0], first -> new HashMap<>())
                  .put(cells[1], pattern(cells[2])));
      return new Served(Collections.unmodifiableMap(families));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** A name in which {@code *} stands for anything; a {@code !} before it takes all others. */
  static Predicate<String> pattern(String text) {
    if (text.startsWith("!")) {
      return pattern(text.substring(1)).negate();
    }
    List<String> parts = Arrays.asList(text.split("\\*", -1));
    return name -> {
      int at = 0;
      for (int i = 0; i < parts.size(); i++) {
        String part = parts.get(i);
        boolean last = i == parts.size() - 1;
        int found = last ? name.length() - part.length() : name.indexOf(part, at);
        if (found < at || (i == 0 && found != 0) || !name.startsWith(part, found)) {
          return false;
        }
        at = found + part.length();
      }
      return true;
    };
  }
}
