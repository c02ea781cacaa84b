package dev.lintel.main;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "whatif",
    description =
        "Shows what a file would have made of the calls of a time: routes, refusals, cost, latency."
            + " Asks no provider, and changes nothing.",
    mixinStandardHelpOptions = true)
final class Whatif implements Callable<Integer> {
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final int ROWS = 20;

  @Mixin private Running running = new Running();
  @Mixin private TheFile file = new TheFile();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "from when on, such as 7d, 12h or 2026-11-21T12:00:00Z (default: 7d)")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "until when (default: now)")
  private @Nullable String until;

  @Option(names = "--tenant", paramLabel = "TENANT", description = "calls of that tenant only")
  private @Nullable String tenant;

  @Option(names = "--limit", paramLabel = "CALLS", description = "at most so many, the first")
  private @Nullable Long limit;

  @Option(names = "--json", description = "prints JSON")
  private boolean json;

  @Override
  public Integer call() throws Running.Refused {
    ObjectNode told = file.told();
    ObjectNode body = told.deepCopy().put("config", told.path("text").asString());
    body.remove("text");
    if (since != null) {
      body.put("since", since);
    }
    if (until != null) {
      body.put("until", until);
    }
    if (tenant != null) {
      body.put("tenant", tenant);
    }
    if (limit != null) {
      body.put("limit", limit);
    }
    JsonNode answer = running.post("/admin/v1/whatif", body, LONGEST);
    if (json) {
      System.out.println(answer.toPrettyString());
    } else {
      lines(answer).forEach(System.out::println);
    }
    return 0;
  }

  /** As it is printed for people. */
  static List<String> lines(JsonNode answer) {
    var lines = new ArrayList<String>();
    lines.add(
        answer.path("seen")
            + " calls from "
            + answer.path("since").asString()
            + " to "
            + answer.path("until").asString()
            + (answer.path("whole").asBoolean() ? "" : ", not all there are")
            + "; "
            + answer.path("calls")
            + " replayed.");
    table(lines, "Not replayed:", answer.path("not_replayed"), row -> row.path("why").asString());
    table(
        lines,
        "Missing models:",
        answer.path("missing_models"),
        row -> row.path("model").asString());
    table(lines, "Missing apps:", answer.path("missing_apps"), row -> row.path("app").asString());
    table(
        lines,
        "Routes:",
        answer.path("routes"),
        row -> row.path("from").asString() + " -> " + row.path("to").asString());
    table(lines, "Newly refused:", answer.path("newly_refused_by"), Whatif::refusal);
    table(lines, "No longer refused:", answer.path("no_longer_refused_by"), Whatif::refusal);
    lines.add("Sum: " + sum(answer));
    for (JsonNode one : answer.path("tenants")) {
      lines.add("Tenant " + one.path("tenant").asString() + ": " + sum(one));
    }
    if (answer.path("nearly").asLong() > 0) {
      lines.add(
          answer.path("nearly")
              + " calls are told nearly: they were refused before they were read, or recorded by an"
              + " older version, so that nothing says what was asked for.");
    }
    for (JsonNode rule : answer.path("not_held")) {
      lines.add("Not held, as records do not tell: " + rule.asString());
    }
    return lines;
  }

  /** What stands in a row, beside its number. */
  private interface Words {
    String of(JsonNode row);
  }

  private static void table(List<String> lines, String title, JsonNode rows, Words words) {
    if (rows.isEmpty()) {
      return;
    }
    lines.add(title);
    int shown = 0;
    for (JsonNode row : rows) {
      if (shown++ == ROWS) {
        lines.add("  and " + (rows.size() - ROWS) + " more (--json shows them)");
        return;
      }
      lines.add("  %8d  %s".formatted(row.path("calls").asLong(), words.of(row)));
    }
  }

  private static String refusal(JsonNode row) {
    String rule = row.path("rule").asString("");
    return (rule.isEmpty() ? "" : rule + ", ")
        + row.path("kind").asString()
        + ": "
        + row.path("message").asString();
  }

  private static String sum(JsonNode sum) {
    JsonNode cost = sum.path("cost_usd");
    JsonNode time = sum.path("latency_ms");
    var words = new StringBuilder();
    words.append(sum.path("calls")).append(" calls, ");
    words.append(sum.path("moved")).append(" go elsewhere, ");
    words.append(sum.path("newly_refused")).append(" newly refused, ");
    words.append(sum.path("no_longer_refused")).append(" no longer refused");
    unknown(words, sum.path("newly_failed"), "newly failed");
    unknown(words, sum.path("no_longer_failed"), "no longer failed");
    words.append("; cost ");
    words.append(cost.path("before").asString()).append(" -> ");
    words.append(cost.path("after").asString()).append(" USD (");
    words.append(cost.path("difference").asString()).append(")");
    unknown(words, cost.path("unknown_after"), "of unknown cost");
    unknown(words, cost.path("guessed"), "by what others used");
    words.append("; latency p50 ").append(milliseconds(time.path("before").path("p50")));
    words.append(" -> ").append(milliseconds(time.path("after").path("p50")));
    words.append(", p95 ").append(milliseconds(time.path("before").path("p95")));
    words.append(" -> ").append(milliseconds(time.path("after").path("p95")));
    unknown(words, time.path("unknown"), "of unknown latency");
    return words.append('.').toString();
  }

  private static void unknown(StringBuilder words, JsonNode count, String what) {
    if (count.asLong() > 0) {
      words.append(", ").append(count).append(' ').append(what);
    }
  }

  private static String milliseconds(JsonNode time) {
    return time.isNumber() ? time + " ms" : "unknown";
  }
}
