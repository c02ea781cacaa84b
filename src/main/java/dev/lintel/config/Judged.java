package dev.lintel.config;

import dev.lintel.Allowance;
import dev.lintel.Judging;
import dev.lintel.Measure;
import dev.lintel.Percent;
import dev.lintel.Span;
import java.math.BigDecimal;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What {@code judge} means. */
final class Judged {
  private static final double USUAL_SHARE = 0.01;
  private static final int USUAL_SCALE = 5;
  private static final int LONGEST_SCALE = 100;
  private static final int LONGEST_RUBRIC = 4000;

  /** No tenant's name: none has that character. */
  private static final String OWNER = "#judge";

  private final Faults faults;
  private final Consumer<At<String>> model;

  /**
   * @param model reports a name that is no model's
   */
  Judged(Faults faults, Consumer<At<String>> model) {
    this.faults = faults;
    this.model = model;
  }

  Optional<Judging> of(Document.JudgeEntry entry) {
    model.accept(entry.model());
    entry.models().forEach(model);
    Optional<String> rubric = entry.rubric().flatMap(At::value);
    if (rubric.filter(text -> text.isBlank() || text.length() > LONGEST_RUBRIC).isPresent()) {
      faults.add(
          entry.rubric().get(), "must be a text of " + LONGEST_RUBRIC + " characters at the most");
    }
    int scale = entry.scale().flatMap(At::value).map(Count::value).orElse(USUAL_SCALE);
    if (scale < 2 || scale > LONGEST_SCALE) {
      entry.scale().ifPresent(at -> faults.add(at, "must be 2 to " + LONGEST_SCALE));
    }
    BigDecimal usd = entry.maxCostUsd().flatMap(At::value).orElse(BigDecimal.ONE);
    if (Measure.pico(usd) < 1) {
      entry.maxCostUsd().ifPresent(at -> faults.add(at, "must be above 0"));
      return Optional.empty();
    }
    return entry
        .model()
        .value()
        .map(name ->
            new Judging(
                name,
                entry.sample().flatMap(At::value).map(Percent::share).orElse(USUAL_SHARE),
                rubric.orElse(Judging.RUBRIC),
                Math.max(2, scale),
                entry.models().stream()
                    .flatMap(at -> at.value().stream())
                    .collect(Collectors.toSet()),
                List.of(
                    Allowance.of(
                        "judge.max_cost_usd",
                        OWNER,
                        Measure.PICO_USD,
                        Measure.pico(usd),
                        new Span.Calendar(Span.Unit.DAY, ZoneOffset.UTC)))));
  }
}
