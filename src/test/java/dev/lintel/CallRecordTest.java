package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
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
            "decision");
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
