package dev.lintel.terminal;

import static dev.lintel.terminal.Table.figure;
import static dev.lintel.terminal.Table.name;
import static dev.lintel.terminal.Table.text;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What goes on, as lines: the same for the same figures and the same window.
 *
 * @param width in columns
 * @param height in lines
 */
public record TopPage(int width, int height, boolean color) {
  /** Between tables, where the window is high enough. */
  private static final int AIRY = 36;

  /** A table of a page without a bottom. */
  private static final int MOST_ROWS = 20;

  /** A share of failing calls that is no accident any more. */
  private static final double MANY = 0.05;

  /**
   * A table and how much it is needed.
   *
   * @param rank where there is no room for all, those with the highest go
   */
  private record Section(Table table, int rank) {}

  /**
   * @param top as {@code GET /admin/v1/top} answers; empty before the first answer
   * @param notice what is wrong now, so that the figures are old; empty where nothing is
   */
  public List<String> lines(JsonNode top, String notice) {
    var lines = new ArrayList<String>();
    if (!notice.isEmpty()) {
      add(lines, Style.BAD, notice);
    }
    if (!top.isEmpty()) {
      head(lines, top);
      tables(lines, sections(top));
    }
    return List.copyOf(lines.subList(0, Math.min(height, lines.size())));
  }

  private void add(List<String> lines, Style style, String line) {
    lines.add(style.on(Glyphs.cut(Glyphs.harmless(line), width), color));
  }

  private void head(List<String> lines, JsonNode top) {
    String tenant = top.path("tenant").asString("");
    add(
        lines,
        Style.STRONG,
        "lintel top  "
            + clock(top.path("time").asString(""))
            + "  node "
            + top.path("node").asString("")
            + ", up "
            + since(top, top.path("started").asString(""))
            + (tenant.isEmpty() ? "" : ", tenant " + tenant)
            + (top.path("shared").asBoolean(false)
                ? "; calls of this node only, not of the others"
                : ""));
    add(
        lines,
        Style.PLAIN,
        "calls/s   "
            + twice(top, sums -> Figures.rate(sums.path("calls_per_second")))
            + ";  under way "
            + top.path("under_way").asInt(0)
            + (top.path("waiting").isNumber() ? ", waiting for room " + top.path("waiting") : ""));
    add(lines, Style.PLAIN, "tokens/s  " + tokens(top.path("now").path("tokens_per_second")));
    add(
        lines,
        Style.PLAIN,
        "USD/min   " + twice(top, sums -> Figures.money(sums.path("cost_usd_per_minute"))));
    JsonNode failing = top.path("minute").path("failing");
    String kinds =
        top.path("kinds")
            .valueStream()
            .map(kind -> kind.path("kind").asString("") + " " + kind.path("calls"))
            .collect(Collectors.joining(", "));
    add(
        lines,
        alarm(failing),
        "failing   " + Figures.percent(failing) + (kinds.isEmpty() ? "" : ":  " + kinds));
  }

  /** A figure of the last seconds and of the last minute, with how long both are. */
  private static String twice(JsonNode top, Function<JsonNode, String> figure) {
    return Stream.of("now", "minute")
        .map(top::path)
        .map(sums ->
            figure.apply(sums) + " (" + Math.round(sums.path("seconds").asDouble(0)) + " s)")
        .collect(Collectors.joining(", "));
  }

  private static String tokens(JsonNode tokens) {
    var words = new StringJoiner(", ");
    tokens
        .properties()
        .forEach(type ->
            words.add(type.getKey().replace('_', ' ') + " " + Figures.rate(type.getValue())));
    return words.toString();
  }

  private static Style alarm(JsonNode failing) {
    double share = failing.asDouble(0);
    return share >= MANY ? Style.BAD : share > 0 ? Style.WORRY : Style.PLAIN;
  }

  /** The time of day in UTC. */
  private static String clock(String time) {
    return time.length() < 19 ? time : time.substring(11, 19) + " UTC";
  }

