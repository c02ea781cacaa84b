package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;

/** What lies in {@code deploy/} speaks of nothing but what a running gateway exports. */
class DeployScenario {
  private static final Path RULES = Path.of("deploy/prometheus/lintel.rules.yml");
  private static final Path TRIALS = Path.of("deploy/prometheus/lintel.rules.test.yml");
  private static final Path BOARD = Path.of("deploy/grafana/lintel.json");

  private static final Pattern SERIES =
      Pattern.compile("^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? ", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=~?\"");
  private static final Pattern TEXT = Pattern.compile("\"[^\"]*\"|'[^']*'");
  private static final Pattern SELECTED = Pattern.compile("([a-z_][a-z0-9_:]*)\\{([^}]*)}");
  private static final Pattern MATCHER = Pattern.compile("([a-zA-Z_]\\w*)\\s*(?:=~|!~|!=|=)");
  private static final Pattern GROUPED =
      Pattern.compile("\\b(?:by|without|ignoring|on)\\s*\\(([^)]*)\\)");
  private static final Pattern NAME = Pattern.compile("\\b(?:lintel|jvm|process|gen_ai)_\\w+");

  /** Needs no series of ours: Prometheus makes them. */
  private static final Set<String> SCRAPED = Set.of("instance", "job", "le");

  private static final Map<String, Set<String>> EXPORTED = new HashMap<>();

