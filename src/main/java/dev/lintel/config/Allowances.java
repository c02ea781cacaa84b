package dev.lintel.config;

import dev.lintel.Allowance;
import dev.lintel.Dimension;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Percent;
import dev.lintel.Rate;
import dev.lintel.Service;
import dev.lintel.Span;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What {@code limits} and {@code budget} mean, wherever they stand. */
final class Allowances {
  private final Faults faults;
  private final Consumer<At<String>> model;

  /**
   * @param model reports a name that is no model's
   */
  Allowances(Faults faults, Consumer<At<String>> model) {
    this.faults = faults;
    this.model = model;
  }

  /**
   * @param owner whose they are, as an allowance's
   * @param usual the mode of those that name none
   */
  List<Allowance> of(
      List<At<Document.Limit>> limits,
      List<At<Document.Budget>> budgets,
      String owner,
      Mode usual) {
    if (limits.isEmpty() && budgets.isEmpty()) {
      return List.of();
    }
    var all = new ArrayList<Allowance>();
    for (At<Document.Limit> at : limits) {
      at.value().ifPresent(limit -> limit(at, limit, owner, usual, all));
    }
    for (At<Document.Budget> at : budgets) {
      at.value().ifPresent(budget -> budget(at, budget, owner, usual, all));
    }
    return List.copyOf(all);
  }

  private void limit(
      At<?> at, Document.Limit limit, String owner, Mode usual, List<Allowance> all) {
    Set<String> only = only(at, limit.per(), limit.only());
    var each = new Each(at, owner, limit.per(), only, limit.mode().orElse(usual), List.of());
    Document.Limit.values(limit.requests())
        .forEach(rate -> all.add(each.of("requests", Measure.REQUESTS, rate)));
    Document.Limit.values(limit.tokens())
        .forEach(rate -> all.add(each.of("tokens", Measure.TOKENS, rate)));
    limit
        .concurrent()
        .ifPresent(most ->
            all.add(
                each.of(
                    "concurrent",
                    Measure.CONCURRENT,
                    most.value(),
                    new Span.Now(),
                    Allowance.AtLimit.REFUSE)));
  }

  private void budget(
      At<?> at, Document.Budget budget, String owner, Mode usual, List<Allowance> all) {
    Set<String> only = only(at, budget.per(), budget.only());
    List<Integer> thresholds = thresholds(at, budget.thresholds());
    var each = new Each(at, owner, budget.per(), only, budget.mode().orElse(usual), thresholds);
    ZoneId zone = budget.zone().map(this::zone).orElse(ZoneOffset.UTC);
    Allowance.AtLimit atLimit =
        budget.atLimit().map(this::atLimit).orElse(Allowance.AtLimit.REFUSE);
    budget
        .amounts()
        .forEach((window, amount) ->
            all.add(
                each.of(
                    budget.amount().isPresent() ? "" : window.name().toLowerCase(Locale.ROOT),
                    amount.measure(),
                    amount.value(),
                    span(window, zone),
                    atLimit)));
  }

  /** What all allowances of one entry have in common. */
  private record Each(
      At<?> at,
      String owner,
      List<Dimension> per,
      Set<String> only,
      Mode mode,
      List<Integer> thresholds) {
    Allowance of(String key, Measure measure, Rate rate) {
      return of(
          key, measure, rate.count(), new Span.Rolling(rate.window()), Allowance.AtLimit.REFUSE);
    }

    Allowance of(String key, Measure measure, long amount, Span span, Allowance.AtLimit atLimit) {
      String rule = key.isEmpty() ? at.path() : at.path() + "." + key;
      return new Allowance(
          rule, owner, measure, amount, span, per, only, mode, thresholds, atLimit);
    }
  }

  private Set<String> only(At<?> at, List<Dimension> per, List<At<String>> values) {
    if (!values.isEmpty() && per.size() != 1) {
      faults.add(at, "needs one 'per' beside 'only', which says what the values are of");
    }
    for (At<String> value : values) {
      if (per.contains(Dimension.MODEL)) {
        model.accept(value);
      } else if (per.contains(Dimension.ENDPOINT)
          && value.value().filter(word -> !Service.words().contains(word)).isPresent()) {
        faults.add(value, "must be one of " + String.join(", ", Service.words()));
      }
    }
    return values.stream()
        .flatMap(value -> value.value().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  private List<Integer> thresholds(At<?> at, List<Percent> written) {
    var thresholds = new TreeSet<Integer>();
    for (Percent percent : written) {
      BigDecimal value = percent.value();
      if (value.signum() == 0 || value.stripTrailingZeros().scale() > 0) {
        faults.add(at, "must have whole percents from 1 to 100 as its 'thresholds'");
        return List.of();
      }
      thresholds.add(value.intValue());
    }
    return List.copyOf(thresholds);
  }

  private ZoneId zone(At<String> at) {
    try {
      return ZoneId.of(at.value().orElse("Z"));
    } catch (DateTimeException unknown) {
      faults.add(at, "must be a time zone such as Europe/Berlin, UTC or +02:00");
      return ZoneOffset.UTC;
    }
  }

  private Allowance.AtLimit atLimit(Document.AtLimit written) {
    written.downgrade().forEach(model);
    return new Allowance.AtLimit(
        written.downgrade().stream().flatMap(at -> at.value().stream()).toList(),
        written.answer(),
        written.then().equals(Optional.of(Document.Then.APPROVE)));
  }

  private static Span span(Document.Window window, ZoneId zone) {
    return switch (window) {
      case MINUTE -> new Span.Calendar(Span.Unit.MINUTE, zone);
      case HOUR -> new Span.Calendar(Span.Unit.HOUR, zone);
      case DAY -> new Span.Calendar(Span.Unit.DAY, zone);
      case WEEK -> new Span.Calendar(Span.Unit.WEEK, zone);
      case MONTH -> new Span.Calendar(Span.Unit.MONTH, zone);
      case TOTAL -> new Span.Total();
    };
  }
}
