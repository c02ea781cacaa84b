package dev.lintel.report;

import dev.lintel.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Tables as text with commas (RFC 4180). */
final class Csv {
  /** With which spreadsheets let a formula begin (OWASP, CSV Injection). */
  private static final String FORMULA = "=+-@\t\r";

  private Csv() {}

  /** A line of cells that are written as they are but for quotes. */
  static byte[] line(List<String> cells) {
    var line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      if (i > 0) {
        line.append(',');
      }
      quoted(line, cells.get(i));
    }
    return line.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A caller's word, which no spreadsheet may take for a formula. */
  static String text(String word) {
    return !word.isEmpty() && FORMULA.indexOf(word.charAt(0)) >= 0 ? "'" + word : word;
  }

  private static void quoted(StringBuilder line, String cell) {
    if (cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')) {
      line.append(cell);
      return;
    }
    line.append('"').append(cell.replace("\"", "\"\"")).append('"');
  }

  /**
   * All lines with their cells; empty ones are left out, as is a mark of the byte order. Throws
   * {@link Failure} {@code INVALID_REQUEST} where a quote never ends.
   */
  static List<List<String>> read(String text) {
    var rows = new ArrayList<List<String>>();
    var row = new ArrayList<String>();
    var cell = new StringBuilder();
    boolean quoted = false;
    int from = text.startsWith("\ufeff") ? 1 : 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
          cell.append(c);
          i++;
        } else if (c == '"') {
          quoted = false;
        } else {
          cell.append(c);
        }
      } else {
        switch (c) {
          case '"' -> quoted = true;
          case ',' -> {
            row.add(cell.toString());
            cell.setLength(0);
          }
          case '\n' -> end(rows, row, cell);
          case '\r' -> {
            // The line feed behind it ends the line.
          }
          default -> cell.append(c);
        }
      }
    }
    if (quoted) {
      throw Failure.invalid("'text' is no CSV: the quotes of its last cell never end.").at("text");
    }
    end(rows, row, cell);
    return rows;
  }

  private static void end(List<List<String>> rows, List<String> row, StringBuilder cell) {
    if (!row.isEmpty() || !cell.isEmpty()) {
      row.add(cell.toString());
      rows.add(List.copyOf(row));
    }
    row.clear();
    cell.setLength(0);
  }
}
