package dev.lintel.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class TopPageTest {
  private static final String EVIL = "北京\u001b]0;owned\u0007\u001b[2J\u202etxt\n\r";

  private static JsonNode top(String name, int rows) {
    ObjectNode top =
        (ObjectNode)
            Json.parse(
                """
                {"node": "gw-1", "version": "1", "shared": true, "time": "2026-11-22T14:03:22.123Z",
                 "started": "2026-11-22T10:51:00Z", "tenant": null, "under_way": 12, "waiting": 3,
                 "now": {"seconds": 10.2, "calls_per_second": 41.24, "failing": 0.01,
                   "cost_usd_per_minute": "0.03123", "tokens_per_second": {"input": 3120, "cache_read": 0}},
                 "minute": {"seconds": 60.4, "calls_per_second": 38, "failing": 0.06,
                   "cost_usd_per_minute": "0.0288", "tokens_per_second": {}},
                 "kinds": [{"kind": "rate_limited", "calls": 7, "per_second": 0.1}]}
                """);
    for (String list : List.of("models", "providers", "tenants", "calls", "slowest", "failed")) {
      ArrayNode all = top.putArray(list);
      for (int i = 0; i < rows; i++) {
        ObjectNode row = all.addObject();
        row.put("request_id", "req_1k81a6clr883j8djrln7q26gj" + i)
            .put("time", "2026-11-22T14:03:00Z");
        row.put("model", name + i).put("provider", name + i).put("target", name + "/" + name);
        row.put("tenant", name).put("app", name).put("state", i == 1 ? "cooling" : "healthy");
        row.put("calls_per_second", 1.5).put("tries_per_second", 2).put("failing", 0.5);
        row.put("cost_usd_per_minute", "0.01").put("tokens_per_second", 9.1).put("under_way", i);
        row.put("p50_ms", 120).put("p95_ms", 2400).put("ttft_p50_ms", 80).putNull("ttft_p95_ms");
        row.put("ms", 2000)
            .put("ttft_ms", 90)
            .put("kind", "timeout")
            .put("until", "2026-11-22T14:04:00Z");
        row.put("last_failure", "upstream_error")
            .putObject("keys")
            .put("ok", 1)
            .put("no_credit", 2);
        row.putArray("models").addObject().put("model", name).put("state", "half_open");
      }
    }
    return top;
  }

  private static List<String> lines(int width, int height, JsonNode top) {
    return new TopPage(width, height, false).lines(top, "");
  }

  private static String text(int width, int height, JsonNode top) {
    return String.join("\n", lines(width, height, top));
  }

  @Test
  void the_head_says_how_much_goes_on_what_it_costs_and_how_it_fails() {
    assertThat(lines(120, 24, top("chat", 1)).subList(0, 5))
        .containsExactly(
            "lintel top  14:03:22 UTC  node gw-1, up 3 h 12 min; calls of this node only, not of the others",
            "calls/s   41.2 (10 s), 38.0 (60 s);  under way 12, waiting for room 3",
            "tokens/s  input 3.12k, cache read 0",
            "USD/min   0.0312 (10 s), 0.0288 (60 s)",
            "failing   6.0 %:  rate_limited 7");
  }

  @Test
  void every_table_has_its_rows() {
    assertThat(text(160, 60, top("chat", 2)).replaceAll(" +", " "))
        .contains(
            "\nMODEL PROVIDER STATE NOW CALLS/S FAIL P50 P95 TTFT P50 TTFT P95 TOKENS/S USD/MIN\n",
            "\nchat1 chat1 cooling 1 1.50 50 % 120 ms 2.4 s 80 ms - 9.10 0.01\n",
            "\nPROVIDER STATE TRIES/S FAIL REST\n",
            " until 14:04:00 UTC, upstream_error, 2 keys no credit, chat half_open\n",
            "\nTENANT NOW CALLS/S FAIL TOKENS/S USD/MIN\n",
            "\nUNDER WAY FOR TTFT WHO MODEL TARGET\n",
            "\nreq_1k81a6clr883j8djrln7q26gj0 2.0 s 90 ms chat/chat chat0 chat/chat\n",
            "\nSLOWEST TOOK TTFT AGO KIND WHO MODEL TARGET\n",
            "\nFAILED AGO KIND TOOK WHO MODEL TARGET\n",
            " 20.1 s timeout 2.0 s chat/chat ");
  }

  @ParameterizedTest
  @CsvSource({"200,60", "120,40", "80,24", "60,16", "40,10", "20,6", "10,3", "1,1"})
  void a_page_keeps_within_its_window_whatever_names_are_in_it(int width, int height) {
    for (String name : List.of("m", EVIL, "模型".repeat(60), "e\u0301".repeat(300))) {
      List<String> lines = lines(width, height, top(name, 30));
      assertThat(lines).hasSizeLessThanOrEqualTo(height);
      assertThat(lines)
          .allSatisfy(line -> {
            assertThat(Glyphs.width(line)).as(line).isLessThanOrEqualTo(width);
            assertThat(line).isEqualTo(Glyphs.harmless(line));
          });
    }
  }

  @Test
  void colours_are_ours_alone_and_without_them_nothing_is_obeyed() {
    String page = String.join("\n", new TopPage(120, 40, true).lines(top(EVIL, 3), EVIL));
    assertThat(page).contains("\u001b[31m", "\u001b[7m");
    assertThat(page.replaceAll("\u001b\\[[0-9]+m", "")).doesNotContain("\u001b", "\u0007", "\r");
  }

  @Test
  void where_there_is_no_room_request_ids_stay_whole_and_figures_too() {
    String page = text(60, 40, top("a-very-long-name-of-a-model", 2));
    assertThat(page)
        .contains("req_1k81a6clr883j8djrln7q26gj0")
        .contains("2.0 s")
        .doesNotContain("TTFT P50");
  }

  @Test
  void what_is_left_out_is_counted_and_what_fails_goes_before_what_is_dear() {
    String low = text(120, 11, top("m", 9));
    assertThat(low).contains("MODEL 1/9", "FAILED 1/9", "UNDER WAY 1/9").doesNotContain("TENANT");
    assertThat(text(120, 24, top("m", 9))).contains("TENANT", "MODEL 3/9");
  }

  @Test
  void a_page_without_a_bottom_has_all_tables() {
    assertThat(text(160, Integer.MAX_VALUE, top("m", 16)))
        .contains("MODEL ", "PROVIDER ", "TENANT ", "UNDER WAY ", "SLOWEST ", "FAILED ")
        .doesNotContain("/16");
  }

  @Test
  void a_gateway_that_is_gone_is_told_above_what_was_seen_last() {
    var page = new TopPage(80, 24, false);
    assertThat(page.lines(Json.object(), "No gateway answers."))
        .containsExactly("No gateway answers.");
    assertThat(page.lines(top("m", 1), "No gateway answers."))
        .startsWith("No gateway answers.")
        .anyMatch(line -> line.startsWith("MODEL"));
  }

  @Test
  void of_one_tenant_the_apps_are_told() {
    ObjectNode top = (ObjectNode) top("m", 1);
    top.put("tenant", "acme").putNull("waiting").putArray("providers");
    assertThat(text(120, 30, top))
        .contains(", tenant acme", "APP  NOW")
        .doesNotContain("waiting", "TRIES");
  }

  @Test
  void an_answer_of_another_version_is_shown_as_far_as_it_goes() {
    assertThat(
            lines(80, 24, Json.parse("{\"node\":7,\"models\":[{\"model\":null}],\"failed\":{}}")))
        .isNotEmpty();
  }
}
