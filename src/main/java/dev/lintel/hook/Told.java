package dev.lintel.hook;

import dev.lintel.Json;
import dev.lintel.Notice;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * A notice in words, for people.
 *
 * @param title one line
 * @param text what there is beside it, a line each
 */
record Told(String title, String text) {
  /** No chat takes more: WeCom cuts at 2,048 bytes. */
  private static final int LONGEST = 1_800;

  private static final int LONGEST_VALUE = 300;

  static Told of(Notice notice) {
    JsonNode data = notice.data();
    String title =
        data.has("summary")
            ? "[" + data.path("state").asString() + "] " + data.path("summary").asString()
            : notice.kind().word().toUpperCase(Locale.ROOT) + " " + data.path("name").asString("");
    String text =
        data.properties().stream()
            .filter(member -> !member.getKey().equals("summary") && !nothing(member.getValue()))
            .map(member -> member.getKey() + ": " + value(member.getValue()))
            .collect(Collectors.joining("\n"));
    return new Told(plain(title).strip(), text + "\ntime: " + notice.at());
  }

  private static boolean nothing(JsonNode value) {
    return value.isNull() || (value.isContainer() && value.isEmpty());
  }

  private static String value(JsonNode value) {
    String text = plain(value.isValueNode() ? value.asString() : Json.text(value));
    return text.length() > LONGEST_VALUE ? text.substring(0, LONGEST_VALUE) + "…" : text;
  }

  /** On one line: what comes of names may hold anything. */
  private static String plain(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ");
  }

  /** Title and text, no longer than a chat takes. */
  String whole() {
    String whole = "Lintel " + title + "\n" + text;
    byte[] bytes = whole.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    if (bytes.length <= LONGEST) {
      return whole;
    }
    int end = Math.min(whole.length(), LONGEST);
    while (whole.substring(0, end).getBytes(java.nio.charset.StandardCharsets.UTF_8).length
        > LONGEST) {
      end -= 10;
    }
    return whole.substring(0, end) + "…";
  }
}
