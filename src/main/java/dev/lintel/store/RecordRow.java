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
import java.util.List;
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
    RecordCost cost,
    List<Found> findings,
    byte[] json) {
  /** What a rule had to say. */
  record Found(String rule, String mode, String kind, String message) {}

  private static final int PICO_DIGITS = 12;

  /**
   * @param json as {@link dev.lintel.CallRecord} writes it
   */
  static RecordRow of(long position, byte[] json) {
    String id = "";
    String time = "";
    String tenant = "";
    String app = "";
    String useCase = "";
    String user = "";
    String model = "";
    String target = "";
    String kind = "";
    String cost = "";
    UsageSum usage = UsageSum.NOTHING;
    List<Found> findings = List.of();
    var more = new RecordCost.Found();
    try (JsonParser parser = Json.MAPPER.createParser(json)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (parser.currentName()) {
          case "request_id" -> id = text(parser);
          case "time" -> time = text(parser);
          case "tenant" -> tenant = text(parser);
          case "app" -> app = text(parser);
          case "use_case" -> useCase = text(parser);
          case "user" -> user = text(parser);
          case "model" -> model = text(parser);
          case "target" -> target = text(parser);
          case "kind" -> kind = text(parser);
          case "cost_usd" -> cost = text(parser);
          case "usage" -> usage = usage(parser, more);
          case "key_id" -> more.key = text(parser);
          case "tags" -> more.tags = text(parser);
          case "shadow_of" -> more.shadow = !text(parser).isEmpty();
          case "replay_of" -> more.replay = !text(parser).isEmpty();
          case "attempts" -> attempts(parser, more);
          case "request" -> more.bound = bound(parser);
          case "policy" -> findings = findings(parser);
          default -> pass(parser);
        }
      }
    }
    int slash = target.indexOf('/');
    String when = time;
    UsageSum costing = cost.isEmpty() ? usage : usage.costing(pico(cost));
    return new RecordRow(
        position,
        id,
        Ids.time(id).orElseGet(() -> time(when)),
        tenant,
        app,
        useCase,
        user,
        model,
        slash < 0 ? target : target.substring(0, slash),
        kind,
        costing,
        RecordCost.of(tenant, app, useCase, model, target, kind, !cost.isEmpty(), costing, more),
        findings,
        json);
  }

  /** The value that comes; empty where it is no text. */
  private static String text(JsonParser parser) {
    if (parser.nextToken() == JsonToken.VALUE_STRING) {
      return storable(parser.getString());
    }
    parser.skipChildren();
    return "";
  }

  private static void pass(JsonParser parser) {
    parser.nextToken();
    parser.skipChildren();
  }

  private static List<Found> findings(JsonParser parser) {
    var findings = new ArrayList<Found>();
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return findings;
    }
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      String rule = "";
      String mode = "";
      String kind = "";
      String message = "";
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (parser.currentName()) {
          case "rule" -> rule = text(parser);
          case "mode" -> mode = text(parser);
          case "kind" -> kind = text(parser);
          case "message" -> message = text(parser);
          default -> pass(parser);
        }
      }
      findings.add(new Found(rule, mode, kind, message));
    }
    return findings;
  }

  private static void attempts(JsonParser parser, RecordCost.Found found) {
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      String kind = "";
      String cost = "";
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (parser.currentName()) {
          case "kind" -> kind = text(parser);
          case "cost_usd" -> cost = text(parser);
          default -> pass(parser);
        }
      }
      found.tries++;
      if (!kind.isEmpty()) {
        found.failedTries++;
        found.failedPico += cost.isEmpty() ? 0 : pico(cost);
      }
    }
  }

  private static long bound(JsonParser parser) {
    long bound = 0;
    if (parser.nextToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        if (parser.currentName().equals("max_tokens")) {
          bound = number(parser);
        } else {
          pass(parser);
        }
      }
    } else {
      parser.skipChildren();
    }
    return bound;
  }

  private static UsageSum usage(JsonParser parser, RecordCost.Found found) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return UsageSum.NOTHING;
    }
    long input = 0;
    long output = 0;
    long cacheRead = 0;
    long cacheWrite = 0;
    long reasoning = 0;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      switch (parser.currentName()) {
        case "input" -> input = number(parser);
        case "output" -> output = number(parser);
        case "cache_read" -> cacheRead = number(parser);
        case "cache_write", "cache_write_1h" -> cacheWrite += number(parser);
        case "reasoning" -> reasoning = number(parser);
        case "source" -> found.estimated = text(parser).equals("estimate");
        default -> pass(parser);
      }
    }
    return new UsageSum(1, 0, input, output, cacheRead, cacheWrite, reasoning);
  }

  private static long number(JsonParser parser) {
    if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
      return parser.getLongValue();
    }
    parser.skipChildren();
    return 0;
  }

  /** PostgreSQL has no zero in a text. */
  static String storable(String text) {
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

  /** When that day begins. */
  static Instant start(int day) {
    return LocalDate.of(day / 10_000, day / 100 % 100, day % 100)
        .atStartOfDay(ZoneOffset.UTC)
        .toInstant();
  }

  static int day(Instant time) {
    LocalDate date = LocalDate.ofInstant(time, ZoneOffset.UTC);
    return date.getYear() * 10_000 + date.getMonthValue() * 100 + date.getDayOfMonth();
  }
}
