package dev.lintel.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.CallRecords;
import dev.lintel.Costs.Figure;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Records;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CostReportTest {
  private static final LocalDate DAY = LocalDate.of(2026, 10, 31);
  private static final Instant END = Instant.parse("2026-12-01T00:00:00Z");

  /** Sums of usage that come in three pages, the second of which cannot be had. */
  private static final class Paged implements Records {
    private final boolean torn;
    private final List<UsageQuestion> asked = new ArrayList<>();

    Paged(boolean torn) {
      this.torn = torn;
    }

    @Override
    public UsagePage usage(UsageQuestion question) {
      asked.add(question);
      if (torn && asked.size() == 2) {
        throw Failure.of(Failure.Kind.UNAVAILABLE, "The store is away.");
      }
      var rows = new ArrayList<UsageRow>();
      for (int i = 0; i < 1000; i++) {
        rows.add(
            new UsageRow(
                List.of("u" + asked.size() + "-" + i), Optional.empty(), 1, 5, 1, 1, 0, 0, 0));
      }
      return new UsagePage(
          rows,
          asked.size() < 3
              ? Optional.of(new UsagePlace(Instant.EPOCH, rows.getLast().values()))
              : Optional.empty());
    }

    @Override
    public void add(String journal, List<Entry> entries) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long last(String journal) {
      return -1;
    }

    @Override
    public void forget(Instant before) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<byte[]> find(String id) {
      return Optional.empty();
    }

    @Override
    public CallRecords.Page list(CallRecords.Question question) {
      return new CallRecords.Page(List.of(), Optional.empty());
    }
  }

  private static CostReport report(
      Records records,
      KnownCosts costs,
      List<String> by,
      CostReport.Interval interval,
      CostReport.Format format) {
    return new CostReport(
        records,
        costs,
        new CostReport.Asked(by, Optional.empty(), Optional.empty(), END, interval, format));
  }

  private static String written(CostReport report) {
    var text = new StringBuilder();
    report.write(piece -> text.append(new String(piece, StandardCharsets.UTF_8)));
    return text.toString();
  }

  @Test
  void a_long_report_is_read_page_by_page_and_written_line_by_line() {
    var records = new Paged(false);
    var report =
        report(
            records,
            new KnownCosts(),
            List.of("user"),
            CostReport.Interval.NONE,
            CostReport.Format.CSV);
    var pages = new ArrayList<Integer>();
    report.write(piece -> pages.add(records.asked.size()));
    // The first lines are out before the last page is asked for.
    assertThat(pages).contains(1, 2, 3).hasSize(3002);
    assertThat(records.asked.get(1).after()).isPresent();
  }

  @Test
  void what_fails_at_once_is_told_before_a_byte_is_written_and_what_fails_later_ends_it() {
    var pieces = new ArrayList<byte[]>();
    var torn =
        report(
            new Paged(true),
            new KnownCosts(),
            List.of("user"),
            CostReport.Interval.NONE,
            CostReport.Format.JSON);
    assertThatThrownBy(() -> torn.write(pieces::add)).isInstanceOf(Failure.class);
    assertThat(pieces).hasSize(1001);
  }

  @Test
  void months_are_of_the_calendar_and_add_up() {
    var costs =
        new KnownCosts()
            .put(DAY, Map.of("target", "p/m", "key", "k"), Map.of(Figure.PICO_USD, 1L))
            .put(DAY.plusDays(1), Map.of("target", "p/m", "key", "k"), Map.of(Figure.PICO_USD, 2L))
            .put(DAY.plusDays(30), Map.of("target", "p/m", "key", "k"), Map.of(Figure.PICO_USD, 4L))
            .put(
                DAY.plusDays(31), Map.of("target", "p/m", "key", "k"), Map.of(Figure.PICO_USD, 8L));
    var rows =
        Json.parse(
                written(
                    report(
                        new Paged(false),
                        costs,
                        List.of("key"),
                        CostReport.Interval.MONTH,
                        CostReport.Format.JSON)))
            .path("data");
    assertThat(rows).hasSize(2);
    assertThat(rows.path(0).path("start").asString()).isEqualTo("2026-10-01T00:00:00Z");
    assertThat(rows.path(0).path("cost_usd").asString()).isEqualTo("0.000000000001");
    assertThat(rows.path(1).path("cost_usd").asString()).isEqualTo("0.000000000006");
  }

  @Test
  void a_charge_in_focus_has_its_day_its_month_and_its_tokens() {
    var costs =
        new KnownCosts()
            .put(
                DAY,
                Map.of("tenant", "=acme", "app", "a,b", "target", "p/m"),
                Map.of(
                    Figure.CALLS, 3L,
                    Figure.INPUT, 10L,
                    Figure.CACHE_READ, 5L,
                    Figure.OUTPUT, 1L,
                    Figure.PICO_USD, 1_500_000_000_000L))
            .put(DAY, Map.of("tenant", "acme"), Map.of(Figure.CALLS, 3L));
    List<List<String>> lines =
        Csv.read(
            written(
                report(
                    new Paged(false),
                    costs,
                    List.of(),
                    CostReport.Interval.NONE,
                    CostReport.Format.FOCUS)));
    assertThat(lines).hasSize(2);
    assertThat(cell(lines, "BilledCost")).isEqualTo("1.5");
    assertThat(cell(lines, "ChargePeriodStart")).isEqualTo("2026-10-31T00:00:00Z");
    assertThat(cell(lines, "ChargePeriodEnd")).isEqualTo("2026-11-01T00:00:00Z");
    assertThat(cell(lines, "BillingPeriodStart")).isEqualTo("2026-10-01T00:00:00Z");
    assertThat(cell(lines, "BillingPeriodEnd")).isEqualTo("2026-11-01T00:00:00Z");
    assertThat(cell(lines, "ConsumedQuantity")).isEqualTo("16");
    assertThat(cell(lines, "ConsumedUnit")).isEqualTo("Tokens");
    assertThat(cell(lines, "SubAccountId")).isEqualTo("'=acme");
    assertThat(cell(lines, "Tags")).isEqualTo("{\"lintel/app\":\"a,b\"}");
    assertThat(cell(lines, "SkuId")).isEqualTo("p/m");
  }

  private static String cell(List<List<String>> lines, String column) {
    return lines.get(1).get(lines.getFirst().indexOf(column));
  }
}
