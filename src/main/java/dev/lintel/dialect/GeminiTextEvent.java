package dev.lintel.dialect;

import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads the event that a stream is made of, one piece of text and the usage so far, without
 * building a tree: half the work of the general way. Whatever else an event holds is left to that.
 */
final class GeminiTextEvent {
  private final JsonParser parser;
  private @Nullable String text;
  private @Nullable Usage usage;

  private GeminiTextEvent(JsonParser parser) {
    this.parser = parser;
  }

  /** What the event says; {@code null} where it is not of that form. */
  static @Nullable List<Part> read(Frame frame) {
    try (JsonParser parser =
        Json.MAPPER.createParser(frame.data(), frame.dataOffset(), frame.dataLength())) {
      var event = new GeminiTextEvent(parser);
      String text =
          parser.nextToken() == JsonToken.START_OBJECT && event.reply() ? event.text : null;
      if (text == null || parser.nextToken() != null) {
        return null;
      }
      Usage usage = event.usage;
      return usage == null ? List.of(new Part.Text(text)) : List.of(new Part.Text(text), usage);
    } catch (JacksonException broken) {
      // The general way says what is wrong with it.
      return null;
    }
  }

  private boolean reply() {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean known =
          switch (parser.currentName()) {
            case "candidates" -> only(JsonToken.START_ARRAY) && candidate();
            case "usageMetadata" -> usage();
            case "modelVersion", "responseId", "createTime" ->
                parser.nextToken() == JsonToken.VALUE_STRING;
            default -> false;
          };
      if (!known) {
        return false;
      }
    }
    return true;
  }

  /** Enters an array of one object. */
  private boolean only(JsonToken open) {
    return parser.nextToken() == open && parser.nextToken() == JsonToken.START_OBJECT;
  }

  private boolean candidate() {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean known =
          switch (parser.currentName()) {
            case "content" -> parser.nextToken() == JsonToken.START_OBJECT && content();
            case "index" ->
                parser.nextToken() == JsonToken.VALUE_NUMBER_INT && parser.getIntValue() == 0;
            default -> false;
          };
      if (!known) {
        return false;
      }
    }
    return parser.nextToken() == JsonToken.END_ARRAY;
  }

  private boolean content() {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean known =
          switch (parser.currentName()) {
            case "parts" -> only(JsonToken.START_ARRAY) && part();
            case "role" -> parser.nextToken() == JsonToken.VALUE_STRING;
            default -> false;
          };
      if (!known) {
        return false;
      }
    }
    return true;
  }

  private boolean part() {
    if (parser.nextToken() != JsonToken.PROPERTY_NAME
        || !parser.currentName().equals("text")
        || parser.nextToken() != JsonToken.VALUE_STRING) {
      return false;
    }
    text = parser.getString();
    return !text.isEmpty()
        && parser.nextToken() == JsonToken.END_OBJECT
        && parser.nextToken() == JsonToken.END_ARRAY;
  }

  private boolean usage() {
    long prompt = 0;
    long cached = 0;
    long candidates = 0;
    long thoughts = 0;
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return false;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      boolean count =
          value == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      switch (name) {
        case "promptTokenCount" -> prompt = count ? parser.getLongValue() : 0;
        case "candidatesTokenCount" -> candidates = count ? parser.getLongValue() : 0;
        case "thoughtsTokenCount" -> thoughts = count ? parser.getLongValue() : 0;
        case "cachedContentTokenCount" -> cached = count ? parser.getLongValue() : 0;
        case "totalTokenCount" -> {}
        case "trafficType" -> {
          if (value != JsonToken.VALUE_STRING || !GeminiUsage.tier(parser.getString()).isEmpty()) {
            return false;
          }
        }
        case "promptTokensDetails", "candidatesTokensDetails", "cacheTokensDetails" -> {
          if (!textOnly(value)) {
            return false;
          }
        }
        default -> {
          return false;
        }
      }
    }
    usage = GeminiUsage.of(prompt, cached, candidates, thoughts);
    return true;
  }

  /** Whether no sound was counted, which costs otherwise. */
  private boolean textOnly(JsonToken first) {
    if (first != JsonToken.START_ARRAY) {
      return false;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == JsonToken.VALUE_STRING && parser.getString().equals("AUDIO")) {
        return false;
      }
      if (parser.currentToken() == JsonToken.START_ARRAY || parser.currentToken() == null) {
        return false;
      }
    }
    return true;
  }
}
