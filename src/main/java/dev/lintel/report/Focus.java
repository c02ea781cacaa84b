package dev.lintel.report;

import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Json;
import dev.lintel.Measure;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * The FinOps Open Cost and Usage Specification: what every usage-based charge has in version 1.2
 * and 1.3 (focus.finops.org/focus-specification), and what is Lintel's own with the prefix {@code
 * x_}. A line is what one app's calls of a use case came to at one model in a day. Unit prices are
 * left out: a call's tokens have several.
 */
final class Focus implements CostForm {
  /** Of what a charge is; the report is asked by these. */
  static final List<String> BY = List.of("tenant", "app", "use_case", "target");

  @Override
  public String contentType() {
    return "text/csv; charset=utf-8; header=present";
  }

  @Override
  public byte[] begin(List<String> by, boolean periods) {
    var nothing = new CostLine.Period(Instant.EPOCH, Instant.EPOCH);
    return Csv.line(
        List.copyOf(cells(new CostLine(Optional.of(nothing), Map.of(), new Sums())).keySet()));
  }

  /** Nothing was used at a provider where no target was asked: there is no charge. */
  @Override
  public Optional<byte[]> line(CostLine line, boolean first) {
    return line.value("target").isEmpty() && line.get(Figure.PICO_USD) == 0
        ? Optional.empty()
        : Optional.of(Csv.line(List.copyOf(cells(line).values())));
  }

  @Override
  public byte[] end() {
    return new byte[0];
  }

  private static Map<String, String> cells(CostLine line) {
    String target = line.value("target");
    int slash = target.indexOf('/');
    String provider = Csv.text(slash < 0 ? target : target.substring(0, slash));
    CostLine.Period period = line.period().orElseThrow();
    YearMonth month = YearMonth.from(period.start().atOffset(ZoneOffset.UTC));
    String cost = Measure.PICO_USD.text(line.get(Figure.PICO_USD));
    long tokens =
        line.get(Figure.INPUT)
            + line.get(Figure.CACHE_READ)
            + line.get(Figure.CACHE_WRITE)
            + line.get(Figure.OUTPUT);
    String quantity = Long.toString(tokens > 0 ? tokens : line.get(Figure.CALLS));
    String unit = tokens > 0 ? "Tokens" : "Requests";
    var cells = new LinkedHashMap<String, String>();
    cells.put("BilledCost", cost);
    cells.put("BillingAccountId", provider);
    cells.put("BillingAccountName", provider);
    cells.put("BillingCurrency", "USD");
    cells.put("BillingPeriodEnd", start(month.plusMonths(1)));
    cells.put("BillingPeriodStart", start(month));
    cells.put("ChargeCategory", "Usage");
    cells.put("ChargeClass", "");
    cells.put("ChargeDescription", line.get(Figure.CALLS) + " calls of " + target);
    cells.put("ChargeFrequency", "Usage-Based");
    cells.put("ChargePeriodEnd", period.end().toString());
    cells.put("ChargePeriodStart", period.start().toString());
    cells.put("ConsumedQuantity", quantity);
    cells.put("ConsumedUnit", unit);
    cells.put("ContractedCost", cost);
    cells.put("EffectiveCost", cost);
    cells.put("HostProviderName", provider);
    cells.put("InvoiceIssuerName", provider);
    cells.put("ListCost", cost);
    cells.put("PricingCategory", "Standard");
    cells.put("PricingQuantity", quantity);
    cells.put("PricingUnit", unit);
    cells.put("ProviderName", provider);
    cells.put("PublisherName", provider);
    cells.put("ServiceCategory", "AI and Machine Learning");
    cells.put("ServiceName", "Model inference");
    cells.put("ServiceProviderName", provider);
    cells.put("ServiceSubcategory", "Generative AI");
    cells.put("SkuId", Csv.text(target));
    cells.put("SkuMeter", unit);
    cells.put("SkuPriceId", Csv.text(target));
    cells.put("SubAccountId", Csv.text(line.value("tenant")));
    cells.put("SubAccountName", Csv.text(line.value("tenant")));
    cells.put("SubAccountType", "Tenant");
    cells.put("Tags", tags(line));
    cells.put("x_Calls", Long.toString(line.get(Figure.CALLS)));
    cells.put("x_UnpricedCalls", Long.toString(line.get(Figure.UNPRICED)));
    cells.put("x_InputTokens", Long.toString(line.get(Figure.INPUT)));
    cells.put("x_CacheReadTokens", Long.toString(line.get(Figure.CACHE_READ)));
    cells.put("x_CacheWriteTokens", Long.toString(line.get(Figure.CACHE_WRITE)));
    cells.put("x_OutputTokens", Long.toString(line.get(Figure.OUTPUT)));
    cells.put("x_ReasoningTokens", Long.toString(line.get(Figure.REASONING)));
    return cells;
  }

  private static String start(YearMonth month) {
    return month.atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC).toString();
  }

  /** What a provider of data defines itself has a prefix of its own. */
  private static String tags(CostLine line) {
    ObjectNode tags = Json.object();
    for (String name : List.of("app", "use_case")) {
      if (!line.value(name).isEmpty()) {
        tags.put("lintel/" + name, line.value(name));
      }
    }
    return Json.text(tags);
  }
}
