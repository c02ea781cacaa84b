package dev.lintel.report;

import dev.lintel.Costs;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Costs that a test has put down. */
final class KnownCosts implements Costs {
  private record Put(LocalDate day, Map<String, String> words, Sums sums) {}

  private final List<Put> all = new ArrayList<>();

  KnownCosts put(LocalDate day, Map<String, String> words, Map<Figure, Long> figures) {
    all.add(new Put(day, words, Sums.of(figures)));
    return this;
  }

  @Override
  public void each(Question question, Consumer<Row> rows) {
    var found = new TreeMap<String, Row>();
    for (Put one : all) {
      boolean wanted =
          !one.day.isBefore(question.from())
              && one.day.isBefore(question.to())
              && question.tenant().map(one.words.getOrDefault("tenant", "")::equals).orElse(true);
      if (wanted) {
        List<String> values =
            question.by().stream().map(column -> one.words.getOrDefault(column, "")).toList();
        LocalDate day = question.daily() ? one.day : question.from();
        found.merge(
            day + String.join("\0", values),
            new Row(values, day, one.sums),
            (a, b) -> new Row(values, day, a.sums().plus(b.sums())));
      }
    }
    found.values().forEach(rows);
  }

  @Override
  public Optional<LocalDate> first() {
    return all.stream().map(Put::day).min(LocalDate::compareTo);
  }
}
