package dev.lintel.report;

import dev.lintel.Failure;
import dev.lintel.Measure;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a provider says it was used for, by day and model, of a table that it exports. Its columns
 * are those that somebody names, else they are known by the names that OpenAI's and Anthropic's
 * exports have, and plain ones.
 *
 * @param columns where each was found
 * @param hasTokens whether the table tells tokens
 * @param hasCost whether it tells costs
 */
record Theirs(
    Map<Place, Sum> sums, Map<String, String> columns, boolean hasTokens, boolean hasCost) {
  /** A day of a model, as the provider calls it. */
  record Place(LocalDate day, String model) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int order = day.compareTo(other.day);
      return order != 0 ? order : model.compareTo(other.model);
    }
  }

  /**
   * @param prompt all tokens of prompts, cached or not
   */
  record Sum(long prompt, long output, long picoUsd) {
    Sum plus(Sum other) {
      return new Sum(
          Math.addExact(prompt, other.prompt),
          Math.addExact(output, other.output),
          Math.addExact(picoUsd, other.picoUsd));
    }
  }

  /** The roles that a column may have, each with the names by which it is known. */
  static final Map<String, List<String>> KNOWN = known();

  /** Columns of tokens that add up to a prompt. */
  private static final List<String> PROMPT_PARTS =
      List.of(
          "usage_input_tokens_no_cache",
          "usage_input_tokens_cache_write_5m",
          "usage_input_tokens_cache_write_1h",
          "usage_input_tokens_cache_read",
          "uncached_input_tokens",
          "cache_read_input_tokens",
          "cache_creation_input_tokens");

  private static Map<String, List<String>> known() {
    var known = new LinkedHashMap<String, List<String>>();
    known.put(
        "date",
        List.of("date", "day", "usage_date_utc", "start_time_iso", "start_time", "usage_date"));
    known.put("model", List.of("model", "model_version", "line_item", "snapshot_id"));
    known.put("input_tokens", List.of("input_tokens", "n_context_tokens_total", "prompt_tokens"));
    known.put(
        "output_tokens",
        List.of(
            "output_tokens",
            "usage_output_tokens",
            "n_generated_tokens_total",
            "completion_tokens"));
    known.put("cost", List.of("cost", "cost_usd", "amount_value", "amount", "net_cost_usd"));
    return known;
  }

  /**
   * @param text the table, whose first line names its columns
   * @param named columns by their roles, the keys of {@link #KNOWN}
   */
  static Theirs read(String text, Map<String, String> named) {
    List<List<String>> rows = Csv.read(text);
    if (rows.size() < 2) {
      throw wrong("has no lines below the names of its columns");
    }
    List<String> names =
        rows.getFirst().stream().map(name -> name.strip().toLowerCase(Locale.ROOT)).toList();
    Map<String, String> columns = columns(names, named);
    List<Integer> prompt = new ArrayList<>();
    if (columns.containsKey("input_tokens")) {
      prompt.add(names.indexOf(columns.get("input_tokens")));
    } else {
      PROMPT_PARTS.stream().map(names::indexOf).filter(at -> at >= 0).forEach(prompt::add);
    }
    boolean hasTokens = !prompt.isEmpty() && columns.containsKey("output_tokens");
    boolean hasCost = columns.containsKey("cost");
    if (!hasTokens && !hasCost) {
      throw wrong(
          "has neither tokens nor a cost: name its columns in 'columns' (input_tokens and output_tokens, or cost). It has "
              + String.join(", ", names));
    }
    var sums = new TreeMap<Place, Sum>();
    for (int row = 1; row < rows.size(); row++) {
      var cells = new Cells(rows.get(row), row + 1);
      String model = model(cells.text(names.indexOf(columns.get("model"))));
      LocalDate day = cells.day(names.indexOf(columns.get("date")));
      long input = 0;
      for (int at : prompt) {
        input += cells.whole(at);
      }
      long output = hasTokens ? cells.whole(names.indexOf(columns.get("output_tokens"))) : 0;
      long cost = hasCost ? cells.pico(names.indexOf(columns.get("cost"))) : 0;
      if (!model.isEmpty() || input + output + cost != 0) {
        sums.merge(new Place(day, model), new Sum(input, output, cost), Sum::plus);
      }
    }
    return new Theirs(sums, columns, hasTokens, hasCost);
  }

  private static final int LONGEST_DATE = 40;

  /** OpenAI's costs name what of a model is paid behind a comma. */
  private static String model(String cell) {
    int comma = cell.indexOf(',');
    return (comma < 0 ? cell : cell.substring(0, comma)).strip();
  }

  private static Map<String, String> columns(List<String> names, Map<String, String> named) {
    var columns = new HashMap<String, String>();
    named.forEach((role, name) -> {
      if (!KNOWN.containsKey(role)) {
        throw Failure.invalid(
                "'columns' takes %s, not '%s'.".formatted(String.join(", ", KNOWN.keySet()), role))
            .at("columns." + role);
      }
      String column = name.strip().toLowerCase(Locale.ROOT);
      if (!names.contains(column)) {
        throw Failure.invalid(
                "The table has no column '%s': it has %s."
                    .formatted(name, String.join(", ", names)))
            .at("columns." + role);
      }
      columns.put(role, column);
    });
    KNOWN.forEach((role, known) ->
        known.stream()
            .filter(names::contains)
            .findFirst()
            .ifPresent(name -> columns.putIfAbsent(role, name)));
    for (String role : List.of("date", "model")) {
      if (!columns.containsKey(role)) {
        throw wrong(
            "has no column that is known to be the %s: name it in 'columns'. It has %s"
                .formatted(role, String.join(", ", names)));
      }
    }
    return columns;
  }

  private static Failure wrong(String what) {
    return Failure.invalid("The table " + what + ".").at("text");
  }

  /** The cells of a line. */
  private record Cells(List<String> cells, int line) {
    String text(int at) {
      return at >= 0 && at < cells.size() ? cells.get(at).strip() : "";
    }

    private Failure strange(String cell, String what) {
      String shown = cell.length() > 40 ? cell.substring(0, 40) + "…" : cell;
      return wrong("has '%s' in line %d, which is no %s".formatted(shown, line, what));
    }

    LocalDate day(int at) {
      String cell = text(at);
      try {
        if (cell.matches("[0-9]{9,11}")) {
          return LocalDate.ofInstant(Instant.ofEpochSecond(Long.parseLong(cell)), ZoneOffset.UTC);
        }
        if (cell.length() > LONGEST_DATE) {
          throw strange(cell, "date");
        }
        if (cell.matches(".{10}T.+([zZ]|[+-][0-9:]+)")) {
          return LocalDate.ofInstant(OffsetDateTime.parse(cell).toInstant(), ZoneOffset.UTC);
        }
        return LocalDate.parse(cell.length() > 10 ? cell.substring(0, 10) : cell);
      } catch (DateTimeException none) {
        throw strange(cell, "date such as 2026-11-20");
      }
    }

    private Optional<BigDecimal> number(int at) {
      String cell = text(at).replace("$", "").replace("_", "");
      if (cell.isEmpty()) {
        return Optional.empty();
      }
      // More digits or a larger exponent are no amount of anything.
      if (cell.length() > 40 || !cell.matches("-?[0-9]*\\.?[0-9]+([eE]-?[0-9]{1,2})?")) {
        throw strange(text(at), "number");
      }
      return Optional.of(new BigDecimal(cell));
    }

    long whole(int at) {
      try {
        return number(at).map(BigDecimal::longValueExact).orElse(0L);
      } catch (ArithmeticException part) {
        throw strange(text(at), "whole number");
      }
    }

    long pico(int at) {
      try {
        BigDecimal usd = number(at).orElse(BigDecimal.ZERO);
        long pico = Measure.pico(usd.abs());
        return usd.signum() < 0 ? -pico : pico;
      } catch (ArithmeticException large) {
        throw strange(text(at), "amount of money");
      }
    }
  }
}
