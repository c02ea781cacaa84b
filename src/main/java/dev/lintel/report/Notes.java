package dev.lintel.report;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Json;
import dev.lintel.Measure;
import dev.lintel.Price;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where costs have changed from one time to the next, and by what: only where it is worth anybody's
 * while, in a sentence with its figures.
 */
public final class Notes {
  /** A cause is named that is this part of the change. */
  private static final double WORTH_NAMING = 0.1;

  private static final int DAYS_OF_A_WEEK = 7;

  /**
   * What is asked.
   *
   * @param by some of {@link Costs#COLUMNS} but the target
   * @param to the day after the last one
   * @param days as many days, and as many before
   * @param leastUsd a change by less is none
   * @param leastCalls fewer calls, now and before, tell nothing
   * @param leastChange a part of the cost before, such as 0.25; a change by less is none
   */
  public record Asked(
      List<String> by,
      Optional<String> tenant,
      LocalDate to,
      int days,
      BigDecimal leastUsd,
      long leastCalls,
      double leastChange) {
    public Asked {
      by = List.copyOf(by);
    }

    LocalDate from() {
      return to.minusDays(days);
    }

    /** The same days of the week, as near as can be. */
    int back() {
      return Math.ceilDiv(days, DAYS_OF_A_WEEK) * DAYS_OF_A_WEEK;
    }
  }

  private record Note(long change, ObjectNode json) {}

  private Notes() {}

  /**
   * @param prices of a target, now
   */
  public static ObjectNode of(Costs costs, Asked asked, Function<String, Optional<Price>> prices) {
    LocalDate from = asked.from();
    Cells now = Cells.of(costs, asked.by, asked.tenant, from, asked.to);
    Cells before =
        Cells.of(
            costs,
            asked.by,
            asked.tenant,
            from.minusDays(asked.back()),
            asked.to.minusDays(asked.back()));
    var groups = new HashSet<>(now.groups().keySet());
    groups.addAll(before.groups().keySet());
    var notes = new ArrayList<Note>();
    for (List<String> group : groups) {
      note(asked, group, before.group(group), now.group(group), prices).ifPresent(notes::add);
    }
    notes.sort(Comparator.comparingLong((Note note) -> Math.abs(note.change)).reversed());
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    notes.forEach(note -> data.add(note.json));
    body.putNull("next");
    period(body.putObject("period"), from, asked.to);
    period(
        body.putObject("before"), from.minusDays(asked.back()), asked.to.minusDays(asked.back()));
    body.put("counted_since", costs.first().map(LocalDate::toString).orElse(null));
    return body;
  }

  static void period(ObjectNode json, LocalDate from, LocalDate to) {
    json.put("from", from + "T00:00:00Z").put("to", to + "T00:00:00Z");
  }

  private static Optional<Note> note(
      Asked asked,
      List<String> group,
      Map<String, Sums> before,
      Map<String, Sums> now,
      Function<String, Optional<Price>> prices) {
    Sums was = Cells.sum(before);
    Sums is = Cells.sum(now);
    long change = is.get(Figure.PICO_USD) - was.get(Figure.PICO_USD);
    boolean much =
        Math.abs(change) >= Measure.pico(asked.leastUsd)
            && Math.abs(change) >= asked.leastChange * was.get(Figure.PICO_USD)
            && Math.max(is.get(Figure.CALLS), was.get(Figure.CALLS)) >= asked.leastCalls;
    if (!much || change == 0) {
      return Optional.empty();
    }
    var causes = new Causes(before, now, prices);
    ObjectNode json = Json.object();
    json.put("says", sentence(asked, group, was, is, causes));
    for (int i = 0; i < group.size(); i++) {
      json.put(asked.by.get(i), group.get(i).isEmpty() ? null : group.get(i));
    }
    json.put("change_usd", usd(change));
    figures(json.putObject("now"), is);
    figures(json.putObject("before"), was);
    ObjectNode parts = json.putObject("causes");
    for (Cause cause : Cause.values()) {
      parts.put(cause.word(), usd(causes.part(cause)));
    }
    return Optional.of(new Note(change, json));
  }

  static String usd(long pico) {
    return Measure.PICO_USD.text(pico);
  }

