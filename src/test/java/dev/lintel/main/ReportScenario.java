package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lintel.Json;
import java.math.BigDecimal;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What calls cost is told by whatever people ask for, and in the form that they need. */
class ReportScenario {
  private static TestGateway gateway;
  private static String tomorrow;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers: { demo: { kind: sim }, other: { kind: sim, dialect: anthropic } }
            models: { dear: demo/large, cheap: other/small, idle: demo/small }
            prices:
              demo/large: { input: 100.00, output: 200.00 }
              other/small: { input: 1.00, output: 2.00 }
            tenants:
              t: { apps: { a: { keys: [ sk-test-0001 ] }, quiet: { keys: [ sk-quiet ] } } }
              u: { apps: { b: { keys: [ sk-u ] } } }
            """);
    for (int i = 0; i < 6; i++) {
      ask("sk-test-0001", "dear", "\"use_case\":\"=cmd()\",\"tags\":\"red,blue\"");
      ask("sk-test-0001", "cheap", "\"use_case\":\"=cmd()\",\"tags\":\"red\"");
    }
    ask("sk-u", "dear", "\"tags\":\"red\"");
    Instant now = Instant.now().truncatedTo(ChronoUnit.DAYS);
    tomorrow = now.plus(1, ChronoUnit.DAYS).toString();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (rows("group_by=key").stream().mapToLong(row -> row.path("calls").asLong()).sum() < 13
        && System.nanoTime() < end) {
      LockSupport.parkNanos(50_000_000);
    }
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static void ask(String key, String model, String terms) {
    var reply =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer " + key)
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"%s\",\"max_tokens\":5,\"lintel\":{%s},\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
                            .formatted(model, terms)))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  private static HttpResponse<String> get(String path) {
    return gateway.send(
        gateway
            .request("/admin/v1/reports/" + path)
            .setHeader("authorization", "Bearer admin-key")
            .GET()
            .build());
  }

  private static List<JsonNode> rows(String query) {
    HttpResponse<String> reply = get("cost?" + query);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body()).path("data").valueStream().toList();
  }

  @Test
  void costs_by_any_words_add_up_to_the_same() {
    String all = rows("").getFirst().path("cost_usd").asString();
    for (String by :
        new String[] {
          "tenant,app", "use_case", "user", "model", "provider", "target", "key", "kind"
        }) {
      var sum =
          rows("group_by=" + by).stream()
              .map(row -> new BigDecimal(row.path("cost_usd").asString()))
              .reduce(BigDecimal.ZERO, BigDecimal::add);
      assertThat(sum).as(by).isEqualByComparingTo(all);
    }
    assertThat(rows("group_by=tag"))
        .extracting(row -> row.path("tag").asString(), row -> row.path("calls").asInt())
        .containsExactly(tuple("blue", 6), tuple("red", 13));
    assertThat(rows("group_by=target&tenant=u")).hasSize(1);
  }

  @Test
  void lines_of_days_and_months_have_their_beginning() {
    for (String by : new String[] {"model", "target"}) {
      for (String interval : new String[] {"day", "month"}) {
        var rows = rows("group_by=" + by + "&interval=" + interval);
        assertThat(rows.stream().mapToLong(row -> row.path("calls").asLong()).sum()).isEqualTo(13);
        assertThat(rows).allMatch(row -> row.path("start").asString().endsWith("T00:00:00Z"));
      }
    }
  }

  @Test
  void a_callers_word_is_no_formula_in_a_table() {
    HttpResponse<String> reply = get("cost?group_by=use_case,model&format=csv");
    assertThat(reply.headers().firstValue("content-type").orElse("")).startsWith("text/csv");
    assertThat(reply.body().lines().findFirst().orElse(""))
        .isEqualTo("use_case,model,calls,cost_usd,input,output,cache_read,cache_write,reasoning");
    assertThat(reply.body()).contains("\r\n'=cmd(),dear,6,").doesNotContain("\n=");
  }

  @Test
  void focus_has_the_columns_that_every_charge_must_have() {
    HttpResponse<String> reply = get("cost?format=focus");
    var lines = reply.body().lines().toList();
    assertThat(lines.getFirst().split(","))
        .contains(
            "BilledCost",
            "BillingAccountId",
            "BillingAccountName",
            "BillingCurrency",
            "BillingPeriodEnd",
            "BillingPeriodStart",
            "ChargeCategory",
            "ChargeClass",
            "ChargeDescription",
            "ChargePeriodEnd",
            "ChargePeriodStart",
            "ContractedCost",
            "EffectiveCost",
            "InvoiceIssuerName",
            "ListCost",
            "PricingQuantity",
            "PricingUnit",
            "ProviderName",
            "PublisherName",
            "ServiceCategory",
            "ServiceName");
    assertThat(lines.size()).isGreaterThanOrEqualTo(4);
    assertThat(lines.get(1)).contains(",USD,", ",Usage,", "AI and Machine Learning", "Usage-Based");
  }

  private record Run(int code, String out) {}

  private static Run run(String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(ThisJava.JAVA, "-cp", ThisJava.CLASSES));
    command.addAll(List.of(Main.class.getName(), "report"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--url", gateway.url().toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", "admin-key");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }

  @Test
  void the_command_line_prints_what_the_api_answers(@TempDir Path folder) throws Exception {
    Run csv = run("cost", "--by", "app", "--since", "3d", "--csv");
    assertThat(csv.out).isEqualTo(get("cost?group_by=app&format=csv").body());
    assertThat(csv.code).isZero();
    Run table = run("cost", "--by", "app");
    assertThat(table.out).startsWith("app  calls  cost_usd").contains("\na    12 ");
    Run wrong = run("cost", "--by", "colour");
    assertThat(wrong.code).isEqualTo(1);
    assertThat(wrong.out).contains("not 'colour'").contains("(400)");
    Path bill = folder.resolve("bill.csv");
    Files.writeString(
        bill, "date,model,cost\n" + LocalDate.now(ZoneOffset.UTC) + ",large,7\n");
    Run differs = run("reconcile", "--file", bill.toString(), "--provider", "demo");
    assertThat(differs.code).as(differs.out).isEqualTo(2);
    assertThat(differs.out).contains("differ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cost?group_by=colour                        | group_by",
        "cost?group_by=key,user                      | group_by",
        "cost?group_by=tag,model                     | group_by",
        "cost?group_by=key&interval=hour             | interval",
        "cost?group_by=key&from=2026-11-20T01:00:00Z | from",
        "cost?format=xml                             | format",
        "cost?format=focus&group_by=app              | group_by",
        "cost?interval=year                          | interval",
        "notes?days=0                                | days",
        "notes?min_usd=-1                            | min_usd",
        "advice?min_calls=x                          | min_calls",
        "feedback?group_by=user                      | group_by",
      })
  void what_makes_no_sense_is_refused_by_its_name(String path, String param) {
    HttpResponse<String> reply = get(path);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).path("error").path("param").asString()).isEqualTo(param);
  }

  @Test
  void a_note_says_what_has_come_up() {
    var reply = get("notes?to=" + tomorrow + "&min_usd=0.0001&min_calls=5&days=2&tenant=t");
    JsonNode notes = Json.parse(reply.body());
    assertThat(notes.path("data")).as(reply.body()).hasSize(1);
    JsonNode note = notes.path("data").path(0);
    assertThat(note.path("says").asString())
        .startsWith("The cost of tenant t, app a rose from 0.000000 to ")
        .contains("calls came up");
    assertThat(note.path("causes").path("calls").asString())
        .isEqualTo(note.path("change_usd").asString());
  }

  @Test
  void advice_has_figures_and_says_what_is_not_known() {
    var reply = get("advice?min_calls=5&min_usd=0.000001");
    JsonNode advice = Json.parse(reply.body());
    var kinds = advice.path("data").valueStream().map(one -> one.path("kind").asString()).toList();
    assertThat(kinds).as(reply.body()).contains("cheaper_model", "unused_app", "unused_model");
    JsonNode best = advice.path("data").path(0);
    assertThat(best.path("kind").asString()).isEqualTo("cheaper_model");
    assertThat(best.path("figures").path("instead").asString()).isEqualTo("other/small");
    assertThat(new BigDecimal(best.path("saving_usd").asString())).isPositive();
    assertThat(advice.path("data").toString()).contains("t/quiet").contains("\"idle\"");
    assertThat(advice.path("unknown").path(0).path("about").asString())
        .isEqualTo("identical_requests");
  }

  @Test
  void the_ledger_is_compared_with_what_a_provider_says() {
    LocalDate day = LocalDate.now(ZoneOffset.UTC);
    JsonNode ours = rows("group_by=target").getFirst();
    String table =
        "date,model,input_tokens,output_tokens\n%s,large,%d,%d\n%s,gone-2026-01-01,5,5\n"
            .formatted(day, ours.path("input").asLong(), ours.path("output").asLong(), day);
    var reply =
        gateway.send(
            gateway
                .request("/admin/v1/reports/reconcile")
                .setHeader("authorization", "Bearer admin-key")
                .POST(
                    BodyPublishers.ofByteArray(
                        Json.bytes(Json.object().put("text", table).put("provider", "demo"))))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode rows = Json.parse(reply.body()).path("data");
    assertThat(rows.valueStream().map(row -> row.path("model").asString()))
        .contains("large", "gone-2026-01-01");
    assertThat(rows.valueStream().filter(row -> row.path("model").asString().startsWith("gone")))
        .allMatch(row -> !row.path("agree").asBoolean() && !row.path("because").isEmpty());
  }
}
