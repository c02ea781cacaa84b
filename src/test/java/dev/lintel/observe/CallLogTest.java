package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.lintel.CallRecord;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Json;
import dev.lintel.Ranking;
import dev.lintel.Target;
import dev.lintel.TraceContext;
import dev.lintel.Trail;
import dev.lintel.redact.Redaction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CallLogTest {
  @Test
  void a_line_is_the_record_and_says_that_it_is_of_a_call() {
    var out = new ByteArrayOutputStream();
    byte[] record = record(2);
    log(out, record);
    String line = out.toString(StandardCharsets.UTF_8);
    assertThat(line).endsWith(",\"event\":\"call\"}\n");
    assertThat(line.replace(",\"event\":\"call\"}\n", "}"))
        .isEqualTo(new String(record, StandardCharsets.UTF_8));
  }

  @Test
  void a_line_names_twenty_targets_at_the_most() {
    for (int targets : new int[] {20, 21, 100}) {
      var out = new ByteArrayOutputStream();
      byte[] record = record(targets);
      log(out, record);
      JsonNode line = Json.parse(out.toByteArray());
      assertThat(line.path("decision")).hasSize(20);
      assertThat(line.path("decision_left_out").asInt(0)).isEqualTo(targets - 20);
      assertThat(line.path("event").asString()).isEqualTo("call");
      assertThat(Json.parse(record).path("decision")).hasSize(targets);
    }
  }

  @Test
  void calls_go_on_where_nobody_reads_the_lines() {
    var closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("closed");
          }
        };
    var log = new CallLog(closed, text -> text);
    assertThatCode(
            () -> {
              for (int i = 0; i < 3; i++) {
                log.add(record(1));
                log.flush();
              }
            })
        .doesNotThrowAnyException();
  }

  @Test
  void whatever_a_caller_puts_into_it_is_one_line_that_no_terminal_obeys() {
    String bad =
        "a\n{\"event\":\"call\"}\r\u001b[2J\u0000\u007f\u009b31m\u2028\u2029\u202e\u2066"
            + "x".repeat(10_000);
    var out = new ByteArrayOutputStream();
    log(out, named(bad));
    String text = out.toString(StandardCharsets.UTF_8);
    assertThat(text.lines()).hasSize(1);
    assertThat(text.strip().chars())
        .noneMatch(c ->
            Character.isISOControl(c)
                || Character.getType(c) == Character.FORMAT
                || c == 0x2028
                || c == 0x2029);
    assertThat(Json.parse(text).path("model").asString()).isEqualTo(bad.substring(0, 256));
  }

  @Test
  void what_looks_like_a_secret_is_taken_out() {
    for (String secret :
        new String[] {
          "sk-proj-0123456789abcdef", "AKIA0123456789ABCDEF", "lintel-admin-0123456789abcdef"
        }) {
      var out = new ByteArrayOutputStream();
      var log = new CallLog(out, Redaction::secrets);
      log.add(named("the model \" " + secret));
      log.flush();
      JsonNode line = Json.parse(out.toByteArray());
      assertThat(line.path("model").asString()).isEqualTo("the model \" [key]");
      assertThat(line.path("event").asString()).isEqualTo("call");
      assertThat(line.path("latency_ms").isNumber()).isTrue();
    }
  }

  @Test
  void the_share_of_answered_calls_is_the_one_that_is_traced_and_failures_always_have_lines() {
    var out = new ByteArrayOutputStream();
    var log = new CallLog(out, text -> text);
    log.share(0.25);
    int drawn = 0;
    for (int i = 0; i < 200; i++) {
      var trail = new Trail("req_" + i, Instant.parse("2026-11-21T12:00:00Z"), 0);
      drawn += TraceContext.of(trail).lot() < 0.25 ? 1 : 0;
      log.add(of(trail, new Event.Ended(Optional.empty(), 1)));
    }
    log.flush();
    assertThat(drawn).isBetween(10, 100);
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(drawn);

    out.reset();
    log.share(0);
    log.add(named("x"));
    var trail = new Trail("req_1", Instant.parse("2026-11-21T12:00:00Z"), 0);
    log.add(of(trail, new Event.Ended(Optional.of(Failure.invalid("no")), 1)));
    log.flush();
    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains("\"kind\":\"invalid_request\""));
  }

  private static byte[] named(String model) {
    var trail = new Trail("req_1", Instant.parse("2026-11-21T12:00:00Z"), 0);
    trail.named(model);
    return of(trail, new Event.Ended(Optional.empty(), 1));
  }

  private static byte[] of(Trail trail, Event.Ended ended) {
    var record = CallRecord.of(trail, ended);
    return Json.bytes(json -> record.write(json, "2026-11-21T12:00:00.123Z", Integer.MAX_VALUE));
  }

  private static void log(OutputStream out, byte[] record) {
    var log = new CallLog(out, text -> text);
    log.add(record);
    log.flush();
  }

  private static byte[] record(int targets) {
    var trail = new Trail("req_1", Instant.parse("2026-11-21T12:00:00.123456Z"), 0);
    trail
        .decision()
        .ranked(
            IntStream.range(0, targets)
                .mapToObj(i -> new Target(Fakes.provider("p"), "m" + i))
                .toList(),
            Ranking.AS_WRITTEN);
    var record = CallRecord.of(trail, new Event.Ended(Optional.empty(), 1));
    return Json.bytes(json -> record.write(json, "2026-11-21T12:00:00.123Z", Integer.MAX_VALUE));
  }
}