  private static void figures(ObjectNode json, Sums sums) {
    json.put("cost_usd", usd(sums.get(Figure.PICO_USD)))
        .put("calls", sums.get(Figure.CALLS))
        .put("prompt_tokens", prompt(sums))
        .put("output_tokens", sums.get(Figure.OUTPUT))
        .put("cache_read_tokens", sums.get(Figure.CACHE_READ))
        .put("failed_tries", sums.get(Figure.FAILED_TRIES))
        .put("failed_tries_usd", usd(sums.get(Figure.FAILED_PICO_USD)))
        .put("unpriced_calls", sums.get(Figure.UNPRICED));
  }

  private static long prompt(Sums sums) {
    return sums.get(Figure.INPUT) + sums.get(Figure.CACHE_READ) + sums.get(Figure.CACHE_WRITE);
  }

  private static String sentence(
      Asked asked, List<String> group, Sums was, Sums is, Causes causes) {
    long change = is.get(Figure.PICO_USD) - was.get(Figure.PICO_USD);
    var whose = new StringBuilder();
    for (int i = 0; i < group.size(); i++) {
      whose
          .append(i == 0 ? " of " : ", ")
          .append(asked.by.get(i).replace('_', ' '))
          .append(' ')
          .append(group.get(i).isEmpty() ? "(none)" : group.get(i));
    }
    List<String> named =
        Arrays.stream(Cause.values())
            .filter(cause -> Math.abs(causes.part(cause)) >= WORTH_NAMING * Math.abs(change))
            .sorted(
                Comparator.comparingLong((Cause cause) -> Math.abs(causes.part(cause))).reversed())
            .map(cause -> told(cause, was, is) + " (" + signed(causes.part(cause)) + ")")
            .toList();
    return "The cost%s %s from %s to %s USD%s%s."
        .formatted(
            whose,
            change > 0 ? "rose" : "fell",
            rounded(was.get(Figure.PICO_USD)),
            rounded(is.get(Figure.PICO_USD)),
            times(was.get(Figure.PICO_USD), is.get(Figure.PICO_USD))
                .map(text -> " (" + text + ")")
                .orElse(""),
            named.isEmpty() ? "" : ": " + String.join(", ", named));
  }

  private static String told(Cause cause, Sums was, Sums is) {
    return switch (cause) {
      case CALLS -> "calls " + changed(was.get(Figure.CALLS), is.get(Figure.CALLS));
      case MODELS -> "other models, or other shares of them";
      case PROMPTS -> "prompts " + changed(each(was, prompt(was)), each(is, prompt(is)));
      case ANSWERS ->
          "answers " + changed(each(was, was.get(Figure.OUTPUT)), each(is, is.get(Figure.OUTPUT)));
      case CACHE ->
          "%s of prompts were read from the provider's cache after %s"
              .formatted(percent(share(is)), percent(share(was)));
      case PRICES -> "other prices, tiers or pieces";
      case FAILED_TRIES ->
          "failed tries " + changed(was.get(Figure.FAILED_TRIES), is.get(Figure.FAILED_TRIES));
    };
  }

  private static double each(Sums sums, long all) {
    return (double) all / Math.max(1, sums.get(Figure.CALLS));
  }

  private static double share(Sums sums) {
    return (double) sums.get(Figure.CACHE_READ) / Math.max(1, prompt(sums));
  }

  private static String percent(double share) {
    return Math.round(share * 100) + " %";
  }

  private static String changed(double was, double is) {
    if (was <= 0) {
      return "came up";
    }
    if (is <= 0) {
      return "went away";
    }
    double ratio = is / was;
    if (ratio >= 2) {
      return String.format(Locale.ROOT, "grew %.1f times", ratio);
    }
    return ratio >= 1 ? "grew " + percent(ratio - 1) : "shrank " + percent(1 - ratio);
  }

  private static Optional<String> times(long was, long is) {
    return was <= 0 || is <= 0
        ? Optional.empty()
        : Optional.of(String.format(Locale.ROOT, "%.2f times", (double) is / was));
  }

  private static String rounded(long pico) {
    BigDecimal usd = BigDecimal.valueOf(pico, 12);
    int scale = usd.abs().compareTo(BigDecimal.ONE) >= 0 ? 2 : 6;
    return usd.setScale(scale, RoundingMode.HALF_UP).toPlainString();
  }

  private static String signed(long pico) {
    return (pico > 0 ? "+" : "") + rounded(pico) + " USD";
  }
}
