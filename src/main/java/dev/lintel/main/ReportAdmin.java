package dev.lintel.main;

import static dev.lintel.admin.Operation.Parameter.query;
import static dev.lintel.admin.Schema.ANY;
import static dev.lintel.admin.Schema.FLAG;
import static dev.lintel.admin.Schema.MONEY;
import static dev.lintel.admin.Schema.NUMBER;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;
import static dev.lintel.admin.Schema.list;
import static dev.lintel.admin.Schema.map;
import static dev.lintel.admin.Schema.object;
import static dev.lintel.admin.Schema.oneOf;
import static dev.lintel.admin.Schema.page;

import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Json;
import dev.lintel.Opinions;
import dev.lintel.Price;
import dev.lintel.Store;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Operation.Parameter;
import dev.lintel.admin.Reports;
import dev.lintel.admin.Schema;
import dev.lintel.config.Config;
import dev.lintel.report.Advice;
import dev.lintel.report.CostReport;
import dev.lintel.report.Inventory;
import dev.lintel.report.Notes;
import dev.lintel.report.Reconciliation;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** What admins may ask about costs. */
final class ReportAdmin {
  private static final Schema COST =
      object(
          "start?", TIME,
          "calls", WHOLE,
          "cost_usd", MONEY,
          "input", WHOLE,
          "output", WHOLE,
          "cache_read", WHOLE,
          "cache_write", WHOLE,
          "reasoning", WHOLE);

  private static final Schema PERIOD = object("from", TIME, "to", TIME);

  private static final Schema NOTES =
      object(
          "data",
          list(
              object(
                  "says", TEXT,
                  "change_usd", MONEY,
                  "now", map(ANY),
                  "before", map(ANY),
                  "causes", map(MONEY))),
          "next",
          TEXT.orNull(),
          "period",
          PERIOD,
          "before",
          PERIOD,
          "counted_since",
          TEXT.orNull());

  private static final Schema ADVICE =
      object(
          "data",
          list(
              object(
                  "kind",
                  oneOf(
                      "cheaper_model",
                      "prompt_cache",
                      "failed_tries",
                      "shadows",
                      "max_tokens",
                      "unpriced",
                      "unused_key",
                      "unused_app",
                      "unused_model"),
                  "says",
                  TEXT,
                  "saving_usd",
                  MONEY,
                  "how",
                  TEXT,
                  "figures",
                  map(ANY))),
          "next",
          TEXT.orNull(),
          "period",
          PERIOD,
          "counted_since",
          TEXT.orNull(),
          "unknown",
          list(object("about", TEXT, "says", TEXT)));

  private static final Schema COMPARED =
      object(
          "date?", TEXT,
          "model?", TEXT,
          "agree", FLAG,
          "ours", map(ANY),
          "theirs", map(ANY),
          "difference", map(ANY),
          "because?", list(TEXT));

  private static final Schema RECONCILED =
      object(
          "data",
          list(COMPARED),
          "next",
          TEXT.orNull(),
          "total",
          COMPARED,
          "columns",
          map(TEXT),
          "counted_since",
          TEXT.orNull());

  private static final Parameter TENANT = query("tenant", TEXT, "Only calls of that tenant.");

  /** A page of an app's keys, and the most keys that are looked at. */
  private static final int PAGE = 1000;

  private static final int MOST_KEYS = 20_000;
  private static final int MONTH = 30;
  private static final int LONGEST_DAYS = 366;

  private final Routes.Around around;
  private final InstantSource clock = InstantSource.system();
  private final Reports reports = new Reports(Builtins.OPENAI);

  private ReportAdmin(Routes.Around around) {
    this.around = around;
  }

  static List<Operation> of(Routes.Around around) {
    return new ReportAdmin(around).operations();
  }

  private Store store() {
    return around.storage().store();
  }

  private List<Operation> operations() {
    return List.of(cost(), notes(), advice(), feedback(), reconcile());
  }

  private Operation cost() {
    List<String> known = List.of("group_by", "tenant", "from", "to", "interval", "format");
    return Operation.get(
            "/reports/cost",
            "Says what calls cost, as JSON, CSV or FOCUS.",
            page(COST),
            reports.streamed(known, this::cost))
        .with(
            query(
                "group_by",
                TEXT,
                "A row for each value of these, with commas between them: "
                    + String.join(", ", CostReport.COLUMNS)
                    + "."))
        .with(TENANT)
        .with(query("from", TIME, "Only calls that began then or later."))
        .with(query("to", TIME, "Only calls that began before."))
        .with(query("interval", oneOf("hour", "day", "month"), "A row for each of these, in UTC."))
        .with(query("format", oneOf("json", "csv", "focus"), "How it is written; JSON."));
  }

