package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.lintel.Json;
import dev.lintel.Logging;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

class LogLineTest {
  private static final String BAD =
      "no\n"
          + "2026-11-22T10:00:00.000Z ERROR Lintel: all is lost\r"
          + "\u001b[2J\u009b31m\u2028\u202e\u0007";

  private static String line(Logging.Form form, String message, Throwable failed) {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger logger = context.getLogger("dev.lintel.main.LogLineTest");
    var line = new LogLine();
    line.use(form);
    byte[] bytes =
        line.encode(
            new LoggingEvent(
                "", logger, Level.WARN, "it failed: {}", failed, new Object[] {message}));
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void assertHarmless(String line) {
    assertThat(line.chars())
        .noneMatch(c ->
            (c != '\n' && c != '\t' && Character.isISOControl(c))
                || Character.getType(c) == Character.FORMAT
                || c == 0x2028);
  }

  @Test
  void a_message_is_one_line_whatever_is_in_it() {
    String line = line(Logging.Form.TEXT, BAD, null);
    assertThat(line.lines()).hasSize(1);
    assertThat(line).contains(" WARN  LogLineTest: it failed: no\\n2026-11-22T").endsWith("\n");
    assertHarmless(line);
  }

  @Test
  void a_stack_cannot_be_taken_for_lines_of_their_own() {
    String text = line(Logging.Form.TEXT, "x", new IllegalStateException(BAD));
    assertThat(text).contains("\tjava.lang.IllegalStateException: no\n", "\tat dev.lintel.main.");
    assertThat(text.lines().skip(1)).isNotEmpty().allMatch(line -> line.startsWith("\t"));
    assertHarmless(text);
  }

  @Test
  void as_json_a_message_with_its_stack_is_one_object() {
    String text = line(Logging.Form.JSON, BAD, new IllegalStateException(BAD));
    assertThat(text.lines()).hasSize(1);
    assertHarmless(text);
    JsonNode json = Json.parse(text);
    assertThat(json.path("message").asString()).isEqualTo("it failed: " + BAD);
    assertThat(json.path("stack").asString()).contains("IllegalStateException", "\tat ");
    assertThat(json.path("level").asString()).isEqualTo("warn");
    assertThat(json.path("logger").asString()).isEqualTo("dev.lintel.main.LogLineTest");
  }

  @Test
  void secrets_are_left_out_and_no_line_is_endless() {
    for (Logging.Form form : List.of(Logging.Form.TEXT, Logging.Form.JSON)) {
      String line =
          line(
              form,
              "sk-proj-0123456789abcdef " + "x".repeat(1 << 20),
              new IllegalStateException("postgresql://me:hunter2@db/x"));
      assertThat(line).doesNotContain("sk-proj", "hunter2").contains("[key]");
      assertThat(line.length()).isLessThan(100_000);
    }
  }
}
