package dev.lintel.main;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.lintel.Json;
import dev.lintel.Logging;
import dev.lintel.observe.Harmless;
import dev.lintel.redact.Redaction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * Words what the gateway says of itself: one line each, whatever callers and providers have put
 * into it, and without secrets. In text the lines of a stack follow, each with a tab before it.
 */
final class LogLine extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  private static final int LONGEST = 16_000;
  private static final int LONGEST_STACK = 64_000;

  private volatile Logging.Form form = Logging.Form.TEXT;

  void use(Logging.Form wanted) {
    form = wanted;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    String line =
        switch (form) {
          case TEXT -> text(event);
          case JSON -> json(event);
        };
    return line.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(ILoggingEvent event) {
    String logger = event.getLoggerName();
    var line = new StringBuilder(200);
    TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
    line.append(' ').append(String.format(Locale.ROOT, "%-5s", event.getLevel())).append(' ');
    line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
    line.append(Harmless.line(message(event))).append('\n');
    stack(event)
        .lines()
        .map(String::strip)
        .filter(one -> !one.isEmpty())
        .forEach(one -> line.append('\t').append(Harmless.line(one)).append('\n'));
    return line.toString();
  }

  private static String json(ILoggingEvent event) {
    ObjectNode line =
        Json.object()
            .put("time", Instant.ofEpochMilli(event.getTimeStamp()).toString())
            .put("level", event.getLevel().toString().toLowerCase(Locale.ROOT))
            .put("logger", event.getLoggerName())
            .put("message", message(event));
    String stack = stack(event);
    if (!stack.isEmpty()) {
      line.put("stack", stack);
    }
    return Harmless.line(Json.text(line.put("event", "log"))) + "\n";
  }

  private static String message(ILoggingEvent event) {
    return Redaction.secrets(cut(String.valueOf(event.getFormattedMessage()), LONGEST));
  }

  private static String stack(ILoggingEvent event) {
    return event.getThrowableProxy() == null
        ? ""
        : Redaction.secrets(
            cut(ThrowableProxyUtil.asString(event.getThrowableProxy()), LONGEST_STACK));
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
