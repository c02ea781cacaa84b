package dev.lintel.report;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Failure;
import dev.lintel.Records;
import dev.lintel.Records.UsagePage;
import dev.lintel.Records.UsagePlace;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What calls cost, line by line, so that a long report needs no more memory than a short one: from
 * the sums of usage where those know all that is asked by, else from those of costs by the day.
 */
public final class CostReport {
  /** What a report can be asked by. */
  public static final List<String> COLUMNS =
      List.of(
          "tenant", "app", "use_case", "user", "model", "provider", "target", "key", "tag", "kind");

  private final Records records;
  private final Costs costs;
  private final Asked asked;
  private final CostForm form;

  /** Of how much time a line is. */
  public enum Interval {
    NONE,
    HOUR,
    DAY,
    MONTH
  }

  /** How it is written. */
  public enum Format {
    JSON,
    CSV,
    FOCUS
  }

  /**
   * @param by some of {@link #COLUMNS}
   * @param tenant of this one only; empty for all
   * @param to when an open report ends
   */
  public record Asked(
      List<String> by,
      Optional<String> tenant,
      Optional<Instant> from,
      Instant to,
      Interval interval,
      Format format) {
    public Asked {
      by = List.copyOf(by);
    }
  }

  /**
   * Throws {@link Failure} {@code INVALID_REQUEST} that names the parameter where nothing can
   * answer that.
   */
  public CostReport(Records records, Costs costs, Asked asked) {
    this.records = records;
    this.costs = costs;
    this.asked = asked.format == Format.FOCUS ? focus(asked) : asked;
    this.form =
        switch (asked.format) {
          case JSON -> CostForm.JSON;
          case CSV -> CostForm.CSV;
          case FOCUS -> new Focus();
        };
    if (daily()) {
      check();
    }
  }

  private static Asked focus(Asked asked) {
    if (!asked.by.isEmpty()) {
      throw Failure.invalid("'group_by' is not for format=focus, which has columns of its own.")
          .at("group_by");
    }
    return new Asked(
        Focus.BY,
        asked.tenant,
        asked.from,
        asked.to,
        asked.interval == Interval.NONE ? Interval.DAY : asked.interval,
        asked.format);
  }

  /** Whether the sums of usage do not know what is asked by. */
  private boolean daily() {
    return !UsageQuestion.COLUMNS.containsAll(asked.by);
  }

  private void check() {
    List<String> known = asked.by.contains(Costs.TAG) ? Costs.TAGGED : Costs.COLUMNS;
    for (String column : asked.by) {
      if (!known.contains(column)) {
        throw Failure.invalid(
                "'group_by' cannot have '%s' beside %s: it takes %s there."
                    .formatted(
                        column,
                        asked.by.contains(Costs.TAG) ? "tag" : "key or target",
                        String.join(", ", known)))
            .at("group_by");
      }
    }
    if (asked.interval == Interval.HOUR) {
      throw Failure.invalid("'interval' must be day or month where it is by key, target or tag.")
          .at("interval");
    }
    asked.from.ifPresent(from -> whole(from, "from"));
    whole(asked.to, "to");
  }

  private static void whole(Instant time, String name) {
    if (!time.equals(time.truncatedTo(ChronoUnit.DAYS))) {
      throw Failure.invalid(
              "'"
                  + name
                  + "' must be the beginning of a day (UTC) where it is by key, target or tag.")
          .at(name);
    }
  }

  public String contentType() {
    return form.contentType();
  }

  /**
   * Writes all of it, piece by piece. May throw {@link Failure} {@code UNAVAILABLE} at any time.
   */
  public void write(Consumer<byte[]> out) {
    var first = new boolean[] {true};
    // Whatever is wrong with the question or the store shows before the first byte is written.
    var begun = new boolean[1];
    Runnable begin =
        () -> {
          if (!begun[0]) {
            begun[0] = true;
            out.accept(form.begin(asked.by, asked.interval != Interval.NONE));
          }
        };
    Consumer<CostLine> lines =
        line -> {
          begin.run();
          form.line(line, first[0])
              .ifPresent(bytes -> {
                first[0] = false;
                out.accept(bytes);
              });
        };
    if (daily()) {
      costs(lines);
    } else {
      usage(lines);
    }
    begin.run();
    out.accept(form.end());
  }

