package dev.lintel.store;

import dev.lintel.Ids;
import dev.lintel.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** What the store wants to know of a record beside its JSON. */
record RecordRow(
    long position,
    String id,
    Instant time,
    String tenant,
    String app,
    String useCase,
    String user,
    String model,
    String provider,
    String kind,
    UsageSum usage,
    List<Found> findings,
    byte[] json) {
  /** What a rule had to say. */
  record Found(String rule, String mode, String kind, String message) {}

  private static final int PICO_DIGITS = 12;

  /**
   * @param json as {@link dev.lintel.CallRecord} writes it
   */
  static RecordRow of(long position, byte[] json) {
    Map<String, String> texts = new HashMap<>(32);
    Map<String, Long> used = Map.of();
    List<Found> findings = List.of();
    try (JsonParser parser = Json.MAPPER.createParser(json)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("usage") && value == JsonToken.START_OBJECT) {
          used = numbers(parser);
        } else if (name.equals("policy") && value == JsonToken.START_ARRAY) {
          findings = findings(parser);
        } else if (value == JsonToken.VALUE_STRING) {
          texts.put(name, storable(parser.getString()));
        } else {
          parser.skipChildren();
        }
      }
    }
    String id = texts.getOrDefault("request_id", "");
    String target = texts.getOrDefault("target", "");
    int slash = target.indexOf('/');
    return new RecordRow(
        position,
        id,
        Ids.time(id).orElseGet(() -> time(texts.getOrDefault("time", ""))),
        texts.getOrDefault("tenant", ""),
        texts.getOrDefault("app", ""),
        texts.getOrDefault("use_case", ""),
        texts.getOrDefault("user", ""),
        texts.getOrDefault("model", ""),
        slash < 0 ? target : target.substring(0, slash),
        texts.getOrDefault("kind", ""),
        new UsageSum(
            1,
            pico(texts.getOrDefault("cost_usd", "0")),
            used.getOrDefault("input", 0L),
            used.getOrDefault("output", 0L),
            used.getOrDefault("cache_read", 0L),
            used.getOrDefault("cache_write", 0L) + used.getOrDefault("cache_write_1h", 0L),
            used.getOrDefault("reasoning", 0L)),
        findings,
        json);
  }

  private static List<Found> findings(JsonParser parser) {
    var findings = new ArrayList<Found>();
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      var texts = new HashMap<String, String>();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_STRING) {
          texts.put(name, storable(parser.getString()));
        } else {
          parser.skipChildren();
        }
      }
      findings.add(
          new Found(
              texts.getOrDefault("rule", ""),
              texts.getOrDefault("mode", ""),
              texts.getOrDefault("kind", ""),
              texts.getOrDefault("message", "")));
    }
    return findings;
  }

  private static Map<String, Long> numbers(JsonParser parser) {
    var numbers = new HashMap<String, Long>(16);
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
        numbers.put(name, parser.getLongValue());
      } else {
        parser.skipChildren();
      }
    }
    return numbers;
  }

  /** PostgreSQL has no zero in a text. */
  private static String storable(String text) {
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\ufffd');
  }

  private static Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException none) {
      return Instant.EPOCH;
    }
  }

  private static long pico(String usd) {
    BigDecimal pico = new BigDecimal(usd).movePointRight(PICO_DIGITS);
    return pico.setScale(0, RoundingMode.HALF_UP).longValueExact();
  }

  /** As the number {@code 20261121}. */
  int day() {
    return day(time);
  }

  static int day(Instant time) {
    LocalDate date = LocalDate.ofInstant(time, ZoneOffset.UTC);
    return date.getYear() * 10_000 + date.getMonthValue() * 100 + date.getDayOfMonth();
  }
}
