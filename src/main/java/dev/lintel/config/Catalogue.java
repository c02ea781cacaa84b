package dev.lintel.config;

import dev.lintel.Provider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The providers that are known by name: rows of {@code providers.csv}. */
record Catalogue(Map<String, Row> rows) {
  /**
   * A provider as everybody meets it.
   *
   * @param url with braces where the user has to fill something in; empty where none is usual
   * @param keyOptional whether it may be asked without a key
   * @param variables the environment variables that usually hold the key, the first that is set
   * @param batches whether it takes whole batches of requests
   */
  record Row(
      String name,
      String dialect,
      String url,
      Provider.Auth auth,
      boolean keyOptional,
      List<String> variables,
      Provider.Quirks quirks,
      boolean batches) {

    /** What is known of a provider of which only the dialect is known. */
    static Row ofDialect(String dialect) {
      return new Row(
          dialect, dialect, "", Provider.Auth.BEARER, true, List.of(), Provider.Quirks.NONE, false);
    }

    /** Whether it has an address in which nothing is left to fill in. */
    boolean hasUrl() {
      return !url.isEmpty() && url.indexOf('{') < 0;
    }

    /** Whether the name alone is enough to ask it. */
    boolean usable(Environment environment) {
      return hasUrl() && (keyOptional || key(environment).isPresent());
    }

    /** The key in its usual variable; what no header can carry is none. */
    Optional<String> key(Environment environment) {
      return variables.stream()
          .flatMap(variable -> environment.get(variable).stream())
          .filter(Providers::isVisible)
          .findFirst();
    }
  }

  private static final String FILE = "providers.csv";
  private static final int COLUMNS = 9;

  Optional<Row> find(String name) {
    return Optional.ofNullable(rows.get(name));
  }

  static Catalogue read() {
    var stream = Objects.requireNonNull(Catalogue.class.getResourceAsStream(FILE), FILE);
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      var rows = new LinkedHashMap<String, Row>();
      reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1)
          .map(Catalogue::row)
          .forEach(row -> rows.put(row.name(), row));
      return new Catalogue(Collections.unmodifiableMap(rows));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static Row row(String line) {
    List<String> cells = Arrays.asList(line.split(",", COLUMNS));
    String auth = cells.get(3);
    boolean optional = auth.endsWith("?") || auth.equals("none");
    return new Row(
        cells.get(0),
        cells.get(1),
        cells.get(2),
        Provider.Auth.valueOf(auth.replace("?", "").toUpperCase(Locale.ROOT)),
        optional,
        words(cells.get(4)),
        new Provider.Quirks(
            Set.copyOf(words(cells.get(6))),
            words(cells.get(7)).stream()
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1])),
            Boolean.parseBoolean(cells.get(5))),
        cells.get(8).equals("native"));
  }

  private static List<String> words(String cell) {
    return cell.isBlank() ? List.of() : List.of(cell.strip().split(" ", -1));
  }
}
