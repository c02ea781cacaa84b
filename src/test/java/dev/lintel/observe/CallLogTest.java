package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.lintel.CallRecord;
import dev.lintel.Event;
import dev.lintel.Fakes;
import dev.lintel.Json;
import dev.lintel.Ranking;
import dev.lintel.Target;
import dev.lintel.Trail;
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
    var log = new CallLog(closed);
    assertThatCode(
            () -> {
              for (int i = 0; i < 3; i++) {
                log.add(record(1));
                log.flush();
              }
            })
        .doesNotThrowAnyException();
  }

  private static void log(OutputStream out, byte[] record) {
    var log = new CallLog(out);
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