  private void usage(Consumer<CostLine> lines) {
    switch (asked.interval) {
      case NONE -> usage(asked.from, asked.to, Optional.empty(), Optional.empty(), lines);
      case HOUR ->
          usage(asked.from, asked.to, Optional.of(Duration.ofHours(1)), Optional.empty(), lines);
      case DAY ->
          usage(asked.from, asked.to, Optional.of(Duration.ofDays(1)), Optional.empty(), lines);
      case MONTH ->
          asked
              .from
              .or(this::firstUsage)
              .ifPresent(from ->
                  eachMonth(
                      from,
                      (start, end) ->
                          usage(
                              Optional.of(start.isBefore(from) ? from : start),
                              end.isAfter(asked.to) ? asked.to : end,
                              Optional.empty(),
                              Optional.of(new CostLine.Period(start, end)),
                              lines)));
    }
  }

  private Optional<Instant> firstUsage() {
    return records
        .usage(
            new UsageQuestion(
                List.of(),
                asked.tenant,
                Optional.empty(),
                Optional.of(asked.to),
                Optional.of(Duration.ofDays(1)),
                Optional.empty(),
                1))
        .rows()
        .stream()
        .findFirst()
        .flatMap(UsageRow::start);
  }

  private interface Months {
    void month(Instant start, Instant end);
  }

  private void eachMonth(Instant from, Months months) {
    YearMonth month = YearMonth.from(from.atOffset(ZoneOffset.UTC));
    while (start(month).isBefore(asked.to)) {
      months.month(start(month), start(month.plusMonths(1)));
      month = month.plusMonths(1);
    }
  }

  private static Instant start(YearMonth month) {
    return start(month.atDay(1));
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private void usage(
      Optional<Instant> from,
      Instant to,
      Optional<Duration> length,
      Optional<CostLine.Period> period,
      Consumer<CostLine> lines) {
    Optional<UsagePlace> after = Optional.empty();
    do {
      UsagePage page =
          records.usage(
              new UsageQuestion(
                  asked.by,
                  asked.tenant,
                  from,
                  Optional.of(to),
                  length,
                  after,
                  UsageQuestion.MOST));
      for (UsageRow row : page.rows()) {
        Optional<CostLine.Period> of =
            row.start()
                .map(start -> new CostLine.Period(start, start.plus(length.orElse(Duration.ZERO))))
                .or(() -> period);
        lines.accept(new CostLine(of, named(row.values()), sums(row)));
      }
      after = page.next();
    } while (after.isPresent());
  }

  private static Sums sums(UsageRow row) {
    return Sums.of(
        Map.of(
            Figure.CALLS, row.calls(),
            Figure.PICO_USD, row.picoUsd(),
            Figure.INPUT, row.input(),
            Figure.OUTPUT, row.output(),
            Figure.CACHE_READ, row.cacheRead(),
            Figure.CACHE_WRITE, row.cacheWrite(),
            Figure.REASONING, row.reasoning()));
  }

  private Map<String, String> named(List<String> values) {
    var named = new LinkedHashMap<String, String>();
    for (int i = 0; i < values.size(); i++) {
      named.put(asked.by.get(i), values.get(i));
    }
    return named;
  }

  private void costs(Consumer<CostLine> lines) {
    Optional<LocalDate> first = asked.from.map(CostReport::day).or(costs::first);
    if (first.isEmpty()) {
      return;
    }
    switch (asked.interval) {
      case NONE -> costs(first.get(), day(asked.to), false, Optional.empty(), lines);
      case DAY -> costs(first.get(), day(asked.to), true, Optional.empty(), lines);
      case HOUR -> throw new IllegalStateException("refused before");
      case MONTH ->
          eachMonth(
              start(first.get()),
              (start, end) ->
                  costs(
                      later(first.get(), day(start)),
                      earlier(day(end), day(asked.to)),
                      false,
                      Optional.of(new CostLine.Period(start, end)),
                      lines));
    }
  }

  private void costs(
      LocalDate from,
      LocalDate to,
      boolean daily,
      Optional<CostLine.Period> period,
      Consumer<CostLine> lines) {
    costs.each(
        new Costs.Question(asked.by, asked.tenant, from, to, daily),
        row ->
            lines.accept(
                new CostLine(
                    daily
                        ? Optional.of(
                            new CostLine.Period(start(row.day()), start(row.day().plusDays(1))))
                        : period,
                    named(row.values()),
                    row.sums())));
  }

  private static LocalDate later(LocalDate one, LocalDate other) {
    return one.isAfter(other) ? one : other;
  }

  private static LocalDate earlier(LocalDate one, LocalDate other) {
    return one.isBefore(other) ? one : other;
  }

  private static LocalDate day(Instant time) {
    return LocalDate.ofInstant(time, ZoneOffset.UTC);
  }
}
