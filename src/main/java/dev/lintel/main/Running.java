package dev.lintel.main;

import dev.lintel.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A gateway that runs somewhere, asked by commands. */
final class Running {
  private static final Duration USUAL = Duration.ofMinutes(1);

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "where the gateway listens (default: ${DEFAULT-VALUE})")
  private URI url = URI.create("http://127.0.0.1:7070");

  private @Nullable HttpClient http;

  /** Something is wrong, in a sentence; a command that throws it ends with that and with 1. */
  static final class Refused extends Exception {
    private final boolean passing;

    Refused(String sentence) {
      this(sentence, false);
    }

    private Refused(String sentence, boolean passing) {
      super(sentence);
      this.passing = passing;
    }

    /** Whether the same may be answered later: the gateway is away, or too busy. */
    boolean passing() {
      return passing;
    }
  }

  /** As the end of a path: those that are told, after a question mark. */
  static String query(Map<String, @Nullable String> parameters) {
    String query =
        parameters.entrySet().stream()
            .filter(one -> one.getValue() != null && !one.getValue().isEmpty())
            .map(one -> one.getKey() + "=" + encoded(String.valueOf(one.getValue())))
            .collect(Collectors.joining("&"));
    return query.isEmpty() ? "" : "?" + query;
  }

  /** As a part of a path, or a value behind it. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** What it shows at that path of its admin API. */
  JsonNode get(String path) throws Refused {
    return get(path, USUAL);
  }

  /** The same where nobody waits that long. */
  JsonNode get(String path, Duration longest) throws Refused {
    return ask(path, HttpRequest.newBuilder().GET(), longest);
  }

  /** What it answers to that, at that path. */
  JsonNode post(String path, ObjectNode body) throws Refused {
    return post(path, body, USUAL);
  }

  /** The same where the answer may take that long. */
  JsonNode post(String path, ObjectNode body, Duration longest) throws Refused {
    return ask(
        path,
        HttpRequest.newBuilder()
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body))),
        longest);
  }

  /** Copies what it writes at that path, however much that is; returns what stands above it. */
  HttpHeaders copy(String path, OutputStream out) throws Refused {
    return send(
        path,
        HttpRequest.newBuilder().GET(),
        reply -> {
          if (reply.statusCode() != 200) {
            throw refused(reply.statusCode(), Json.parse(reply.body().readAllBytes()));
          }
          reply.body().transferTo(out);
          out.flush();
          return reply.headers();
        });
  }

  private JsonNode ask(String path, HttpRequest.Builder request, Duration longest) throws Refused {
    return send(
        path,
        request.timeout(longest),
        reply -> {
          // The client's own time ends with the headers.
          CompletableFuture.delayedExecutor(longest.toMillis(), TimeUnit.MILLISECONDS)
              .execute(() -> breakOff(reply.body()));
          JsonNode answer = Json.parse(reply.body().readAllBytes());
          if (reply.statusCode() != 200 && reply.statusCode() != 202) {
            throw refused(reply.statusCode(), answer);
          }
          return answer;
        });
  }

  /** Whoever reads it still hears that it is closed. */
  private static void breakOff(InputStream body) {
    try {
      body.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  private static Refused refused(int status, JsonNode answer) {
    return new Refused(
        answer.path("error").path("message").asString("The gateway refused it.")
            + " ("
            + status
            + ")",
        status >= 500 || status == 429);
  }

  /** One for all questions: a connection is there for the next. */
  private HttpClient http() {
    HttpClient known = http;
    if (known == null) {
      known = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
      http = known;
    }
    return known;
  }

  /** What is done with a reply while it comes. */
  private interface Reading<T> {
    T read(HttpResponse<InputStream> reply) throws IOException, Refused;
  }

  private <T> T send(String path, HttpRequest.Builder request, Reading<T> reading) throws Refused {
    String key =
        Optional.ofNullable(System.getenv("LINTEL_ADMIN_KEY")).map(String::strip).orElse("");
    if (key.isEmpty()) {
      throw new Refused("The environment variable LINTEL_ADMIN_KEY must hold the admin key.");
    }
    try {
      HttpResponse<InputStream> reply =
          http()
              .send(
                  request
                      .uri(URI.create(url.toString().replaceAll("/+$", "") + path))
                      .header("authorization", "Bearer " + key)
                      .build(),
                  HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream _ = reply.body()) {
        return reading.read(reply);
      }
    } catch (IOException unreachable) {
      throw new Refused("No gateway answers at " + url + ", or it broke off.", true);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new Refused("Interrupted.");
    } catch (IllegalArgumentException | JacksonException otherForm) {
      throw new Refused(
          "No gateway of ours answers at " + url + ".", otherForm instanceof JacksonException);
    }
  }

  /** Says so where the node that answered does not run by its own file as it is. */
  static void noteOwnFile(JsonNode plan) {
    switch (plan.path("own_file").asString("")) {
      case "passed_over" ->
          System.err.println(
              "Note: what was applied for all nodes runs there, in the place of that node's own"
                  + " file.");
      case "older" ->
          System.err.println(
              "Note: that node's own file is older than the one that another node has brought.");
      default -> {}
    }
  }

  /** A line for each difference, and what ends with it beside it. */
  static void print(JsonNode differences, JsonNode ends) {
    Map<String, JsonNode> overrides = new HashMap<>();
    ends.forEach(change -> overrides.put(change.path("path").asString(), change));
    for (JsonNode difference : differences) {
      String path = difference.path("path").asString();
      JsonNode from = difference.path("from");
      JsonNode to = difference.path("to");
      String what =
          from.isNull()
              ? "+ " + path + ": " + Json.text(to)
              : to.isNull()
                  ? "- " + path
                  : from.equals(to)
                      ? "~ " + path + ": another secret"
                      : "~ " + path + ": " + Json.text(from) + " -> " + Json.text(to);
      JsonNode override = overrides.get(path);
      System.out.println(
          override == null
              ? what
              : what
                  + "   (changed by "
                  + override.path("by").asString()
                  + ", "
                  + override.path("at").asString()
                  + ")");
    }
  }
}