  private static String since(JsonNode top, String time) {
    try {
      Instant now = Instant.parse(top.path("time").asString(""));
      return Figures.time(Duration.between(Instant.parse(time), now).toMillis());
    } catch (DateTimeException none) {
      return Figures.NONE;
    }
  }

  /** Those in which there is something, in their order. */
  private static List<Section> sections(JsonNode top) {
    boolean own = !top.path("tenant").asString("").isEmpty();
    return List.of(
            new Section(models(top), 0),
            new Section(providers(top), 5),
            new Section(tenants(top, own), 4),
            new Section(underWay(top), 2),
            new Section(slowest(top), 3),
            new Section(failed(top), 1))
        .stream()
        .filter(section -> section.table.size() > 0)
        .toList();
  }

  private static Table models(JsonNode top) {
    var table =
        new Table(
            text("MODEL", 0),
            text("PROVIDER", 5),
            text("STATE", 4),
            figure("NOW", 6),
            figure("CALLS/S", 0),
            figure("FAIL", 1),
            figure("P50", 8),
            figure("P95", 2),
            figure("TTFT P50", 10),
            figure("TTFT P95", 7),
            figure("TOKENS/S", 9),
            figure("USD/MIN", 3));
    for (JsonNode row : top.path("models")) {
      String state = row.path("state").asString("");
      table.add(
          style(state, row),
          row.path("model").asString(""),
          row.path("provider").asString(""),
          orNone(state),
          Integer.toString(row.path("under_way").asInt(0)),
          Figures.rate(row.path("calls_per_second")),
          Figures.percent(row.path("failing")),
          Figures.time(row.path("p50_ms")),
          Figures.time(row.path("p95_ms")),
          Figures.time(row.path("ttft_p50_ms")),
          Figures.time(row.path("ttft_p95_ms")),
          Figures.rate(row.path("tokens_per_second")),
          Figures.money(row.path("cost_usd_per_minute")));
    }
    return table;
  }

  private static Style style(String state, JsonNode row) {
    return switch (state) {
      case "cooling" -> Style.BAD;
      case "half_open" -> Style.WORRY;
      default -> alarm(row.path("failing"));
    };
  }

  private static Table providers(JsonNode top) {
    var table =
        new Table(
            text("PROVIDER", 0),
            text("STATE", 0),
            figure("TRIES/S", 2),
            figure("FAIL", 1),
            text("REST", 3));
    for (JsonNode row : top.path("providers")) {
      String state = row.path("state").asString("");
      table.add(
          style(state, row),
          row.path("provider").asString(""),
          orNone(state),
          Figures.rate(row.path("tries_per_second")),
          Figures.percent(row.path("failing")),
          rest(row));
    }
    return table;
  }

  /** What rests of a provider, and until when. */
  private static String rest(JsonNode row) {
    var words = new ArrayList<String>();
    String until = row.path("until").asString("");
    if (!until.isEmpty()) {
      words.add("until " + clock(until));
    }
    if (!row.path("state").asString("").equals("healthy")) {
      String why = row.path("last_failure").asString("");
      words.add(why);
    }
    row.path("keys")
        .properties()
        .forEach(key -> {
          if (!key.getKey().equals("ok")) {
            words.add(key.getValue() + " keys " + key.getKey().replace('_', ' '));
          }
        });
    for (JsonNode model : row.path("models")) {
      words.add(model.path("model").asString("") + " " + model.path("state").asString(""));
    }
    words.removeIf(String::isEmpty);
    return String.join(", ", words);
  }

  private static Table tenants(JsonNode top, boolean own) {
    var table =
        new Table(
            text(own ? "APP" : "TENANT", 0),
            figure("NOW", 3),
            figure("CALLS/S", 1),
            figure("FAIL", 2),
            figure("TOKENS/S", 4),
            figure("USD/MIN", 0));
    for (JsonNode row : top.path("tenants")) {
      table.add(
          alarm(row.path("failing")),
          orNone(row.path(own ? "app" : "tenant").asString("")),
          Integer.toString(row.path("under_way").asInt(0)),
          Figures.rate(row.path("calls_per_second")),
          Figures.percent(row.path("failing")),
          Figures.rate(row.path("tokens_per_second")),
          Figures.money(row.path("cost_usd_per_minute")));
    }
    return table;
  }