  private Reports.Streamed cost(Reports.Asked asked) {
    List<String> by = asked.words("group_by", CostReport.COLUMNS);
    var report =
        new CostReport(
            store().records(),
            store().costs(),
            new CostReport.Asked(
                by,
                asked.text("tenant"),
                asked.time("from"),
                asked.time("to").orElseGet(this::tomorrow),
                asked.word(
                    "interval",
                    EnumSet.complementOf(EnumSet.of(CostReport.Interval.NONE)),
                    CostReport.Interval.NONE),
                asked.word(
                    "format", EnumSet.allOf(CostReport.Format.class), CostReport.Format.JSON)));
    return new Reports.Streamed() {
      @Override
      public String contentType() {
        return report.contentType();
      }

      @Override
      public void write(Consumer<byte[]> out) {
        report.write(out);
      }
    };
  }

  private Instant today() {
    return clock.instant().truncatedTo(ChronoUnit.DAYS);
  }

  private Instant tomorrow() {
    return today().plus(1, ChronoUnit.DAYS);
  }

  private static LocalDate day(Instant time) {
    return LocalDate.ofInstant(time, ZoneOffset.UTC);
  }

  private Operation notes() {
    List<String> known =
        List.of("group_by", "tenant", "to", "days", "min_usd", "min_calls", "min_change");
    return Operation.get(
            "/reports/notes",
            "Says where costs have changed, and by what.",
            NOTES,
            reports.whole(
                known,
                asked ->
                    Notes.of(
                        store().costs(),
                        new Notes.Asked(
                            asked
                                .text("group_by")
                                .map(given -> asked.words("group_by", NOTED))
                                .orElse(List.of("tenant", "app")),
                            asked.text("tenant"),
                            day(asked.time("to").orElseGet(this::today)),
                            asked.whole("days", 7, 1, LONGEST_DAYS),
                            asked.amount("min_usd", BigDecimal.ONE),
                            asked.whole("min_calls", 20, 0, Integer.MAX_VALUE),
                            asked.amount("min_change", new BigDecimal("0.25")).doubleValue()),
                        this::price)))
        .with(
            query(
                "group_by",
                TEXT,
                "A note for each value of these, with commas between them: "
                    + String.join(", ", NOTED)
                    + "; `tenant,app`."))
        .with(TENANT)
        .with(query("to", TIME, "The end of the time that is looked at, a whole day; today."))
        .with(query("days", WHOLE, "How many days, which are compared with as many before; 7."))
        .with(query("min_usd", NUMBER, "A change by less is none; 1."))
        .with(query("min_calls", WHOLE, "Fewer calls tell nothing; 20."))
        .with(query("min_change", NUMBER, "A change by a smaller part is none; 0.25."));
  }

  private static final List<String> NOTED =
      List.of("tenant", "app", "use_case", "model", "provider", "key");

  private Operation advice() {
    List<String> known = List.of("tenant", "from", "to", "min_usd", "min_calls");
    return Operation.get(
            "/reports/advice",
            "Says what would have cost less, and how much.",
            ADVICE,
            reports.whole(
                known,
                asked -> {
                  Instant to = asked.time("to").orElseGet(this::tomorrow);
                  Instant from = asked.time("from").orElse(to.minus(MONTH, ChronoUnit.DAYS));
                  return Advice.of(
                      store().costs(),
                      store().opinions(),
                      new Advice.Asked(
                          asked.text("tenant"),
                          day(from),
                          day(to),
                          asked.amount("min_usd", new BigDecimal("0.01")),
                          asked.whole("min_calls", 20, 1, Integer.MAX_VALUE)),
                      this::price,
                      inventory(asked.text("tenant")));
                }))
        .with(TENANT)
        .with(query("from", TIME, "From the day of that time on; 30 days before `to`."))
        .with(query("to", TIME, "Until before the day of that time; with today."))
        .with(query("min_usd", NUMBER, "A saving of less is none; 0.01."))
        .with(query("min_calls", WHOLE, "Fewer calls tell nothing; 20."));
  }

