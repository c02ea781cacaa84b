package dev.lintel.terminal;

/** How a line looks. */
enum Style {
  PLAIN(""),
  HEADING("7"),
  STRONG("1"),
  GOOD("32"),
  WORRY("33"),
  BAD("31");

  private final String code;

  Style(String code) {
    this.code = code;
  }

  /** The line, harmless already, in that style where there are colours. */
  String on(String line, boolean color) {
    return color && !code.isEmpty() ? "\u001b[" + code + "m" + line + "\u001b[0m" : line;
  }
}
