package dev.lintel.report;

import dev.lintel.Costs;
import dev.lintel.Costs.Question;
import dev.lintel.Costs.Sums;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the calls of some days came to, by group and within it by target. */
record Cells(List<String> by, Map<List<String>, Map<String, Sums>> groups) {
  static Cells of(
      Costs costs, List<String> by, Optional<String> tenant, LocalDate from, LocalDate to) {
    var columns = new ArrayList<>(by);
    columns.add("target");
    var groups = new HashMap<List<String>, Map<String, Sums>>();
    costs.each(
        new Question(columns, tenant, from, to, false),
        row ->
            groups
                .computeIfAbsent(
                    List.copyOf(row.values().subList(0, by.size())), group -> new TreeMap<>())
                .merge(row.values().getLast(), row.sums(), Sums::plus));
    return new Cells(List.copyOf(by), groups);
  }

  Map<String, Sums> group(List<String> values) {
    return groups.getOrDefault(values, Map.of());
  }

  static Sums sum(Map<String, Sums> targets) {
    return targets.values().stream().reduce(new Sums(), Sums::plus);
  }
}
