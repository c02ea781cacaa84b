package dev.lintel.main;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Headers;
import dev.lintel.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** A cloud's servers: the test says what they answer, and sees what they were asked. */
final class FakeCloud implements AutoCloseable {
  /**
   * A request.
   *
   * @param uri path and query as they were sent
   */
  record Asked(String method, String uri, String host, Headers headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      return Json.parse(text());
    }

    Map<String, String> form() {
      var fields = new HashMap<String, String>();
      for (String pair : text().split("&")) {
        String[] sides = pair.split("=", 2);
        fields.put(sides[0], URLDecoder.decode(sides[1], StandardCharsets.UTF_8));
      }
      return fields;
    }

    String header(String name) {
      return headers.get(name).orElse("");
    }
  }

  /** An answer. */
  record Said(int status, String type, Map<String, String> headers, byte[] body) {
    static Said json(String body) {
      return json(200, body);
    }

    static Said json(int status, String body) {
      return new Said(status, "application/json", Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    static Said events(String body) {
      return new Said(200, "text/event-stream", Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    Said with(String name, String value) {
      return new Said(status, type, Map.of(name, value), body);
    }
  }

  private final HttpServer server;
  private final List<Asked> asked = new CopyOnWriteArrayList<>();

  FakeCloud(Function<Asked, Said> answers) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", exchange -> serve(exchange, answers));
    server.start();
  }

  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  String url() {
    return "http://" + host();
  }

  List<Asked> asked() {
    return asked;
  }

  /** What was asked at addresses that begin so. */
  List<Asked> asked(String uri) {
    return asked.stream().filter(one -> one.uri().startsWith(uri)).toList();
  }

  private void serve(HttpExchange exchange, Function<Asked, Said> answers) throws IOException {
    var headers = exchange.getRequestHeaders();
    var one =
        new Asked(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            headers.getFirst("host"),
            name -> Optional.ofNullable(headers.getFirst(name)),
            exchange.getRequestBody().readAllBytes());
    asked.add(one);
    Said said;
    try {
      said = answers.apply(one);
    } catch (RuntimeException | AssertionError wrong) {
      said =
          Said.json(500, "{\"error\":{\"message\":\"the fake says: " + wrong.getMessage() + "\"}}");
    }
    exchange.getResponseHeaders().set("content-type", said.type());
    said.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
    exchange.sendResponseHeaders(said.status(), said.body().length == 0 ? -1 : said.body().length);
    exchange.getResponseBody().write(said.body());
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
