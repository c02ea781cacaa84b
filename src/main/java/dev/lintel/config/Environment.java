package dev.lintel.config;

import java.util.Optional;
import java.util.function.Function;

/**
 * The variables that a configuration may name as <code>${NAME}</code> or <code>${NAME:-default}
 * </code>; <code>$${</code> stands for itself.
 *
 * @param unread none is read: the default holds, or something that stands for it
 */
record Environment(Function<String, Optional<String>> variables, boolean unread) {
  Environment(Function<String, Optional<String>> variables) {
    this(variables, false);
  }

  /** What stands for what is not read: as long and as strange as a secret or an address may be. */
  static String inPlace(String name) {
    return "https://not-read.invalid/" + name.replaceAll("[^A-Za-z0-9_.-]", "_");
  }

  /** The variable's value, stripped; empty where it is unset or blank. */
  Optional<String> get(String name) {
    if (unread) {
      return Optional.of(inPlace(name));
    }
    return variables.apply(name).map(String::strip).filter(value -> !value.isEmpty());
  }

  /** Throws {@link IllegalArgumentException} that says what is wrong without the text itself. */
  String resolve(String text) {
    if (!text.contains("${")) {
      return text;
    }
    var out = new StringBuilder();
    int from = 0;
    for (int open = text.indexOf("${"); open >= 0; open = text.indexOf("${", from)) {
      if (open > from && text.charAt(open - 1) == '$') {
        out.append(text, from, open).append('{');
        from = open + 2;
        continue;
      }
      int close = text.indexOf('}', open);
      if (close < 0) {
        throw new IllegalArgumentException("opens ${ without a }; write $${ where it is meant so");
      }
      out.append(text, from, open).append(variable(text.substring(open + 2, close)));
      from = close + 1;
    }
    return out.append(text, from, text.length()).toString();
  }

  private String variable(String inside) {
    int usual = inside.indexOf(":-");
    String name = usual < 0 ? inside : inside.substring(0, usual);
    if (name.isEmpty()
        || !name.chars().allMatch(c -> c == '_' || (c < 128 && Character.isLetterOrDigit(c)))) {
      throw new IllegalArgumentException(
          "must name an environment variable as ${NAME} or ${NAME:-default}");
    }
    if (unread && usual >= 0) {
      return inside.substring(usual + 2);
    }
    Optional<String> value = get(name);
    if (value.isEmpty() && usual < 0) {
      throw new IllegalArgumentException(
          "reads the environment variable "
              + name
              + ", which is not set; set it, or write ${"
              + name
              + ":-default}");
    }
    return value.orElseGet(() -> inside.substring(usual + 2));
  }
}
