package dev.lintel.admin;

import static java.util.stream.Collectors.joining;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Measure;
import dev.lintel.RawRequest;
import dev.lintel.Records;
import dev.lintel.Records.UsagePlace;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** What calls came to, as the admin API shows it. */
public final class UsageReport {
  private static final String BETWEEN = "\0";
  private static final Map<String, Duration> INTERVALS =
      Map.of("hour", Duration.ofHours(1), "day", Duration.ofDays(1));

  private final Supplier<Records> records;
  private final Dialect envelope;

  /**
   * @param records asked each time; may throw {@link Failure} {@code UNAVAILABLE}, as may they
   * @param envelope in which failures are told
   */
  public UsageReport(Supplier<Records> records, Dialect envelope) {
    this.records = records;
    this.envelope = envelope;
  }

  /**
   * {@code {data: [{start, tenant, …, calls, cost_usd, input, output, cache_read, cache_write,
   * reasoning}], next}}: {@code ?group_by=&tenant=&from=&to=&interval=&limit=&cursor=}.
   */
  public Endpoint endpoint() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          UsageQuestion question = question(exchange.request());
          Records.UsagePage page = records.get().usage(question);
          List<UsageRow> rows = page.rows();
          ObjectNode body = Json.object();
          var data = body.putArray("data");
          if (rows.isEmpty()
              && question.by().isEmpty()
              && question.interval().isEmpty()
              && question.after().isEmpty()) {
            put(data.addObject(), 0, 0, 0, 0, 0, 0, 0);
          }
          for (UsageRow row : rows) {
            data.add(json(row, question.by()));
          }
          body.put("next", page.next().map(UsageReport::cursor).orElse(null));
          return Answer.json(200, body);
        });
  }

  /**
   * @param by what was asked for
   */
  static ObjectNode json(UsageRow row, List<String> by) {
    ObjectNode one = Json.object();
    row.start().ifPresent(start -> one.put("start", start.toString()));
    for (int i = 0; i < by.size(); i++) {
      String value = row.values().get(i);
      one.put(by.get(i), value.isEmpty() ? null : value);
    }
    put(
        one,
        row.calls(),
        row.picoUsd(),
        row.input(),
        row.output(),
        row.cacheRead(),
        row.cacheWrite(),
        row.reasoning());
    return one;
  }

  private static void put(
      ObjectNode row,
      long calls,
      long picoUsd,
      long input,
      long output,
      long cacheRead,
      long cacheWrite,
      long reasoning) {
    row.put("calls", calls)
        .put("cost_usd", Measure.PICO_USD.text(picoUsd))
        .put("input", input)
        .put("output", output)
        .put("cache_read", cacheRead)
        .put("cache_write", cacheWrite)
        .put("reasoning", reasoning);
  }

  private static UsageQuestion question(RawRequest request) {
    Map<String, String> asked =
        Listed.only(request, "group_by", "tenant", "from", "to", "interval", "limit", "cursor");
    Optional<Instant> from = Listed.time(request, "from");
    Optional<Instant> to = Listed.time(request, "to");
    if (from.isPresent() && to.isPresent() && to.get().isBefore(from.get())) {
      throw Failure.invalid("'to' must not be before 'from'.").at("to");
    }
    List<String> by =
        Optional.ofNullable(asked.get("group_by")).map(UsageReport::columns).orElse(List.of());
    return new UsageQuestion(
        by,
        Optional.ofNullable(asked.get("tenant")),
        from,
        to,
        Optional.ofNullable(asked.get("interval")).map(UsageReport::interval),
        Optional.ofNullable(asked.get("cursor")).map(cursor -> place(request, by.size())),
        Listed.limit(request, UsageQuestion.MOST, UsageQuestion.MOST));
  }

  /** The start in milliseconds and the values, with what is in no value between them. */
  private static String cursor(UsagePlace place) {
    return Listed.cursor(
        place.start().toEpochMilli()
            + BETWEEN
            + place.values().stream().map(value -> value + BETWEEN).collect(joining()));
  }

  private static UsagePlace place(RawRequest request, int columns) {
    List<String> words = List.of(Listed.after(request).split(BETWEEN, -1));
    if (words.size() != columns + 2 || !words.getFirst().matches("[0-9]{1,15}")) {
      throw Failure.invalid("'cursor' must be 'next' of an answer to the same question.")
          .at("cursor");
    }
    return new UsagePlace(
        Instant.ofEpochMilli(Long.parseLong(words.getFirst())), words.subList(1, columns + 1));
  }

  private static List<String> columns(String text) {
    var columns = new LinkedHashSet<String>();
    for (String one : text.split(",", -1)) {
      String column = one.strip();
      if (!UsageQuestion.COLUMNS.contains(column)) {
        throw Failure.invalid(
                "'group_by' takes "
                    + String.join(", ", UsageQuestion.COLUMNS)
                    + " with commas between them, not '"
                    + column
                    + "'.")
            .at("group_by");
      }
      columns.add(column);
    }
    return List.copyOf(columns);
  }

  private static Duration interval(String text) {
    Duration known = INTERVALS.get(text);
    if (known == null) {
      throw Failure.invalid("'interval' must be hour or day.").at("interval");
    }
    return known;
  }
}
