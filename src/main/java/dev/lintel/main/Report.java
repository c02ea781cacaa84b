package dev.lintel.main;

import dev.lintel.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "report",
    description = "Says what calls cost, why that changed, and what would cost less.",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    subcommands = {
      Report.Cost.class,
      Report.Notes.class,
      Report.Advice.class,
      Report.Reconcile.class
    })
final class Report {
  private static final String PATH = "/admin/v1/reports/";

  private Report() {}

  /** Rows below each other, each column as wide as its widest cell. */
  static String table(JsonNode rows) {
    var lines = new ArrayList<List<String>>();
    for (JsonNode row : rows) {
      if (lines.isEmpty()) {
        lines.add(List.copyOf(row.propertyNames()));
      }
      lines.add(row.valueStream().map(cell -> cell.isNull() ? "-" : cell.asString()).toList());
    }
    int columns = lines.isEmpty() ? 0 : lines.getFirst().size();
    var widths = new int[columns];
    for (List<String> line : lines) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    var text = new StringBuilder();
    for (List<String> line : lines) {
      for (int i = 0; i < columns; i++) {
        boolean last = i == columns - 1;
        text.append(line.get(i));
        text.append(last ? "\n" : " ".repeat(widths[i] - line.get(i).length() + 2));
      }
    }
    return text.toString();
  }

  @Command(
      name = "cost",
      description = "Prints what calls cost, as a table unless it is told otherwise.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Cost implements Callable<Integer> {
    @Mixin private Running running = new Running();
    @Mixin private TheTime time = new TheTime();

    @Option(
        names = "--by",
        paramLabel = "COLUMNS",
        description =
            "with commas: tenant, app, use_case, user, model, provider, kind, target, key, tag")
    private @Nullable String by;

    @Option(names = "--interval", paramLabel = "LENGTH", description = "hour, day or month")
    private @Nullable String interval;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "of that one only")
    private @Nullable String tenant;

    @Option(names = "--csv", description = "prints CSV")
    private boolean csv;

    @Option(names = "--focus", description = "prints the FinOps Open Cost and Usage Specification")
    private boolean focus;

    @Option(names = "--json", description = "prints JSON")
    private boolean json;

    @Override
    public Integer call() throws Running.Refused {
      if ((csv ? 1 : 0) + (focus ? 1 : 0) + (json ? 1 : 0) > 1) {
        throw new Running.Refused("Only one of --csv, --focus and --json can be had.");
      }
      var parameters = new LinkedHashMap<String, @Nullable String>();
      parameters.put("group_by", by);
      parameters.put("tenant", tenant);
      time.tell(parameters);
      parameters.put("interval", interval);
      parameters.put("format", csv ? "csv" : focus ? "focus" : null);
      String path = PATH + "cost" + Running.query(parameters);
      if (csv || focus || json) {
        running.copy(path, System.out);
      } else {
        System.out.print(table(running.get(path).path("data")));
      }
      return 0;
    }
  }

  @Command(
      name = "notes",
      description = "Says where costs have changed, and by what.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Notes implements Callable<Integer> {
    @Mixin private Running running = new Running();

    @Option(names = "--by", paramLabel = "COLUMNS", description = "such as tenant,app")
    private @Nullable String by;

    @Option(names = "--days", paramLabel = "N", description = "compared with as many before; 7")
    private @Nullable String days;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "of that one only")
    private @Nullable String tenant;

    @Option(names = "--json", description = "prints JSON")
    private boolean json;

    @Override
    public Integer call() throws Running.Refused {
      var parameters = new LinkedHashMap<String, @Nullable String>();
      parameters.put("group_by", by);
      parameters.put("days", days);
      parameters.put("tenant", tenant);
      JsonNode notes = running.get(PATH + "notes" + Running.query(parameters));
      if (json) {
        System.out.println(notes.toPrettyString());
      } else if (notes.path("data").isEmpty()) {
        System.out.println("Nothing has changed by much.");
      } else {
        notes.path("data").forEach(note -> System.out.println(note.path("says").asString()));
      }
      return 0;
    }
  }

  @Command(
      name = "advice",
      description = "Says what would have cost less, and how much.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Advice implements Callable<Integer> {
    @Mixin private Running running = new Running();

    @Option(names = "--since", paramLabel = "TIME", description = "such as 30d, 2026-11-01")
    private @Nullable String since;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "of that one only")
    private @Nullable String tenant;

    @Option(names = "--json", description = "prints JSON")
    private boolean json;

    @Override
    public Integer call() throws Running.Refused {
      var parameters = new LinkedHashMap<String, @Nullable String>();
      parameters.put("from", TheTime.of(since));
      parameters.put("tenant", tenant);
      JsonNode advice = running.get(PATH + "advice" + Running.query(parameters));
      if (json) {
        System.out.println(advice.toPrettyString());
        return 0;
      }
      for (JsonNode one : advice.path("data")) {
        System.out.println(
            one.path("saving_usd").asString() + " USD: " + one.path("says").asString());
      }
      advice.path("unknown").forEach(one -> System.out.println(one.path("says").asString()));
      return 0;
    }
  }

  @Command(
      name = "reconcile",
      description =
          "Compares the records with a provider's table of usage or costs. Exits with 2 where they"
              + " differ.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Reconcile implements Callable<Integer> {
    private static final int DIFFERENT = 2;

    @Mixin private Running running = new Running();

    @Option(
        names = "--file",
        required = true,
        paramLabel = "FILE",
        description = "the table, as CSV")
    private Path file = Path.of("usage.csv");

    @Option(
        names = "--provider",
        required = true,
        paramLabel = "NAMES",
        description = "as the configuration names it; several with commas")
    private String provider = "";

    @Option(
        names = "--column",
        paramLabel = "ROLE=NAME",
        description =
            "date, model, input_tokens, output_tokens or cost, where it is not known by its name")
    private Map<String, String> columns = new LinkedHashMap<>();

    @Option(
        names = "--model",
        paramLabel = "THEIRS=OURS",
        description = "a model that is called otherwise here")
    private Map<String, String> models = new LinkedHashMap<>();

    @Option(names = "--json", description = "prints JSON")
    private boolean json;

    @Override
    public Integer call() throws Running.Refused {
      JsonNode found = running.post(PATH + "reconcile", body());
      if (json) {
        System.out.println(found.toPrettyString());
      } else {
        print(found);
      }
      return found.path("total").path("agree").asBoolean(true) ? 0 : DIFFERENT;
    }

    private ObjectNode body() throws Running.Refused {
      ObjectNode body = Json.object().put("provider", provider);
      columns.forEach(body.putObject("columns")::put);
      models.forEach(body.putObject("models")::put);
      try {
        return body.put("text", Files.readString(file));
      } catch (IOException | UncheckedIOException unreadable) {
        throw new Running.Refused(file + " must exist, be readable and be text in UTF-8.");
      }
    }

    private static void print(JsonNode found) {
      for (JsonNode row : found.path("data")) {
        System.out.printf(
            "%s %s %s: %s%n",
            row.path("agree").asBoolean() ? "=" : "~",
            row.path("date").asString(),
            row.path("model").asString(),
            row.path("agree").asBoolean()
                ? "agrees"
                : "theirs less ours: " + Json.text(row.path("difference")));
        row.path("because").forEach(why -> System.out.println("    " + why.asString()));
      }
      JsonNode total = found.path("total");
      System.out.printf(
          "%d rows, %d differ. Ours: %s, theirs: %s%n",
          total.path("rows").asInt(),
          total.path("differ").asInt(),
          Json.text(total.path("ours")),
          Json.text(total.path("theirs")));
    }
  }
}
