package bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The results as a table: lowest, middle and highest of the rounds, and each against the first
 * proxy.
 */
final class Table {
  /**
   * A row.
   *
   * @param added what the mock itself took in the same round is taken away
   * @param ratio it makes sense to set it in proportion
   */
  private record Row(
      String label, String measure, String field, int digits, boolean added, boolean ratio) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("CPU a call, µs", "calls", "cpu_us", 1, false, true),
          new Row("throughput, calls/s", "calls", "per_second", 0, false, true),
          new Row("CPU a call, one connection, µs", "single", "cpu_us", 1, false, true),
          new Row("added latency p50, µs", "single", "p50_us", 0, true, true),
          new Row("added latency p99, µs", "single", "p99_us", 0, true, true),
          new Row("added first token p50, µs", "ttft", "ttft_p50_us", 0, true, true),
          new Row("added first token p99, µs", "ttft", "ttft_p99_us", 0, true, true),
          new Row("CPU a relayed event, µs", "events", "cpu_us", 1, false, true),
          new Row("CPU a call, translated, µs", "translated", "cpu_us", 1, false, false),
          new Row("times the call as it is", "translated", "times", 2, false, false),
          new Row("CPU an event, translated, µs", "translated", "event_us", 1, false, false),
          new Row("times the event as it is", "translated", "event_times", 2, false, false),
          new Row("CPU an event, 2,000 streams, µs", "held2000", "cpu_us", 1, false, true),
          new Row("CPU an event, 6,000 streams, µs", "held6000", "cpu_us", 1, false, true),
          new Row("memory a stream, 2,000 open, KB", "held2000", "kb_a_stream", 1, false, true),
          new Row("memory a stream, 6,000 open, KB", "held6000", "kb_a_stream", 1, false, true),
          new Row("resident with 6,000 open, MB", "held6000", "open_mb", 0, false, false),
          new Row("start to first answer, ms", "start", "ms", 0, false, false),
          new Row("resident after start, MB", "start", "idle_mb", 0, false, false),
          new Row("peak with large bodies, MB", "bodies", "peak_mb", 0, false, false));

  private final List<Line> lines;
  private final List<String> proxies;

  Table(List<Line> lines, List<String> proxies) {
    this.lines = lines;
    this.proxies = proxies;
  }

  String text() {
    var out = new StringBuilder();
    Line run = lines.getFirst();
    out.append(
        "%s, %s cores, %s; commit %s; %s%n"
            .formatted(
                run.text("cpu"),
                run.text("cores"),
                run.text("kernel"),
                run.text("commit"),
                run.text("time")));
    out.append("Each cell: lowest, median and highest of the rounds.\n\n");
    var cells = new ArrayList<List<String>>();
    cells.add(heading());
    for (Row row : ROWS) {
      if (lines.stream().anyMatch(line -> line.text("measure").equals(row.measure))) {
        cells.add(cells(row));
      }
    }
    var widths = new int[cells.getFirst().size()];
    for (List<String> row : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (int r = 0; r < cells.size(); r++) {
      for (int i = 0; i < widths.length; i++) {
        String pattern = i == 0 ? "| %-" + widths[i] + "s " : "| %" + widths[i] + "s ";
        out.append(pattern.formatted(cells.get(r).get(i)));
      }
      out.append("|\n");
      if (r == 0) {
        for (int i = 0; i < widths.length; i++) {
          out.append("| ").append("-".repeat(widths[i] - 1)).append(i == 0 ? "- " : ": ");
        }
        out.append("|\n");
      }
    }
    return out.append("\n").append(remarks()).toString();
  }

  private List<String> heading() {
    var heading = new ArrayList<String>();
    heading.add("");
    heading.addAll(proxies);
    proxies.stream().skip(1).forEach(name -> heading.add(name + " / " + proxies.getFirst()));
    return heading;
  }

  private List<String> cells(Row row) {
    var cells = new ArrayList<String>();
    cells.add(row.label);
    List<double[]> values = proxies.stream().map(name -> values(row, name)).toList();
    values.forEach(each -> cells.add(spread(each, row.digits)));
    double[] first = values.getFirst();
    for (double[] each : values.subList(1, values.size())) {
      var ratios = new double[Math.min(first.length, each.length)];
      Arrays.setAll(ratios, i -> Math.min(first[i], each[i]) > 0 ? each[i] / first[i] : Double.NaN);
      cells.add(row.ratio ? spread(ratios, 2) : "");
    }
    return cells;
  }

  /** One value a round, in the order of the rounds. */
  private double[] values(Row row, String proxy) {
    double[] values = values(row.measure, row.field, proxy);
    if (row.added) {
      double[] direct = values(row.measure, row.field, "direct");
      Arrays.setAll(values, i -> values[i] - direct[i]);
    }
    return values;
  }

  private double[] values(String measure, String field, String proxy) {
    return lines.stream()
        .filter(line -> line.text("measure").equals(measure) && line.text("proxy").equals(proxy))
        .mapToDouble(line -> line.number(field))
        .toArray();
  }

  private static String spread(double[] values, int digits) {
    double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    if (sorted.length == 0) {
      return "-";
    }
    double middle = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    String number = "%." + digits + "f";
    String pattern = number + "  " + number + "  " + number;
    return String.format(Locale.ROOT, pattern, sorted[0], middle, sorted[sorted.length - 1]);
  }

  /** What a reader must know before believing a figure. */
  private String remarks() {
    var out = new StringBuilder();
    double[] others =
        lines.stream()
            .mapToDouble(line -> line.number("others_percent"))
            .filter(Double::isFinite)
            .toArray();
    if (others.length > 0) {
      out.append(
          "Other programs took %s %% of the machine (lowest, median, highest); load before: %s.%n"
              .formatted(spread(others, 1), lines.getFirst().text("load_before")));
      long disturbed = Arrays.stream(others).filter(percent -> percent > 5).count();
      if (disturbed > 0) {
        out.append(
            "THE MACHINE WAS BUSY: over 5 %% in %d of %d measurements; figures taken then mean little.%n"
                .formatted(disturbed, others.length));
      }
    }
    for (Line line : lines) {
      if (line.number("failed") > 0) {
        out.append(
            "FAILED in %s, %s, round %s: %s calls. %s%n"
                .formatted(
                    line.text("measure"),
                    line.text("proxy"),
                    line.text("round"),
                    line.text("failed"),
                    line.text("problem")));
      } else if (line.text("measure").startsWith("held")
          && Double.isNaN(line.number("kb_a_stream"))) {
        out.append(
            "NOT ALL OPEN AT ONCE in %s, %s, round %s: %s.%n"
                .formatted(
                    line.text("measure"),
                    line.text("proxy"),
                    line.text("round"),
                    line.text("most_open")));
      }
    }
    return out.toString();
  }
}
