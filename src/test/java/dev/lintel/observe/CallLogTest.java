package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallRecords;
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
  private final RecentCalls recent = new RecentCalls(10, 1 << 20);

  @Test
  void a_line_is_the_record_and_says_that_it_is_of_a_call() {
    var out = new ByteArrayOutputStream();
    end(new CallLog(out, recent), 2);
    String line = out.toString(StandardCharsets.UTF_8);
    assertThat(line).endsWith(",\"event\":\"call\"}\n");
    assertThat(line.replace(",\"event\":\"call\"}\n", "}"))
        .isEqualTo(new String(recent.find("req_1").orElseThrow(), StandardCharsets.UTF_8));
  }

  @Test
  void a_line_names_twenty_targets_and_the_record_all() {
    var out = new ByteArrayOutputStream();
    end(new CallLog(out, recent), 100);
    JsonNode line = Json.parse(out.toByteArray());
    assertThat(line.path("decision")).hasSize(20);
    assertThat(line.path("decision_left_out").asInt()).isEqualTo(80);
    JsonNode record = Json.parse(recent.find("req_1").orElseThrow());
    assertThat(record.path("decision")).hasSize(100);
    assertThat(record.has("decision_left_out")).isFalse();
  }

  @Test
  void records_are_kept_where_nobody_reads_the_lines() {
    var closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("closed");
          }
        };
    end(new CallLog(closed, recent), 1);
    assertThat(
            recent
                .list(
                    new CallRecords.Question(Instant.EPOCH, Optional.empty(), Optional.empty(), 10))
                .records())
        .hasSize(1);
  }

  private static void end(CallLog log, int targets) {
    var trail = new Trail("req_1", Instant.parse("2026-11-21T12:00:00.123456Z"), 0);
    trail
        .decision()
        .ranked(
            IntStream.range(0, targets)
                .mapToObj(i -> new Target(Fakes.provider("p"), "m" + i))
                .toList(),
            Ranking.AS_WRITTEN);
    log.on(trail, new Event.Ended(Optional.empty(), 1));
    log.close();
  }
}
