package dev.lintel.token;

import com.knuddels.jtokkit.api.EncodingType;
import dev.lintel.ModelNames;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** From a model's name to the encoding that counts its tokens best: rows of a table. */
record Encodings(List<Row> rows, Row others) {
  /**
   * @param percent of what the encoding counts
   * @param image tokens of one image
   */
  record Row(String name, EncodingType encoding, int percent, int image) {}

  private static final String FILE = "encodings.csv";
  private static final String OTHERS = "*";

  static Encodings read() {
    var stream = Objects.requireNonNull(Encodings.class.getResourceAsStream(FILE), FILE);
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      var rows = new ArrayList<Row>();
      reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1)
          .map(Encodings::row)
          .forEach(rows::add);
      Row others = rows.removeLast();
      if (!others.name.equals(OTHERS)) {
        throw new IllegalStateException(FILE + " must end with the row of all others");
      }
      return new Encodings(List.copyOf(rows), others);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static Row row(String line) {
    String[] cells = line.split(",", 4);
    EncodingType type =
        EncodingType.fromName(cells[1])
            .orElseThrow(() -> new IllegalStateException("no encoding is called " + cells[1]));
    return new Row(cells[0], type, Integer.parseInt(cells[2]), Integer.parseInt(cells[3]));
  }

  /** The row whose word is the longest of those with which a part of the name begins. */
  Row of(String model) {
    String name = model.toLowerCase(Locale.ROOT);
    Row best = others;
    for (Row row : rows) {
      boolean longer = best == others || row.name.length() > best.name.length();
      if (longer && ModelNames.mention(name, row.name)) {
        best = row;
      }
    }
    return best;
  }
}
