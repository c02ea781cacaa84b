package dev.lintel.main;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** As much of Vault as a key-value store of version 2 and the login of pods take. */
public final class FakeVault implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, Map<String, String>> secrets = new ConcurrentHashMap<>();
  private final Set<String> tokens = ConcurrentHashMap.newKeySet();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicInteger logins = new AtomicInteger();
  private volatile boolean away;
  private volatile String role = "";
  private volatile String jwt = "";
  private volatile long lease;

  public FakeVault(String token) throws IOException {
    tokens.add(token);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  public void put(String mount, String path, String field, String value) {
    secrets
        .computeIfAbsent(mount + "/" + path, first -> new ConcurrentHashMap<>())
        .put(field, value);
  }

  public void pod(String name, String token, long seconds) {
    role = name;
    jwt = token;
    lease = seconds;
  }

  /** Every token that a login gave is worth nothing any more. */
  public void revoke() {
    tokens.removeIf(token -> token.startsWith("pod-"));
  }

  public void away(boolean whether) {
    away = whether;
  }

  public int reads() {
    return reads.get();
  }

  public int logins() {
    return logins.get();
  }

  private void serve(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (away) {
      answer(exchange, 503, Json.object());
      return;
    }
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/v1/auth/kubernetes/login")) {
      JsonNode asked = Json.parse(body);
      if (!asked.path("role").asString("").equals(role)
          || !asked.path("jwt").asString("").equals(jwt)) {
        answer(exchange, 403, Json.object());
        return;
      }
      String token = "pod-" + logins.incrementAndGet();
      tokens.add(token);
      ObjectNode answer = Json.object();
      answer.putObject("auth").put("client_token", token).put("lease_duration", lease);
      answer(exchange, 200, answer);
      return;
    }
    String token = exchange.getRequestHeaders().getFirst("X-Vault-Token");
    if (token == null || !tokens.contains(token)) {
      answer(exchange, 403, Json.object());
      return;
    }
    Map<String, String> secret =
        secrets.get(path.substring("/v1/".length()).replace("/data/", "/"));
    if (secret == null) {
      answer(exchange, 404, Json.object());
      return;
    }
    reads.incrementAndGet();
    ObjectNode answer = Json.object();
    ObjectNode data = answer.putObject("data").putObject("data");
    secret.forEach(data::put);
    answer(exchange, 200, answer);
  }

  private static void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = Json.bytes(body);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
