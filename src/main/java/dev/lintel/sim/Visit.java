package dev.lintel.sim;

import dev.lintel.Exchange;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request that was received, without its keys: in their place stands a fingerprint that tells
 * one from another.
 */
final class Visit {
  /** How a request ended. */
  enum Outcome {
    OPEN,
    ANSWERED,
    /** The request itself was wrong. */
    REFUSED,
    /** A fault was asked for and played. */
    FAULTED,
    /** The other side left first, or read nothing for too long. */
    CANCELLED,
    /** The simulator has a fault that nobody asked for. */
    FAILED
  }

  /** A request's headers can be asked for and not listed: these are looked for. */
  private static final List<String> SHOWN =
      List.of(
          "accept",
          "accept-encoding",
          "anthropic-beta",
          "anthropic-version",
          "content-length",
          "content-type",
          "host",
          "openai-organization",
          "openai-project",
          "traceparent",
          "transfer-encoding",
          "user-agent",
          "x-goog-api-client",
          "x-request-id");

  /** A larger body is counted and not kept. */
  private static final int BODY = 64 * 1024;

  private final String method;
  private final String path;
  private final Map<String, String> query;
  private final Map<String, String> headers;
  private final int length;
  private final byte[] body;
  private final long arrived = System.nanoTime();
  private volatile long left;
  private volatile Outcome outcome = Outcome.OPEN;

  private Visit(
      String method,
      String path,
      Map<String, String> query,
      Map<String, String> headers,
      int length,
      byte[] body) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.length = length;
    this.body = body;
  }

  static Visit of(Exchange exchange) {
    RawRequest request = exchange.request();
    var query = new TreeMap<>(request.query());
    query.computeIfPresent("key", (name, key) -> fingerprint(key));
    var headers = new LinkedHashMap<String, String>();
    for (String name : SHOWN) {
      request.headers().get(name).ifPresent(value -> headers.put(name, value));
    }
    for (Option option : Option.values()) {
      request
          .headers()
          .get(option.header())
          .ifPresent(value -> headers.put(option.header(), value));
    }
    for (String name : SimOptions.KEYS) {
      request.headers().get(name).ifPresent(value -> headers.put(name, fingerprint(value)));
    }
    byte[] body = request.body();
    return new Visit(
        exchange.method(),
        exchange.path(),
        query,
        headers,
        body.length,
        body.length <= BODY ? body : new byte[0]);
  }

  /**
   * Such as {@code Bearer #1f2e3d4c}: the first 32 bits of the key's SHA-256. The same key gives
   * the same wherever it travels.
   */
  static String fingerprint(String value) {
    String scheme = value.regionMatches(true, 0, "Bearer ", 0, 7) ? value.substring(0, 7) : "";
    return scheme + "#" + Words.token(value.substring(scheme.length()).strip(), 8);
  }

  void left(Outcome how) {
    left = System.nanoTime();
    outcome = how;
  }

  Outcome outcome() {
    return outcome;
  }

  ObjectNode json() {
    ObjectNode node = Json.object();
    node.put("method", method).put("path", path);
    node.set("query", Json.MAPPER.valueToTree(query));
    node.set("headers", Json.MAPPER.valueToTree(headers));
    node.put("length", length);
    node.set("body", parsed());
    Outcome how = outcome;
    node.put("outcome", how.name().toLowerCase(Locale.ROOT));
    long until = how == Outcome.OPEN ? System.nanoTime() : left;
    return node.put("elapsed_ms", (until - arrived) / 1_000_000);
  }

  private JsonNode parsed() {
    try {
      JsonNode node = Json.parse(body, 0, body.length);
      // A gateway's caller may bring a provider's key in the body, and may ask here by mistake.
      if (node instanceof ObjectNode object && object.path("api_key").isString()) {
        object.put("api_key", fingerprint(object.get("api_key").asString()));
      }
      return node;
    } catch (JacksonException notJson) {
      return Json.MAPPER.valueToTree(new String(body, StandardCharsets.UTF_8));
    }
  }
}
