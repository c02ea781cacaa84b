package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CallRecordTest {
  private final Trail trail = new Trail("req_1", Instant.EPOCH, 0);

  @Test
  void a_call_that_ended_before_anybody_was_known_has_nulls() {
    JsonNode json = json(Optional.of(Failure.of(Failure.Kind.AUTHENTICATION, "No key.")));
    assertThat(json.propertyNames())
        .containsExactlyInAnyOrder(
            "request_id",
            "time",
            "tenant",
            "app",
            "key_id",
            "use_case",
            "dialect",
            "model",
            "target",
            "status",
            "kind",
            "message",
            "stream",
            "ttft_ms",
            "latency_ms",
            "usage",
            "cost_usd",
            "attempts",
            "decision",
            "revision",
            "trace_id",
            "timings_us");
    for (String name :
        List.of(
            "tenant",
            "app",
            "key_id",
            "use_case",
            "dialect",
            "model",
            "target",
            "ttft_ms",
            "cost_usd")) {
      assertThat(json.path(name).isNull()).as(name).isTrue();
    }
    assertThat(json.path("status").asInt()).isEqualTo(401);
    assertThat(json.path("kind").asString()).isEqualTo("authentication");
    assertThat(json.path("attempts")).isEmpty();
    assertThat(json.path("decision")).isEmpty();
  }

  @Test
  void a_success_has_no_kind_and_a_cost_in_plain_digits() {
    var target = new Target(Fakes.provider("p"), "m", Profile.NONE, costing("0.00000001"));
    trail.asking(target);
    trail.used(new Usage(1, 2, 3, 4, 5, 6, 0, 0, Usage.Source.PROVIDER));
    trail.attempted(new Attempt("p/m", 200, Optional.empty(), "", 12, trail.cost()));
    trail.decision().ranked(List.of(target), Ranking.AS_WRITTEN);
    trail.variant("canary");
    JsonNode json = json(Optional.empty());
    assertThat(json.path("kind").isNull()).isTrue();
    assertThat(json.path("status").asInt()).isEqualTo(200);
    assertThat(json.path("target").asString()).isEqualTo("p/m");
    assertThat(json.path("cost_usd").asString()).isEqualTo("0.00000001");
    assertThat(json.path("usage"))
        .isEqualTo(
            Json.parse(
                "{\"input\":1,\"output\":5,\"cache_read\":2,\"cache_write\":3,\"cache_write_1h\":4,\"reasoning\":6,\"source\":\"provider\"}"));
    assertThat(json.path("attempts"))
        .isEqualTo(
            Json.parse(
                "[{\"target\":\"p/m\",\"status\":200,\"kind\":null,\"message\":null,\"latency_ms\":12,\"cost_usd\":\"0.00000001\"}]"));
    assertThat(json.path("decision")).hasSize(1);
    assertThat(json.path("variant").asString()).isEqualTo("canary");
  }

  @Test
  void a_name_that_is_no_models_is_cut() {
    trail.named("x".repeat(100_000));
    JsonNode json = json(Optional.of(Failure.of(Failure.Kind.NOT_FOUND, "None.")));
    assertThat(json.path("model").asString()).hasSize(256);
  }

  @Test
  void says_where_a_call_was_served_and_what_it_asked_for_before_a_policy_changed_that() {
    trail.served(new Served("gw-1", 12));
    var model = Fakes.model(Fakes.retry(1), new Target(Fakes.provider("p"), "m"));
    Terms terms =
        Terms.read(
            Headers.of(
                Map.of(
                    "x-lintel-region", "eu",
                    "x-lintel-use-case", "faq",
                    "x-lintel-training", "opted_out",
                    "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
            Optional.empty());
    trail.asked(Chat.sketch(Fakes.provider("p").dialect(), "m", true, 700, 4000), terms, model);
    trail.asked(
        Chat.sketch(Fakes.provider("p").dialect(), "m", true, 700, 500),
        terms.with(Map.of("tier", "standard")),
        model);
    trail.adapted("drop:seed");
    JsonNode json = json(Optional.empty());
    assertThat(json.path("node").asString()).isEqualTo("gw-1");
    assertThat(json.path("revision").asLong()).isEqualTo(12);
    assertThat(json.path("trace_id").asString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
    assertThat(json.path("endpoint").asString()).isEqualTo("chat");
    assertThat(json.path("request"))
        .isEqualTo(
            Json.parse("{\"input_tokens\":700,\"max_tokens\":4000,\"tools\":0,\"images\":0}"));
    assertThat(json.path("terms"))
        .isEqualTo(Json.parse("{\"region\":\"eu\",\"training\":\"opted_out\"}"));
    assertThat(json.path("adapted")).isEqualTo(Json.parse("[\"drop:seed\"]"));
    assertThat(json.path("training").asString()).isEqualTo("opted_out");
  }

  @Test
  void a_call_without_a_trace_has_one_of_its_own_and_keeps_it() {
    assertThat(trail.traceId()).matches("[0-9a-f]{32}").isEqualTo(trail.traceId());
    assertThat(trail.traceId()).isNotEqualTo(new Trail("req_2", Instant.EPOCH, 0).traceId());
  }

  @Test
  void timings_are_from_stop_to_stop_and_come_to_the_whole_time() {
    var timings = new Timings(100);
    timings.passed(Stop.RECEIVE, 5_100);
    timings.passed(Stop.READ, 25_100);
    timings.passed(Stop.READ, 99_100);
    timings.waited(3_000);
    timings.again(Stop.ANSWER, 40_100);
    timings.again(Stop.ANSWER, 60_100);
    timings.passed(Stop.SETTLE, 61_100);
    assertThat(Json.parse(Json.bytes(timings::write)))
        .isEqualTo(Json.parse("{\"receive\":5,\"read\":20,\"answer\":35,\"settle\":1,\"wait\":3}"));
    assertThat(timings.of(Stop.ANSWER)).isEqualTo(35_000);
    assertThat(timings.of(Stop.ADMIT)).isEqualTo(-1);
    assertThat(timings.at(Stop.SETTLE)).isEqualTo(61_000);
  }

  @Test
  void what_happens_after_the_end_is_not_in_the_record() {
    trail.attempted(new Attempt("p/a", 200, Optional.empty(), "", 1));
    var record = CallRecord.of(trail, new Event.Ended(Optional.empty(), 1));
    trail.attempted(new Attempt("p/b", 200, Optional.empty(), "", 1));
    trail.decision().excluded(new Target(Fakes.provider("p"), "b"), "late");
    assertThat(record.attempts()).hasSize(1);
    assertThat(record.decision().candidates()).isEmpty();
  }

  private JsonNode json(Optional<Failure> failure) {
    var record = CallRecord.of(trail, new Event.Ended(failure, 5_000_000));
    return Json.parse(Json.bytes(out -> record.write(out, "1970-01-01T00:00:00Z", 20)));
  }

  private static Facts costing(String usd) {
    return Facts.of(
        Facts.UNKNOWN.traits(),
        new Price() {
          @Override
          public Optional<BigDecimal> cost(Usage usage) {
            return Optional.of(new BigDecimal(usd));
          }

          @Override
          public tools.jackson.databind.node.ObjectNode json() {
            return Json.object();
          }
        });
  }
}
