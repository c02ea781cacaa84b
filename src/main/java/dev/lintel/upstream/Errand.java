package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Provider;
import dev.lintel.Timeouts;
import io.netty.channel.EventLoop;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs for tokens and keys: one request and its whole reply. On a call's thread, within bounds of
 * its own. What is answered may hold secrets and is never shown.
 */
final class Errand {
  private static final Timeouts BOUNDS =
      new Timeouts(
          Duration.ofSeconds(3),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15),
          Duration.ofSeconds(5));

  private static final Logger LOG = LoggerFactory.getLogger(Errand.class);

  private final Lines lines;
  private final Provider.Transport transport;

  /**
   * @param transport to what is out in the world; what is on the same machine is asked directly
   */
  Errand(Lines lines, Provider.Transport transport) {
    this.lines = lines;
    this.transport = transport;
  }

  /** A reply of any status. */
  record Reply(String who, int status, byte[] body) {
    /** Throws {@link Failure} unless the status is 200. */
    Reply granted() {
      if (status == 200) {
        return this;
      }
      String word = word();
      throw refusal(
          status,
          who
              + " answered with status "
              + status
              + (word.isEmpty() ? "" : " (" + word + ")")
              + ".");
    }

    JsonNode json() {
      return Json.parse(body, 0, body.length);
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    /** The member's text. Throws {@link Failure} where there is none. */
    String require(String member) {
      String value = json().path(member).asString("");
      if (value.isEmpty()) {
        throw refusal(0, who + " gave no " + member + ".");
      }
      return value;
    }

    /** The error's name alone: its other words may repeat what was sent. */
    private String word() {
      String text = text();
      String named;
      if (text.startsWith("<")) {
        named = tag(text, "Code");
      } else {
        try {
          JsonNode error = json().path("error");
          named = error.isObject() ? error.path("status").asString("") : error.asString("");
        } catch (RuntimeException notJson) {
          named = "";
        }
      }
      return named.length() <= 80
              && named.chars().allMatch(c -> Character.isLetterOrDigit(c) || "_-.".indexOf(c) >= 0)
          ? named
          : "";
    }
  }

  /** What stands between an XML element's tags; empty where there is no such element. */
  static String tag(String xml, String name) {
    int from = xml.indexOf("<" + name + ">");
    int to = xml.indexOf("</" + name + ">", Math.max(from, 0));
    return from < 0 || to < 0 ? "" : xml.substring(from + name.length() + 2, to).strip();
  }

  /**
   * Why there is no token.
   *
   * @param status that of who refused it; 0 where none
   */
  static Failure refusal(int status, String message) {
    boolean gone = status == 0 || status == 429 || status >= 500;
    Failure failure =
        Failure.of(
            gone && status != 0 ? Failure.Kind.UPSTREAM_UNAVAILABLE : Failure.Kind.UPSTREAM_ERROR,
            message);
    return status == 401 || status == 403 ? failure.upstream(status) : failure;
  }

  /** Asks a form's question. */
  Reply form(String who, URI at, Map<String, String> headers, Map<String, String> fields) {
    byte[] body = encoded(fields).getBytes(StandardCharsets.US_ASCII);
    return send(who, HttpMethod.POST, at, headers, "application/x-www-form-urlencoded", body);
  }

  static String encoded(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field ->
            field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  Reply get(String who, URI at, Map<String, String> headers) {
    return send(who, HttpMethod.GET, at, headers, "", new byte[0]);
  }

  /**
   * Asks once.
   *
   * @param who is asked, in a sentence
   * @param type of the body; empty where there is none
   */
  Reply send(
      String who,
      HttpMethod method,
      URI at,
      Map<String, String> headers,
      String type,
      byte[] body) {
    CallThread thread = CallThread.current();
    MultiMap all = HttpHeaders.headers();
    headers.forEach(all::set);
    if (!type.isEmpty()) {
      all.set(HttpHeaders.CONTENT_TYPE, type);
    }
    all.set(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
    String path = at.getRawPath() == null || at.getRawPath().isEmpty() ? "/" : at.getRawPath();
    var options =
        Place.of(at)
            .asked(method, at.getRawQuery() == null ? path : path + "?" + at.getRawQuery(), all);
    // Metadata servers are reached without TLS and without a proxy.
    Provider.Transport way = "https".equals(at.getScheme()) ? transport : Provider.Transport.PLAIN;
    var ask =
        new Ask(
            lines.of((EventLoop) thread.loop(), way),
            thread,
            options,
            body,
            Optional.empty(),
            false,
            BOUNDS,
            System.nanoTime() + BOUNDS.total().toNanos());
    try {
      ask.send();
      byte[] reply = ask.rest();
      return new Reply(who, ask.status(), reply);
    } catch (Failure failed) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_UNAVAILABLE,
          who + " cannot be reached: " + failed.message().replace("The provider", "it"),
          failed);
    } finally {
      ask.close();
    }
  }

  /**
   * A file's text, read where that may take its time.
   *
   * @param what it holds, in a sentence: callers are not told where it is
   */
  static String read(String what, String path) {
    return CallThread.current()
        .offload(() -> {
          try {
            return Files.readString(Path.of(path)).strip();
          } catch (IOException unreadable) {
            LOG.warn("The file {} cannot be read", path);
            throw refusal(0, "The file of " + what + " cannot be read.");
          }
        });
  }
}
