package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Records;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import java.math.BigDecimal;
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
  private static final int PICO_DIGITS = 12;
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
   * reasoning}], next: null}}: {@code ?group_by=&tenant=&from=&to=&interval=}.
   */
  public Endpoint endpoint() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          UsageQuestion question = question(exchange.request());
          List<UsageRow> rows = records.get().usage(question);
          ObjectNode body = Json.object();
          var data = body.putArray("data");
          if (rows.isEmpty() && question.by().isEmpty() && question.interval().isEmpty()) {
            put(data.addObject(), 0, 0, 0, 0, 0, 0, 0);
          }
          for (UsageRow row : rows) {
            ObjectNode one = data.addObject();
            row.start().ifPresent(start -> one.put("start", start.toString()));
            for (int i = 0; i < question.by().size(); i++) {
              String value = row.values().get(i);
              one.put(question.by().get(i), value.isEmpty() ? null : value);
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
          }
          body.putNull("next");
          return Answer.json(200, body);
        });
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
    BigDecimal usd = BigDecimal.valueOf(picoUsd, PICO_DIGITS).stripTrailingZeros();
    row.put("calls", calls)
        .put("cost_usd", usd.toPlainString())
        .put("input", input)
        .put("output", output)
        .put("cache_read", cacheRead)
        .put("cache_write", cacheWrite)
        .put("reasoning", reasoning);
  }

  private static UsageQuestion question(RawRequest request) {
    Map<String, String> asked =
        Listed.only(request, "group_by", "tenant", "from", "to", "interval");
    Optional<Instant> from = Listed.time(request, "from");
    Optional<Instant> to = Listed.time(request, "to");
    if (from.isPresent() && to.isPresent() && to.get().isBefore(from.get())) {
      throw Failure.invalid("'to' must not be before 'from'.").at("to");
    }
    return new UsageQuestion(
        Optional.ofNullable(asked.get("group_by")).map(UsageReport::columns).orElse(List.of()),
        Optional.ofNullable(asked.get("tenant")),
        from,
        to,
        Optional.ofNullable(asked.get("interval")).map(UsageReport::interval));
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
