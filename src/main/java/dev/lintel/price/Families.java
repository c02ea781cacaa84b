package dev.lintel.price;

import dev.lintel.ModelNames;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** From a model's name to the family it is of, whoever serves it: rows of a table. */
record Families(List<Row> rows) {
  private static final String FILE = "families.csv";

  /** Read when the first call asks for a family. */
  private static final class Kept {
    static final Families ALL = read();
  }

  private record Row(String word, String family) {}

  private static Families read() {
    var stream = Objects.requireNonNull(Families.class.getResourceAsStream(FILE), FILE);
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return new Families(
          reader
              .lines()
              .filter(line -> !line.startsWith("#"))
              .skip(1)
              .map(line -> line.split(",", 2))
              .map(cells -> new Row(cells[0], cells[1]))
              .toList());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The family of the first row that fits; empty where none does. */
  static String of(String model) {
    String name = model.toLowerCase(Locale.ROOT);
    for (Row row : Kept.ALL.rows) {
      if (ModelNames.mention(name, row.word)) {
        return row.family;
      }
    }
    return "";
  }
}
