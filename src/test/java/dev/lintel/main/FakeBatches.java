package dev.lintel.main;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's files and batches and Anthropic's message batches, as their references describe them. A
 * request whose text is {@code fail} is refused, and one whose text is {@code late} is not asked.
 */
final class FakeBatches implements AutoCloseable {
  private static final String MESSAGES = "/v1/messages/batches";

  private final HttpServer server;
  private final Map<String, String> files = new TreeMap<>();
  private final Map<String, ObjectNode> batches = new TreeMap<>();
  private final Map<String, List<JsonNode>> requests = new TreeMap<>();
  final List<String> asked = new CopyOnWriteArrayList<>();
  final List<String> keys = new CopyOnWriteArrayList<>();

  /** Whether batches stay in progress. */
  volatile boolean busy;

  /** With what status batches are refused; 0 where they are not. */
  volatile int refusal;

  /** Whether a batch is taken, but nobody told so. */
  volatile boolean mute;

  /** Whether the whole of a batch is found to be wrong. */
  volatile boolean wrong;

  FakeBatches() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::serve);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  long count(String question) {
    return asked.stream().filter(question::equals).count();
  }

  /** What is still kept here. */
  synchronized List<String> kept() {
    return List.copyOf(files.keySet());
  }

  private void serve(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String path = exchange.getRequestURI().getPath();
    asked.add(exchange.getRequestMethod() + " " + path);
    var headers = exchange.getRequestHeaders();
    keys.add(
        path.startsWith("/v1/messages")
            ? headers.getFirst("x-api-key") + " " + headers.getFirst("anthropic-version")
            : headers.getFirst("authorization"));
    int status = 200;
    String answer;
    try {
      answer = answer(exchange.getRequestMethod(), path, body);
    } catch (Refused refused) {
      status = refused.status;
      answer = "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no\"}}";
    }
    if (mute && exchange.getRequestMethod().equals("POST") && path.endsWith("/batches")) {
      exchange.close();
      return;
    }
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static final class Refused extends RuntimeException {
    private final int status;

    Refused(int status) {
      this.status = status;
    }
  }

  private synchronized String answer(String method, String path, String body) {
    return switch (method + " " + path) {
      case "POST /v1/files" -> upload(body);
      case "POST /v1/batches" -> create(Json.parse(body));
      case "POST " + MESSAGES -> createMessages(Json.parse(body));
      case "GET /v1/batches", "GET " + MESSAGES -> list();
      case "POST /v1/chat/completions" -> chat(Json.parse(body)).toString();
      case "POST /v1/messages" -> message(Json.parse(body)).toString();
      default -> one(method, path);
    };
  }

  private String upload(String form) {
    int from = form.indexOf("{\"custom_id\"");
    int to = form.lastIndexOf("\r\n--");
    if (!form.contains("name=\"purpose\"\r\n\r\nbatch\r\n") || from < 0 || to < from) {
      throw new Refused(400);
    }
    String id = "file-up" + (files.size() + 1);
    files.put(id, form.substring(from, to));
    return Json.object().put("id", id).put("object", "file").toString();
  }

  private String create(JsonNode wanted) {
    refuse();
    String input = files.get(wanted.path("input_file_id").asString());
    if (input == null || !wanted.path("completion_window").asString().equals("24h")) {
      throw new Refused(400);
    }
    String id = "batch_up" + (batches.size() + 1);
    List<JsonNode> lines = input.lines().map(Json::parse).toList();
    for (JsonNode line : lines) {
      if (!line.path("url").asString().equals(wanted.path("endpoint").asString())
          || !line.path("method").asString().equals("POST")) {
        throw new Refused(400);
      }
    }
    requests.put(id, lines);
    ObjectNode batch = Json.object().put("id", id).put("object", "batch");
    batch.put("input_file_id", wanted.path("input_file_id").asString());
    batch.put("status", wrong ? "failed" : "in_progress");
    batch.set("metadata", wanted.path("metadata"));
    batch.putObject("request_counts").put("total", lines.size()).put("completed", 0);
    if (wrong) {
      batch
          .putObject("errors")
          .putArray("data")
          .addObject()
          .put("code", "model_not_found")
          .put("message", "No such model.")
          .put("line", 1);
    }
    batches.put(id, batch);
    return batch.toString();
  }

  private void refuse() {
    if (refusal != 0) {
      throw new Refused(refusal);
    }
  }

  private String createMessages(JsonNode wanted) {
    refuse();
    String id = "msgbatch_up" + (batches.size() + 1);
    var lines = new ArrayList<JsonNode>();
    for (JsonNode one : wanted.path("requests")) {
      if (!one.path("custom_id").asString("").matches("[a-zA-Z0-9_-]{1,64}")) {
        throw new Refused(400);
      }
      lines.add(one);
    }
    requests.put(id, lines);
    ObjectNode batch = Json.object().put("id", id).put("type", "message_batch");
    batch.put("processing_status", "in_progress").put("created_at", Instant.now().toString());
    batch.putObject("request_counts").put("processing", lines.size());
    batches.put(id, batch);
    return batch.toString();
  }

  private String list() {
    if (!busy) {
      batches.keySet().forEach(id -> finish(id, false));
    }
    ObjectNode list = Json.object().put("has_more", false);
    batches.values().forEach(list.putArray("data")::add);
    return list.toString();
  }

  private String one(String method, String path) {
    String[] parts = path.split("/");
    boolean messages = path.startsWith(MESSAGES);
    String id = parts[messages ? 4 : 3];
    String rest = parts.length > (messages ? 5 : 4) ? parts[messages ? 5 : 4] : "";
    if (method.equals("DELETE")) {
      if (files.remove(id) == null && batches.remove(id) == null) {
        throw new Refused(404);
      }
      return "{\"deleted\":true}";
    }
    if (rest.equals("content") || rest.equals("results")) {
      String content = files.get(messages ? id + "-results" : id);
      if (content == null) {
        throw new Refused(404);
      }
      return content;
    }
    if (!batches.containsKey(id)) {
      throw new Refused(404);
    }
    if (rest.equals("cancel") || !busy) {
      finish(id, rest.equals("cancel"));
    }
    return batches.get(id).toString();
  }

  private void finish(String id, boolean cancelled) {
    ObjectNode batch = batches.get(id);
    boolean messages = id.startsWith("msg");
    if (!batch.path(messages ? "processing_status" : "status").asString().equals("in_progress")) {
      return;
    }
    var good = new StringBuilder();
    var bad = new StringBuilder();
    int done = 0;
    int unasked = 0;
    int failed = 0;
    // In another order than they were asked in.
    for (JsonNode line : requests.get(id).reversed()) {
      ObjectNode result = Json.object().put("custom_id", line.path("custom_id").asString());
      JsonNode asking = line.path(messages ? "params" : "body");
      String text = asking.path("messages").path(0).path("content").asString("");
      if (cancelled && done > 0 || text.equals("late")) {
        unasked++;
        if (messages) {
          result.putObject("result").put("type", cancelled ? "canceled" : "expired");
        } else {
          result.putNull("response");
          result
              .putObject("error")
              .put("code", cancelled ? "batch_cancelled" : "batch_expired")
              .put("message", "not asked");
        }
      } else if (text.equals("fail")) {
        failed++;
        ObjectNode error = Json.object().put("type", "error");
        error.putObject("error").put("type", "invalid_request_error").put("message", "bad words");
        if (messages) {
          result.putObject("result").put("type", "errored").set("error", error);
        } else {
          result.putNull("error");
          result.putObject("response").put("status_code", 400).set("body", error);
        }
      } else {
        done++;
        if (messages) {
          result.putObject("result").put("type", "succeeded").set("message", message(asking));
        } else {
          result.putNull("error");
          result.putObject("response").put("status_code", 200).set("body", chat(asking));
        }
        good.append(result).append('\n');
        continue;
      }
      (messages ? good : bad).append(result).append('\n');
    }
    if (messages) {
      files.put(id + "-results", good.toString());
      batch.put("processing_status", "ended");
      batch
          .putObject("request_counts")
          .put("processing", 0)
          .put("succeeded", done)
          .put("errored", failed)
          .put(cancelled ? "canceled" : "expired", unasked);
      return;
    }
    batch.put("status", cancelled ? "cancelled" : unasked > 0 ? "expired" : "completed");
    if (!good.isEmpty()) {
      files.put("file-good-" + id, good.toString());
      batch.put("output_file_id", "file-good-" + id);
    }
    if (!bad.isEmpty()) {
      files.put("file-bad-" + id, bad.toString());
      batch.put("error_file_id", "file-bad-" + id);
    }
  }

  private static ObjectNode chat(JsonNode request) {
    ObjectNode reply = Json.object().put("id", "x").put("object", "chat.completion");
    reply.put("model", request.path("model").asString()).put("vendor_field", "kept");
    ObjectNode choice = reply.putArray("choices").addObject().put("index", 0);
    choice.putObject("message").put("role", "assistant").put("content", "Hi");
    choice.put("finish_reason", "stop");
    reply.putObject("usage").put("prompt_tokens", 1000).put("completion_tokens", 100);
    return reply;
  }

  private static ObjectNode message(JsonNode request) {
    ObjectNode reply = Json.object().put("id", "msg_x").put("type", "message");
    reply.put("role", "assistant").put("model", request.path("model").asString());
    reply.putArray("content").addObject().put("type", "text").put("text", "Hi");
    reply.put("stop_reason", "end_turn").putNull("stop_sequence");
    reply.putObject("usage").put("input_tokens", 1000).put("output_tokens", 100);
    return reply;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
