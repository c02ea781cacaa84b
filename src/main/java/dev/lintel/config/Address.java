package dev.lintel.config;

/** Where the gateway listens. */
public record Address(String host, int port) {
  /**
   * Reads {@code HOST:PORT} or {@code [IPV6]:PORT}. Throws {@link IllegalArgumentException} on
   * anything else.
   */
  public static Address of(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 1 ? "" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException("an IPv6 address stands in brackets");
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    if (host.isBlank() || port < 0 || port > 65_535) {
      throw new IllegalArgumentException("no host and port");
    }
    return new Address(host, port);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
