package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.store.SqlStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Records that an older version has written, or a newer one that was taken back, are brought to the
 * store and told like others: what is missing is unknown, what is unknown stays as it is.
 */
class OtherVersionsScenario {
  private static final Instant BEGIN = Instant.now().minus(Duration.ofHours(2));
  private static final String KNOWN =
      """
      "tenant":"t","app":"a","model":"m","target":"p/m","status":200,"kind":null,"cost_usd":"0.5",\
      "usage":{"input":100,"output":10,"source":"provider"}\
      """;

  /** What stands behind the id, by what it is. */
  private static final Map<String, String> RECORDS = new LinkedHashMap<>();

  static {
    RECORDS.put("as the first version wrote it", KNOWN);
    RECORDS.put("with nothing but an id", "");
    RECORDS.put(
        "of a newer one, with fields that nobody knows",
        KNOWN
            + ",\"mood\":\"good\",\"parts\":[{\"a\":[1,{\"b\":null}]},[],\"x\"],\"depth\":{\"of\":{\"it\":[true]}},\"n\":1e400,"
            + "\"attempts\":[{\"target\":\"p/m\",\"kind\":null,\"status\":200,\"latency_ms\":3,\"colour\":{\"r\":1}}],"
            + "\"decision\":[{\"target\":\"p/m\",\"excluded\":null,\"score\":0.5,\"order\":1,\"why\":[\"new\"]}],"
            + "\"policy\":[{\"rule\":\"r\",\"mode\":\"dreams\",\"kind\":\"limit\",\"severity\":9}],"
            + "\"timings\":{\"a_stop_to_come\":7},\"request\":{\"input_tokens\":100,\"max_tokens\":50,\"pages\":2}");
    RECORDS.put(
        "of a newer one, whose fields have become others",
        "\"tenant\":\"t\",\"app\":\"a\",\"model\":{\"name\":\"m\"},\"target\":[\"p/m\"],\"status\":\"200\",\"kind\":{\"code\":1},"
            + "\"cost_usd\":0.5,\"usage\":[1,2],\"attempts\":{\"first\":{}},\"decision\":\"none\",\"policy\":\"none\",\"request\":7,"
            + "\"terms\":[\"x\"],\"stream\":\"no\",\"latency_ms\":\"7 ms\",\"ttft_ms\":{},\"timings\":[],\"time\":17,\"tags\":{\"a\":\"b\"}");
    RECORDS.put(
        "with a kind of failure and an endpoint that are to come",
        "\"tenant\":\"t\",\"app\":\"a\",\"model\":\"m\",\"status\":799,\"kind\":\"tired\",\"endpoint\":\"dreams\",\"dialect\":\"latin\","
            + "\"message\":\"Zzz.\",\"attempts\":[{\"target\":\"p/m\",\"kind\":\"tired\",\"status\":799}]");
  }

  private static String record(String id, String rest) {
    return "{\"request_id\":\"%s\"%s}".formatted(id, rest.isEmpty() ? "" : "," + rest);
  }

  private static JsonNode asked(TestGateway gateway, String path) {
    var reply = gateway.admin("GET", "/admin/v1" + path, "");
    assertThat(reply.statusCode()).as(path + " " + reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  @Test
  void records_of_older_and_newer_versions_are_brought_and_told(@TempDir Path data) {
    var ids = new ArrayList<String>();
    var entries = new ArrayList<Records.Entry>();
    var texts = new LinkedHashMap<String, String>();
    for (String rest : RECORDS.values()) {
      String id = Ids.request(BEGIN.plusSeconds(ids.size()));
      ids.add(id);
      texts.put(id, record(id, rest));
      byte[] json = record(id, rest).getBytes(StandardCharsets.UTF_8);
      entries.add(new Records.Entry(64L * ids.size(), json, List.of()));
    }
    try (var store = SqlStore.embedded(data, SqlStore.Bounds.USUAL, InstantSource.system())) {
      store.records().add("of a version that there was", entries);
    }
    try (var gateway =
        TestGateway.of(
            """
            data: %s
            providers: { p: { kind: sim }, q: { kind: sim } }
            models: { m: p/m }
            prices: { p/m: { input: 1, output: 1 }, q/m: { input: 2, output: 2 } }
            tenants: { t: { apps: { a: { keys: [ sk-x ] } } } }
            """
                .formatted(data))) {
      assertThat(
              asked(gateway, "/calls?limit=100")
                  .path("data")
                  .valueStream()
                  .map(one -> one.path("request_id").asString()))
          .containsExactlyElementsOf(ids.reversed());
      texts.forEach((id, text) -> {
        assertThat(gateway.admin("GET", "/admin/v1/calls/" + id, "").body()).isEqualTo(text);
        var story = gateway.admin("GET", "/admin/v1/calls/" + id + "/explain", "");
        assertThat(story.statusCode()).as(text + " " + story.body()).isEqualTo(200);
        assertThat(gateway.admin("GET", "/admin/v1/audit/export?request_id=" + id, "").statusCode())
            .isEqualTo(200);
      });
      JsonNode sum = asked(gateway, "/usage?group_by=tenant").path("data");
      assertThat(sum.valueStream().mapToInt(row -> row.path("calls").asInt()).sum())
          .isEqualTo(ids.size());
      assertThat(
              sum.valueStream()
                  .filter(row -> row.path("tenant").asString("").equals("t"))
                  .map(row -> row.path("cost_usd").asString() + " " + row.path("input").asInt()))
          .as("of what is known as it is written")
          .containsExactly("1 200");
      for (String report :
          List.of("cost?group_by=tenant", "notes", "advice", "feedback", "cost?group_by=model")) {
        assertThat(gateway.admin("GET", "/admin/v1/reports/" + report, "").statusCode())
            .as(report)
            .isEqualTo(200);
      }
      String candidate =
          Json.text(
              Json.object()
                  .put(
                      "config",
                      "providers: { q: { kind: sim } }\nmodels: { m: q/m }\nprices: { q/m: { input: 2, output: 2 } }\ntenants: { t: { apps: { a: { keys: [ sk-x ] } } } }\n")
                  .put("since", BEGIN.toString()));
      var foretold = gateway.admin("POST", "/admin/v1/whatif", candidate);
      assertThat(foretold.statusCode()).as(foretold.body()).isEqualTo(200);
      String from = "2020-01-01T00:00:00Z";
      assertThat(asked(gateway, "/policies/report?from=" + from).path("data").toString())
          .contains("\"dreams\"");
      var tried =
          gateway.admin(
              "POST",
              "/admin/v1/policies/try",
              "{\"policy\":{\"require\":[\"user\"],\"limits\":[{\"requests\":\"1/hour\"}],\"budgets\":[{\"day\":\"0.1 USD\"}]}}");
      assertThat(tried.statusCode()).as(tried.body()).isEqualTo(200);
      assertThat(asked(gateway, "/audit/verify?records=true").path("intact").asBoolean()).isTrue();
      var erased = gateway.admin("POST", "/admin/v1/tenants/t/erase", "{\"user\":\"nobody\"}");
      assertThat(erased.statusCode()).as(erased.body()).isIn(200, 202);
    }
  }
}