  @BeforeAll
  static void begin() {
    String file =
        """
        providers:
          demo: { kind: sim }
          gone: { kind: openai, url: "http://127.0.0.1:1/v1", key: k }
        models:
          tiny: { targets: [ gone/x, demo/small ], canary: { to: [ demo/next ], percent: 1, on: user } }
          lost: { targets: [ gone/y ], retry: { attempts: 2, backoff: 1ms..2ms }, fallback: { any: [ tiny ] } }
          full: { targets: [ { to: demo/full, concurrent: 1 } ], queue: { size: 10, wait: 20s } }
        prices: { demo/small: { input: 0, output: 1000 } }
        tenants:
          t:
            budget: { total: 100 USD, thresholds: [ 1 ] }
            apps:
              a: { keys: [ sk-test-0001 ], budget: { day: 0.06 USD, thresholds: [ 1 ] } }
        """;
    // Only what nodes share is shown as a footing while it is well, or away.
    try (var gateway =
        TestGateway.of("shared: \"redis://127.0.0.1:1\"\nproviders: { demo: { kind: sim } }\n")) {
      read(gateway.get("/metrics").body());
    }
    try (var gateway = TestGateway.of(file)) {
      Soon.until(() -> {
        call(gateway, "tiny", true);
        call(gateway, "lost", false);
        Thread one = Thread.ofVirtual().start(() -> call(gateway, "full", true));
        call(gateway, "full", true);
        join(one);
        read(gateway.get("/metrics").body());
        return EXPORTED.containsKey("lintel_queue_wait_seconds")
            && EXPORTED.containsKey("lintel_limits_hit_total")
            && EXPORTED.containsKey("lintel_budget_thresholds_total")
            && EXPORTED.containsKey("lintel_fallbacks_total")
            && EXPORTED.containsKey("lintel_retries_total");
      });
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  @AfterAll
  static void end() {
    EXPORTED.clear();
  }

  private static void call(TestGateway gateway, String model, boolean stream) {
    gateway.post(
        "/v1/chat/completions",
        "{\"model\":\""
            + model
            + "\",\"stream\":"
            + stream
            + ",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
  }

  private static void read(String metrics) {
    Matcher series = SERIES.matcher(metrics);
    while (series.find()) {
      var labels = new HashSet<String>();
      if (series.group(2) != null) {
        Matcher label = LABEL.matcher(series.group(2));
        while (label.find()) {
          labels.add(label.group(1));
        }
      }
      String name = series.group(1);
      EXPORTED.put(name, labels);
      EXPORTED.put(name.replaceFirst("_(bucket|sum|count)$", ""), labels);
    }
  }

  /** Names of metrics and labels that nothing exports. */
  private static Set<String> unknown(String expression) {
    var unknown = new TreeSet<String>();
    var labels = new HashSet<String>(SCRAPED);
    Matcher name = NAME.matcher(TEXT.matcher(expression).replaceAll("\"\""));
    while (name.find()) {
      Set<String> known = EXPORTED.get(name.group());
      if (known == null) {
        unknown.add(name.group());
      } else {
        labels.addAll(known);
      }
    }
    Matcher selected = SELECTED.matcher(expression);
    while (selected.find()) {
      Set<String> known = EXPORTED.getOrDefault(selected.group(1), Set.of());
      Matcher matcher = MATCHER.matcher(TEXT.matcher(selected.group(2)).replaceAll("\"\""));
      while (matcher.find()) {
        if (!known.contains(matcher.group(1)) && !SCRAPED.contains(matcher.group(1))) {
          unknown.add(selected.group(1) + "{" + matcher.group(1) + "}");
        }
      }
    }
    Matcher grouped = GROUPED.matcher(expression);
    while (grouped.find()) {
      for (String label : grouped.group(1).split(",")) {
        if (!labels.contains(label.strip())) {
          unknown.add("by " + label.strip());
        }
      }
    }
    return unknown;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static Object yaml(Path file) {
    return new Load(LoadSettings.builder().build()).loadFromString(text(file));
  }

  @Test
  @SuppressWarnings("unchecked")
  void rules_speak_of_what_is_exported() {
    var whole = (Map<String, List<Map<String, Object>>>) yaml(RULES);
    var names = new ArrayList<String>();
    for (Map<String, Object> group : whole.get("groups")) {
      for (Map<String, Object> rule : (List<Map<String, Object>>) group.get("rules")) {
        String expression = (String) rule.get("expr");
        assertThat(unknown(expression)).as(expression).isEmpty();
        names.add(String.valueOf(rule.getOrDefault("alert", rule.get("record"))));
        if (rule.containsKey("alert")) {
          assertThat(((Map<String, String>) rule.get("labels")).get("severity"))
              .isIn("info", "warning", "critical");
          assertThat((Map<String, String>) rule.get("annotations")).containsKey("summary");
        }
      }
    }
    assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(15);
  }

  @Test
  void panels_speak_of_what_is_exported_and_each_is_one_of_its_own() {
    JsonNode board = Json.parse(text(BOARD));
    var ids = new ArrayList<Integer>();
    var places = new ArrayList<String>();
    for (JsonNode panel : board.path("panels")) {
      ids.add(panel.path("id").asInt());
      places.add(panel.at("/gridPos/x").asInt() + "/" + panel.at("/gridPos/y").asInt());
      for (JsonNode target : panel.path("targets")) {
        String expression = target.path("expr").asString();
        assertThat(unknown(expression)).as(expression).isEmpty();
        assertThat(expression.chars().filter(c -> c == '(').count())
            .as(expression)
            .isEqualTo(expression.chars().filter(c -> c == ')').count());
      }
    }
    assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(40);
    assertThat(places).doesNotHaveDuplicates();
    for (JsonNode variable : board.at("/templating/list")) {
      if (variable.path("type").asString().equals("query")) {
        assertThat(unknown(variable.path("query").asString())).isEmpty();
      }
    }
  }

  @Test
  void what_is_not_exported_is_found() {
    assertThat(unknown("sum by (nobody) (rate(lintel_calls_total{modell=\"x\"}[5m]))"))
        .containsExactly("by nobody", "lintel_calls_total{modell}");
    assertThat(unknown("lintel_call_total")).containsExactly("lintel_call_total");
  }

  @Test
  @SuppressWarnings("unchecked")
  void each_alert_is_tried() {
    var tried = new HashSet<String>();
    var trials = (Map<String, List<Map<String, Object>>>) yaml(TRIALS);
    for (Map<String, Object> trial : trials.get("tests")) {
      for (Map<String, Object> alert : (List<Map<String, Object>>) trial.get("alert_rule_test")) {
        if (!((List<?>) alert.get("exp_alerts")).isEmpty()) {
          tried.add((String) alert.get("alertname"));
        }
      }
    }
    var rules = (Map<String, List<Map<String, Object>>>) yaml(RULES);
    var alerts = new HashSet<String>();
    for (Map<String, Object> group : rules.get("groups")) {
      for (Map<String, Object> rule : (List<Map<String, Object>>) group.get("rules")) {
        if (rule.get("alert") instanceof String alert) {
          alerts.add(alert);
        }
      }
    }
    assertThat(tried).isEqualTo(alerts);
  }

  @Test
  void promtool_takes_the_rules_and_they_do_as_they_should() throws Exception {
    promtool("check", "rules", RULES.toString());
    promtool("test", "rules", TRIALS.toString());
  }

  @Test
  void promtool_takes_the_panels(@TempDir Path folder) throws Exception {
    var rules = Json.array();
    for (JsonNode panel : Json.parse(text(BOARD)).path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        String expression =
            target
                .path("expr")
                .asString()
                .replace("$__rate_interval", "1m")
                .replaceAll("\\$\\w+", ".*");
        rules.addObject().put("record", "panel:" + rules.size()).put("expr", expression);
      }
    }
    var whole = Json.object();
    whole.putArray("groups").addObject().put("name", "panels").set("rules", rules);
    // YAML takes JSON as it is.
    Path file = Files.writeString(folder.resolve("panels.yml"), whole.toString());
    promtool("check", "rules", file.toString());
  }

  private static void promtool(String... asked) throws IOException, InterruptedException {
    Path promtool =
        List.of(System.getenv("PATH").split(File.pathSeparator)).stream()
            .map(folder -> Path.of(folder, "promtool"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(promtool != null, "promtool is not there");
    var command = new ArrayList<String>(List.of(asked));
    command.addFirst(String.valueOf(promtool));
    var check = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(check.waitFor()).as(said).isZero();
  }
}
