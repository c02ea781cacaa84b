package dev.lintel.main;

import dev.lintel.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A gateway that runs somewhere, asked by commands about a file. */
final class Running {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "the configuration file")
  private Path file = Path.of("lintel.yaml");

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "where the gateway listens (default: ${DEFAULT-VALUE})")
  private URI url = URI.create("http://127.0.0.1:7070");

  /** Something is wrong, in a sentence. */
  static final class Refused extends Exception {
    Refused(String sentence) {
      super(sentence);
    }
  }

  /** What it answers about the file at that path of its admin API. */
  JsonNode ask(String path) throws Refused {
    byte[] body;
    try {
      body =
          Json.bytes(
              Json.object().put("file", file.toString()).put("text", Files.readString(file)));
    } catch (java.nio.file.NoSuchFileException missing) {
      throw new Refused(file + " must exist and be readable.");
    } catch (IOException unreadable) {
      throw new Refused(file + " cannot be read.");
    }
    return ask(
        url,
        path,
        request ->
            request
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  /**
   * What a gateway answers.
   *
   * @param asking what is asked beside the path and the key
   */
  static JsonNode ask(URI url, String path, UnaryOperator<HttpRequest.Builder> asking)
      throws Refused {
    String key =
        Optional.ofNullable(System.getenv("LINTEL_ADMIN_KEY")).map(String::strip).orElse("");
    if (key.isEmpty()) {
      throw new Refused("The environment variable LINTEL_ADMIN_KEY must hold the admin key.");
    }
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build()) {
      var request =
          asking
              .apply(
                  HttpRequest.newBuilder(URI.create(url.toString().replaceAll("/+$", "") + path))
                      .timeout(Duration.ofMinutes(1))
                      .header("authorization", "Bearer " + key))
              .build();
      HttpResponse<String> reply = http.send(request, HttpResponse.BodyHandlers.ofString());
      JsonNode answer = Json.parse(reply.body());
      if (reply.statusCode() != 200 && reply.statusCode() != 202) {
        throw new Refused(
            answer.path("error").path("message").asString("The gateway refused it.")
                + " ("
                + reply.statusCode()
                + ")");
      }
      return answer;
    } catch (IOException unreachable) {
      throw new Refused("No gateway answers at " + url + ".");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new Refused("Interrupted.");
    } catch (IllegalArgumentException | JacksonException otherForm) {
      throw new Refused("No gateway of ours answers at " + url + ".");
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
