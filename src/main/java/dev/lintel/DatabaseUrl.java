package dev.lintel;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where a PostgreSQL database is and who asks for it, as its own tools write it (PostgreSQL 18
 * manual, 32.1.1.2 "Connection URIs").
 *
 * @param hosts each {@code host} or {@code host:port}, separated by commas; empty for this machine
 * @param name of the database; empty for the user's own
 */
public record DatabaseUrl(
    String hosts,
    String name,
    Optional<String> user,
    Optional<String> password,
    Map<String, String> parameters) {
  public static final String FORM = "an address such as postgresql://user:password@host:5432/name";

  public DatabaseUrl {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  /**
   * Reads {@code postgresql://…}, {@code postgres://…} or {@code jdbc:postgresql://…}. Throws
   * {@link IllegalArgumentException} on anything else, without repeating it.
   */
  public static DatabaseUrl of(String text) {
    String plain = text.startsWith("jdbc:") ? text.substring(5) : text;
    int slashes = plain.indexOf("://");
    if (slashes < 0
        || !(plain.startsWith("postgresql://") || plain.startsWith("postgres://"))
        || plain.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("not PostgreSQL's");
    }
    String rest = plain.substring(slashes + 3);
    int question = rest.indexOf('?');
    String query = question < 0 ? "" : rest.substring(question + 1);
    rest = question < 0 ? rest : rest.substring(0, question);
    int at = rest.lastIndexOf('@');
    String login = at < 0 ? "" : rest.substring(0, at);
    rest = rest.substring(at + 1);
    int slash = rest.indexOf('/');
    String hosts = slash < 0 ? rest : rest.substring(0, slash);
    String name = slash < 0 ? "" : rest.substring(slash + 1);
    for (String host : hosts.split(",", -1)) {
      check(host);
    }
    int colon = login.indexOf(':');
    Map<String, String> parameters = parameters(query);
    return new DatabaseUrl(
        hosts,
        decoded(name),
        given(colon < 0 ? login : login.substring(0, colon))
            .or(() -> Optional.ofNullable(parameters.remove("user"))),
        given(colon < 0 ? "" : login.substring(colon + 1))
            .or(() -> Optional.ofNullable(parameters.remove("password"))),
        parameters);
  }

  private static void check(String host) {
    int port = host.lastIndexOf(':');
    if (port > host.lastIndexOf(']')) {
      int number = Integer.parseInt(host.substring(port + 1));
      if (number < 1 || number > 65_535) {
        throw new IllegalArgumentException("no port");
      }
    }
    String name = port > host.lastIndexOf(']') ? host.substring(0, port) : host;
    if (name.contains("/") || (name.contains(":") && !name.startsWith("["))) {
      throw new IllegalArgumentException("no host");
    }
  }

  private static Map<String, String> parameters(String query) {
    var all = new LinkedHashMap<String, String>();
    for (String one : query.split("&", -1)) {
      int equals = one.indexOf('=');
      if (!one.isEmpty() && equals < 1) {
        throw new IllegalArgumentException("no name=value");
      }
      if (!one.isEmpty()) {
        all.put(decoded(one.substring(0, equals)), decoded(one.substring(equals + 1)));
      }
    }
    return all;
  }

  private static Optional<String> given(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(decoded(text));
  }

  /** A plus is a plus: only forms write a space so. */
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Without the password, and without parameters, which may hold one. */
  @Override
  public String toString() {
    return "postgresql://" + hosts + "/" + name;
  }
}