  private static Table underWay(JsonNode top) {
    var table =
        new Table(
            name("UNDER WAY"),
            figure("FOR", 0),
            figure("TTFT", 4),
            text("WHO", 3),
            text("MODEL", 2),
            text("TARGET", 1));
    for (JsonNode call : top.path("calls")) {
      table.add(
          Style.PLAIN,
          call.path("request_id").asString(""),
          Figures.time(call.path("ms")),
          Figures.time(call.path("ttft_ms")),
          who(call),
          call.path("model").asString(""),
          orNone(call.path("target").asString("")));
    }
    return table;
  }

  private static Table slowest(JsonNode top) {
    var table =
        new Table(
            name("SLOWEST"),
            figure("TOOK", 0),
            figure("TTFT", 5),
            figure("AGO", 6),
            text("KIND", 4),
            text("WHO", 3),
            text("MODEL", 2),
            text("TARGET", 1));
    for (JsonNode call : top.path("slowest")) {
      table.add(
          Style.PLAIN,
          call.path("request_id").asString(""),
          Figures.time(call.path("ms")),
          Figures.time(call.path("ttft_ms")),
          ago(top, call),
          call.path("kind").isString() ? call.path("kind").asString() : "ok",
          who(call),
          call.path("model").asString(""),
          orNone(call.path("target").asString("")));
    }
    return table;
  }

  private static Table failed(JsonNode top) {
    var table =
        new Table(
            name("FAILED"),
            figure("AGO", 4),
            text("KIND", 0),
            figure("TOOK", 5),
            text("WHO", 2),
            text("MODEL", 3),
            text("TARGET", 1));
    for (JsonNode call : top.path("failed")) {
      table.add(
          Style.PLAIN,
          call.path("request_id").asString(""),
          ago(top, call),
          call.path("kind").asString(""),
          Figures.time(call.path("ms")),
          who(call),
          call.path("model").asString(""),
          orNone(call.path("target").asString("")));
    }
    return table;
  }

  /** How long ago a call has ended. */
  private static String ago(JsonNode top, JsonNode call) {
    try {
      Instant ended =
          Instant.parse(call.path("time").asString(""))
              .plus(call.path("ms").asLong(0), ChronoUnit.MILLIS);
      return since(top, ended.toString());
    } catch (DateTimeException none) {
      return Figures.NONE;
    }
  }

  private static String who(JsonNode call) {
    String tenant = call.path("tenant").asString("");
    return tenant.isEmpty() ? Figures.NONE : tenant + "/" + call.path("app").asString("");
  }

  private static String orNone(String text) {
    return text.isEmpty() ? Figures.NONE : text;
  }

  /** Room goes to them row by row in turn; a heading without a row says nothing. */
  private void tables(List<String> lines, List<Section> sections) {
    int gap = height >= AIRY ? 1 : 0;
    int room = Math.max(0, height - lines.size());
    List<Section> shown = new ArrayList<>(sections);
    while (!shown.isEmpty() && shown.size() * (2 + gap) > room) {
      shown.remove(shown.stream().max(Comparator.comparingInt(Section::rank)).orElseThrow());
    }
    int[] rows = rows(shown, room - shown.size() * (1 + gap));
    for (int i = 0; i < shown.size(); i++) {
      if (gap > 0) {
        lines.add("");
      }
      lines.addAll(shown.get(i).table.lines(width, rows[i], color));
    }
  }

  private static int[] rows(List<Section> shown, int room) {
    var rows = new int[shown.size()];
    int left = room;
    boolean more = true;
    while (left > 0 && more) {
      more = false;
      for (int i = 0; i < rows.length && left > 0; i++) {
        if (rows[i] < Math.min(MOST_ROWS, shown.get(i).table.size())) {
          rows[i]++;
          left--;
          more = true;
        }
      }
    }
    return rows;
  }
}
