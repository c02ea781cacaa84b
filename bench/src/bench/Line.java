package bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** One line of raw results: a flat JSON object whose members keep their order. */
final class Line {
  private final Map<String, Object> members = new LinkedHashMap<>();

  /** A number, a truth or a text; NaN is written as null. */
  Line put(String name, Object value) {
    members.put(name, value);
    return this;
  }

  /** NaN where there is no such number. */
  double number(String name) {
    return members.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  String text(String name) {
    return String.valueOf(members.get(name));
  }

  @Override
  public String toString() {
    return members.entrySet().stream()
        .map(member -> quoted(member.getKey()) + ":" + json(member.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String json(Object value) {
    return switch (value) {
      case Double d when d.isNaN() || d.isInfinite() -> "null";
      case Double d -> String.format(Locale.ROOT, "%.3f", d);
      case Number n -> n.toString();
      case Boolean b -> b.toString();
      default -> quoted(value.toString());
    };
  }

  private static String quoted(String text) {
    var out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
