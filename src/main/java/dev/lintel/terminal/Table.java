package dev.lintel.terminal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Rows below each other. Where there is no room for all columns, texts are cut first; then the
 * columns go that people miss least.
 */
final class Table {
  private static final int GAP = 2;

  /** To this and no further a text is cut. */
  private static final int LEAST = 10;

  /**
   * A column.
   *
   * @param right on which side its cells stand
   * @param whole whether a part of a cell is good for nothing
   * @param rank those with the highest go first; one of 0 stays
   */
  record Column(String title, boolean right, boolean whole, int rank) {}

  private final List<Column> columns;
  private final List<Style> styles = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  Table(Column... columns) {
    this.columns = List.of(columns);
  }

  /** A text. */
  static Column text(String title, int rank) {
    return new Column(title, false, false, rank);
  }

  /** A text that people copy; it stays. */
  static Column name(String title) {
    return new Column(title, false, true, 0);
  }

  /** Figures. */
  static Column figure(String title, int rank) {
    return new Column(title, true, true, rank);
  }

  /**
   * @param cells one a column, as they come from anybody
   */
  void add(Style style, String... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException("a cell for each column");
    }
    rows.add(Arrays.stream(cells).map(Glyphs::harmless).toList());
    styles.add(style);
  }

  int size() {
    return rows.size();
  }

  /**
   * The heading and so many of the rows; the first heading says where there are more.
   *
   * @param width of the terminal
   */
  List<String> lines(int width, int most, boolean color) {
    int shown = Math.min(most, rows.size());
    List<String> heading = new ArrayList<>(columns.stream().map(Column::title).toList());
    if (shown < rows.size()) {
      heading.set(0, heading.getFirst() + " " + shown + "/" + rows.size());
    }
    List<List<String>> seen = new ArrayList<>();
    seen.add(heading);
    seen.addAll(rows.subList(0, shown));
    int[] widths = widths(seen, width);
    var lines = new ArrayList<String>();
    for (int i = 0; i < seen.size(); i++) {
      Style style = i == 0 ? Style.HEADING : styles.get(i - 1);
      lines.add(style.on(line(seen.get(i), widths, width), color));
    }
    return lines;
  }

  private String line(List<String> cells, int[] widths, int width) {
    var line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      if (widths[i] > 0) {
        line.append(line.isEmpty() ? "" : " ".repeat(GAP));
        line.append(Glyphs.fit(cells.get(i), widths[i], columns.get(i).right));
      }
    }
    return Glyphs.cut(line.toString().stripTrailing(), width);
  }

  /** Of each column; 0 where it goes. */
  private int[] widths(List<List<String>> seen, int width) {
    int[] whole =
        IntStream.range(0, columns.size())
            .map(i -> seen.stream().mapToInt(row -> Glyphs.width(row.get(i))).max().orElse(0))
            .toArray();
    List<Integer> kept = new ArrayList<>(IntStream.range(0, columns.size()).boxed().toList());
    while (kept.size() > 1 && sum(kept, i -> least(i, whole)) > width) {
      Integer last =
          kept.stream().max(Comparator.comparingInt(i -> columns.get(i).rank)).orElseThrow();
      if (columns.get(last).rank == 0) {
        break;
      }
      kept.remove(last);
    }
    var widths = new int[columns.size()];
    kept.forEach(i -> widths[i] = whole[i]);
    while (sum(kept, i -> widths[i]) > width) {
      Integer widest =
          kept.stream()
              .filter(i -> widths[i] > least(i, whole))
              .max(Comparator.comparingInt(i -> widths[i]))
              .orElse(-1);
      if (widest < 0) {
        break;
      }
      widths[widest]--;
    }
    return widths;
  }

  private int least(int i, int[] whole) {
    return columns.get(i).whole ? whole[i] : Math.min(LEAST, whole[i]);
  }

  private static int sum(List<Integer> kept, IntUnaryOperator of) {
    return kept.stream().mapToInt(i -> of.applyAsInt(i)).sum() + GAP * (kept.size() - 1);
  }
}