  private Operation feedback() {
    List<String> known = List.of("group_by", "tenant", "from", "to");
    return Operation.get(
            "/reports/feedback",
            "Adds up what was said of calls.",
            page(
                object(
                    "source",
                    TEXT.saying("who says it: `caller` or `judge`"),
                    "count",
                    WHOLE,
                    "mean",
                    NUMBER,
                    "good",
                    WHOLE)),
            reports.whole(known, this::feedback))
        .with(
            query(
                "group_by",
                TEXT,
                "A row for each source, and for each value of these, with commas between them: "
                    + String.join(", ", Opinions.COLUMNS)
                    + "."))
        .with(TENANT)
        .with(query("from", TIME, "Only calls that began then or later."))
        .with(query("to", TIME, "Only calls that began before."));
  }

  private static final String SOURCE = "source";

  private ObjectNode feedback(Reports.Asked asked) {
    // People's scores and a model's are not added up together.
    List<String> by =
        Stream.concat(asked.words("group_by", Opinions.COLUMNS).stream(), Stream.of(SOURCE))
            .distinct()
            .toList();
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    store()
        .opinions()
        .sums(
            by,
            asked.text("tenant"),
            asked.time("from").orElse(Instant.EPOCH),
            asked.time("to").orElseGet(this::tomorrow))
        .forEach(sum -> {
          ObjectNode row = data.addObject();
          for (int i = 0; i < by.size(); i++) {
            row.put(by.get(i), sum.values().get(i).isEmpty() ? null : sum.values().get(i));
          }
          row.put("count", sum.count()).put("mean", sum.mean()).put("good", sum.good());
        });
    return body.putNull("next");
  }

  private Operation reconcile() {
    List<String> known = List.of("text", "provider", "columns", "models", "tolerance", "min_usd");
    return Operation.post(
            "/reports/reconcile",
            "Compares the records with what a provider's table of usage or costs says.",
            RECONCILED,
            reports.about(
                known,
                body ->
                    Reconciliation.of(
                        store().costs(),
                        new Reconciliation.Asked(
                            body.text("text"),
                            body.words("provider"),
                            body.map("columns"),
                            body.map("models"),
                            body.amount("tolerance", new BigDecimal("0.01")).doubleValue(),
                            body.amount("min_usd", new BigDecimal("0.01"))))))
        .of(
            object(
                "text", TEXT,
                "provider", TEXT,
                "columns?", map(TEXT),
                "models?", map(TEXT),
                "tolerance?", NUMBER,
                "min_usd?", NUMBER))
        .asking();
  }

  /** Of a target, as it is now. */
  private Optional<Price> price(String target) {
    return around
        .live()
        .get()
        .models()
        .find(target)
        .filter(model -> model.targets().size() == 1)
        .map(model -> model.targets().getFirst().price());
  }

  private Inventory inventory(Optional<String> tenant) {
    Gateway live = around.live().get();
    var keys = new ArrayList<Inventory.Key>();
    var apps = new ArrayList<Inventory.App>();
    CallerKeys kept = store().callerKeys();
    for (Config.App app : live.config().apps()) {
      apps.add(new Inventory.App(app.tenant(), app.name()));
      if (tenant.map(app.tenant()::equals).orElse(true)) {
        keys(kept, app, keys);
      }
    }
    return new Inventory(
        keys.subList(0, Math.min(keys.size(), MOST_KEYS)),
        apps,
        live.config().models().stream().map(Config.ModelSpec::name).toList(),
        keys.size() <= MOST_KEYS);
  }

  private void keys(CallerKeys kept, Config.App app, List<Inventory.Key> into) {
    String after = "";
    List<CallerKey> some;
    do {
      some = kept.list(app.tenant(), app.name(), after, PAGE);
      for (CallerKey key : some) {
        after = key.id();
        if (key.expires().map(end -> end.isAfter(clock.instant())).orElse(true)) {
          into.add(
              new Inventory.Key(
                  key.id(),
                  key.name(),
                  key.tenant(),
                  key.app(),
                  key.created(),
                  around.directory().lastUse(key.id()).or(key::lastUse)));
        }
      }
    } while (some.size() == PAGE && into.size() <= MOST_KEYS);
  }
}
