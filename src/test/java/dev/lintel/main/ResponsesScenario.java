package dev.lintel.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.store.RealPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The Responses API over real sockets: who is asked, and with which of the names. */
class ResponsesScenario {
  /** Keeps responses under ids of its own, and knows nobody else's. */
  private static final class Keeper implements AutoCloseable {
    private final HttpServer server;
    private final String name;
    private final boolean responses;
    private final AtomicInteger made = new AtomicInteger();
    private final Map<String, byte[]> kept = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<JsonNode> bodies = new CopyOnWriteArrayList<>();
    volatile int status = 200;

    Keeper(String name, boolean responses) {
      this.name = name;
      this.responses = responses;
      try {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
      } catch (IOException failed) {
        throw new AssertionError(failed);
      }
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/v1/", this::serve);
      server.start();
    }

    String yaml() {
      return "  "
          + name
          + ": { kind: openai, url: 'http://127.0.0.1:"
          + server.getAddress().getPort()
          + "/v1', keys: [ "
          + name
          + "-1, "
          + name
          + "-2 ] }\n";
    }

    private void serve(HttpExchange exchange) throws IOException {
      String path = exchange.getRequestURI().getPath();
      byte[] body = exchange.getRequestBody().readAllBytes();
      asked.add(
          exchange.getRequestMethod()
              + " "
              + path
              + " "
              + exchange.getRequestHeaders().getFirst("authorization"));
      if (status != 200) {
        answer(exchange, status, "{\"error\":{\"message\":\"not now\"}}");
      } else if (path.equals("/v1/chat/completions")) {
        bodies.add(Json.parse(new String(body, UTF_8)));
        answer(
            exchange,
            200,
            "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"x\","
                + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"said "
                + bodies.size()
                + "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
                + "\"completion_tokens\":2,\"total_tokens\":5}}");
      } else if (!responses) {
        answer(exchange, 404, "{\"detail\":\"Not Found\"}");
      } else if (path.equals("/v1/responses")) {
        bodies.add(Json.parse(new String(body, UTF_8)));
        respond(exchange, bodies.getLast());
      } else {
        stored(exchange, path.substring("/v1/responses/".length()));
      }
    }

    private void respond(HttpExchange exchange, JsonNode body) throws IOException {
      String previous = body.path("previous_response_id").asString("");
      if (!previous.isEmpty() && !kept.containsKey(previous)) {
        answer(
            exchange,
            400,
            "{\"error\":{\"message\":\"Previous response with id '"
                + previous
                + "' not found.\",\"type\":\"invalid_request_error\",\"param\":"
                + "\"previous_response_id\",\"code\":\"previous_response_not_found\"}}");
        return;
      }
      String id = "resp_" + name + made.incrementAndGet();
      ObjectNode response =
          Json.object().put("id", id).put("object", "response").put("status", "completed");
      response.put("model", "x").put("previous_response_id", previous.isEmpty() ? null : previous);
      var output = response.putArray("output");
      output
          .addObject()
          .put("id", "rs_" + name + made)
          .put("type", "reasoning")
          .put("encrypted_content", "sealed by " + name)
          .putArray("summary");
      output
          .addObject()
          .put("id", "msg_" + name + made)
          .put("type", "message")
          .put("role", "assistant")
          .put("status", "completed")
          .putArray("content")
          .addObject()
          .put("type", "output_text")
          .put("text", "Hi from " + name)
          .putArray("annotations");
      kept.put(id, Json.bytes(response));
      if (!body.path("stream").asBoolean(false)) {
        answer(exchange, 200, Json.text(response));
        return;
      }
      ObjectNode begun = response.deepCopy().put("status", "in_progress");
      begun.putArray("output");
      String events =
          event("response.created", 0, "response", begun)
              + event("response.output_item.done", 1, "item", response.path("output").get(1))
              + event("response.completed", 2, "response", response);
      exchange.getResponseHeaders().set("content-type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(events.getBytes(UTF_8));
      exchange.close();
    }

    private static String event(String type, int number, String field, JsonNode value) {
      ObjectNode data = Json.object().put("type", type).put("sequence_number", number);
      data.put("output_index", 0).set(field, value);
      return "event: " + type + "\ndata: " + Json.text(data) + "\n\n";
    }

    private void stored(HttpExchange exchange, String id) throws IOException {
      byte[] known = kept.get(id.replace("/input_items", "").replace("/cancel", ""));
      if (known == null) {
        answer(exchange, 404, "{\"error\":{\"message\":\"Response not found.\"}}");
      } else if (exchange.getRequestMethod().equals("DELETE")) {
        kept.remove(id);
        answer(
            exchange,
            200,
            "{\"id\":\"" + id + "\",\"object\":\"response.deleted\",\"deleted\":true}");
      } else {
        answer(exchange, 200, new String(known, UTF_8));
      }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
      exchange.getResponseHeaders().set("content-type", "application/json");
      byte[] bytes = body.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private final Keeper a = new Keeper("a", true);
  private final Keeper b = new Keeper("b", true);
  private final Keeper plain = new Keeper("plain", false);
  private final String yaml =
      "providers:\n"
          + a.yaml()
          + b.yaml()
          + plain.yaml()
          + "  claude: { kind: sim, dialect: anthropic }\n"
          + """
          models:
            both: { targets: [ a/x, b/x ], strategy: round_robin, retry: { attempts: 3 } }
            one: { targets: [ b/x ] }
            chat: { targets: [ plain/x ] }
            claude: { targets: [ claude/x ] }
            mixed: { targets: [ plain/x, claude/x ], strategy: round_robin }
          tenants:
            t: { apps: { a: { keys: [ sk-test-0001 ] } } }
            other: { apps: { a: { keys: [ sk-other ] } } }
          """;
  private final TestGateway gateway = TestGateway.of(yaml);

  @AfterEach
  void close() {
    gateway.close();
    a.close();
    b.close();
    plain.close();
  }

  private HttpResponse<String> ask(String model, String input, String more) {
    return ask(gateway, model, input, more);
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, String model, String input, String more) {
    return gateway.post(
        "/v1/responses", "{\"model\":\"" + model + "\",\"input\":" + input + more + "}");
  }

  private static String previous(String id) {
    return ",\"previous_response_id\":\"" + id + "\"";
  }

  private static JsonNode json(HttpResponse<String> reply) {
    return Json.parse(reply.body());
  }

  private static String id(HttpResponse<String> reply) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return json(reply).path("id").asString();
  }

  private static String target(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-target").orElse("");
  }

  private static void refused(HttpResponse<String> reply, String param) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(json(reply).path("error").path("param").asString()).isEqualTo(param);
    assertThat(json(reply).path("error").path("lintel").path("kind").asString())
        .isEqualTo("invalid_request");
  }

  private HttpResponse<String> as(String key, String method, String path) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.url().resolve(path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("authorization", "Bearer " + key)
            .build());
  }

  @Test
  void a_conversation_stays_with_the_target_and_the_key_that_began_it() {
    var first = ask("both", "\"Hi\"", "");
    String id = id(first);
    assertThat(id).startsWith("resp_").doesNotContain("resp_a1").doesNotContain("resp_b1");
    Keeper maker = target(first).equals("a/x") ? a : b;
    String key = maker.asked.getFirst();
    for (int i = 0; i < 4; i++) {
      var next = ask("both", "\"And?\"", previous(id));
      assertThat(target(next)).isEqualTo(target(first));
      assertThat(json(next).path("previous_response_id").asString()).isEqualTo(id);
      id = id(next);
    }
    assertThat(maker.asked).hasSize(5).containsOnly(key);
    assertThat(maker.bodies.get(1).path("previous_response_id").asString())
        .isEqualTo("resp_" + maker.name + "1");
  }

  @Test
  void a_conversation_goes_on_at_another_node_of_the_same_database() {
    String shared = "database: " + RealPostgres.fresh() + "\n" + yaml;
    try (var one = TestGateway.of(shared);
        var other = TestGateway.of(shared)) {
      var first = ask(one, "both", "\"Hi\"", "");
      Keeper maker = target(first).equals("a/x") ? a : b;
      for (TestGateway node : List.of(other, one, other)) {
        var next = ask(node, "both", "\"And?\"", previous(id(first)));
        assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
        assertThat(target(next)).isEqualTo(target(first));
        assertThat(maker.bodies.getLast().path("previous_response_id").asString())
            .isEqualTo("resp_" + maker.name + "1");
      }
      assertThat(id(other.get("/v1/responses/" + id(first)))).isEqualTo(id(first));
    }
  }

  @Test
  void streamed_ids_are_the_same_as_whole_ones() {
    var stream = ask("one", "\"Hi\"", ",\"stream\":true");
    assertThat(stream.body()).doesNotContain("\"resp_b1\"").contains("event: response.completed");
    String shown = stream.body().replaceAll("(?s).*?\"id\":\"(resp_[^\"]+)\".*", "$1");
    assertThat(target(ask("both", "\"And?\"", previous(shown)))).isEqualTo("b/x");
    assertThat(b.bodies.getLast().path("previous_response_id").asString()).isEqualTo("resp_b1");
  }

  @Test
  void no_other_target_takes_over_when_the_pinned_one_fails() {
    var first = ask("both", "\"Hi\"", "");
    Keeper maker = target(first).equals("a/x") ? a : b;
    Keeper other = maker == a ? b : a;
    maker.status = 503;
    var next = ask("both", "\"And?\"", previous(id(first)));
    assertThat(next.statusCode()).isIn(502, 503);
    assertThat(
            json(next).path("error").path("lintel").path("attempts").findValuesAsString("target"))
        .isNotEmpty()
        .containsOnly(target(first));
    assertThat(other.asked).isEmpty();
  }

  @Test
  void ids_that_cannot_be_followed_are_the_callers_to_hear_of() {
    refused(ask("both", "\"And?\"", previous("resp_unknown")), "previous_response_id");
    refused(ask("both", "\"And?\"", previous("resp_a1")), "previous_response_id");
    String ofA;
    do {
      var reply = ask("both", "\"Hi\"", "");
      ofA = target(reply).equals("a/x") ? id(reply) : "";
    } while (ofA.isEmpty());
    int before = b.asked.size();
    refused(ask("one", "\"And?\"", previous(ofA)), "previous_response_id");
    refused(ask("claude", "\"And?\"", previous(ofA)), "previous_response_id");
    refused(ask("both", "[{\"type\":\"item_reference\",\"id\":\"msg_x\"}]", ""), "input[0].id");
    refused(ask("both", "\"And?\"", ",\"conversation\":\"conv_1\""), "conversation");
    assertThat(b.asked).hasSize(before);
    var broken = ofA.substring(0, 10) + (ofA.charAt(10) == 'A' ? 'B' : 'A') + ofA.substring(11);
    refused(ask("both", "\"And?\"", previous(broken)), "previous_response_id");
  }

  @Test
  void an_id_is_good_for_its_own_tenant_only() {
    String id = id(ask("one", "\"Hi\"", ""));
    var stolen =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/responses"))
                .header("authorization", "Bearer sk-other")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"one\",\"input\":\"x\"" + previous(id) + "}"))
                .build());
    refused(stolen, "previous_response_id");
    assertThat(as("sk-other", "GET", "/v1/responses/" + id).statusCode()).isEqualTo(404);
    assertThat(as("sk-other", "DELETE", "/v1/responses/" + id).statusCode()).isEqualTo(404);
    var own = as(TestGateway.KEY, "GET", "/v1/responses/" + id);
    assertThat(id(own)).isEqualTo(id);
    assertThat(as("sk-nobody", "GET", "/v1/responses/" + id).statusCode()).isEqualTo(401);
  }

  @Test
  void a_stored_response_is_told_and_deleted_by_its_provider() {
    String first = id(ask("one", "\"Hi\"", ""));
    String id = id(ask("one", "\"Hi\"", previous(first)));
    var told = json(as(TestGateway.KEY, "GET", "/v1/responses/" + id + "?include=a"));
    assertThat(told.path("id").asString()).isEqualTo(id);
    assertThat(told.path("previous_response_id").asString()).isEqualTo(first);
    assertThat(json(as(TestGateway.KEY, "DELETE", "/v1/responses/" + id)).path("id").asString())
        .isEqualTo(id);
    var gone = as(TestGateway.KEY, "GET", "/v1/responses/" + id);
    assertThat(gone.statusCode()).as(gone.body()).isEqualTo(404);
    assertThat(b.asked.getLast()).startsWith("GET /v1/responses/resp_b2 ");
    // A missing response says nothing of what its provider serves.
    assertThat(target(ask("one", "\"Hi\"", ""))).isEqualTo("b/x");
    assertThat(b.asked.getLast()).startsWith("POST /v1/responses ");
  }

  @Test
  void an_unknown_id_is_refused_with_the_headers_of_every_error() {
    HttpResponse<String> reply = as(TestGateway.KEY, "GET", "/v1/responses/resp_of_nobody");
    assertThat(reply.statusCode()).isEqualTo(404);
    assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("0");
    assertThat(reply.headers().firstValue("x-lintel-request-id")).isPresent();
  }

  @Test
  void items_and_sealed_thoughts_go_back_to_who_made_them() {
    var first = ask("both", "\"Hi\"", "");
    JsonNode output = json(first).path("output");
    String message = output.get(1).path("id").asString();
    for (int i = 0; i < 3; i++) {
      var named = ask("both", "[{\"type\":\"item_reference\",\"id\":\"" + message + "\"}]", "");
      assertThat(target(named)).isEqualTo(target(first));
      var sealed = ask("both", "[" + Json.text(output.get(0)) + "]", "");
      assertThat(target(sealed)).isEqualTo(target(first));
      ObjectNode nameless = ((ObjectNode) output.get(0)).deepCopy();
      nameless.remove("id");
      assertThat(target(ask("both", "[" + Json.text(nameless) + "]", ""))).isEqualTo(target(first));
    }
  }

  @Test
  void a_sealed_thought_is_left_out_for_who_did_not_make_it() {
    JsonNode thought;
    do {
      var reply = ask("both", "\"Hi\"", "");
      thought = target(reply).equals("a/x") ? json(reply).path("output").get(0) : Json.object();
    } while (thought.isEmpty());
    String input = "[" + Json.text(thought) + ",{\"role\":\"user\",\"content\":\"Go on\"}]";
    var elsewhere = ask("one", input, "");
    assertThat(elsewhere.statusCode()).isEqualTo(200);
    assertThat(Json.text(b.bodies.getLast())).doesNotContain("sealed by a");
    assertThat(elsewhere.headers().firstValue("x-lintel-adapted"))
        .contains("drop:input[0].encrypted_content");
    refused(ask("one", input, ",\"lintel\":{\"strict\":true}"), "input[0].encrypted_content");
  }

  @Test
  void a_server_of_chat_alone_is_asked_again_in_its_own_words() {
    var first = ask("chat", "\"Hi\"", "");
    assertThat(json(first).path("output").get(0).path("content").get(0).path("text").asString())
        .isEqualTo("said 1");
    assertThat(plain.asked).hasSize(2);
    assertThat(first.headers().firstValue("x-lintel-attempts")).contains("1");
    id(ask("chat", "\"Hi\"", ""));
    assertThat(plain.asked).hasSize(3);
  }

  @Test
  void what_no_provider_keeps_the_gateway_keeps() {
    var first = ask("chat", "\"One\"", ",\"instructions\":\"Be brief.\"");
    var second = ask("mixed", "\"Two\"", previous(id(first)));
    var third = ask("chat", "\"Three\"", previous(id(second)));
    assertThat(json(third).path("previous_response_id").asString()).isEqualTo(id(second));
    assertThat(plain.bodies.getLast().path("messages").findValuesAsString("content"))
        .hasSize(5)
        .containsSequence("One", "said 1", "Two")
        .endsWith("Three")
        .doesNotContain("Be brief.");

    assertThat(as("sk-other", "GET", "/v1/responses/" + id(first)).statusCode()).isEqualTo(404);
    var told = as(TestGateway.KEY, "GET", "/v1/responses/" + id(first));
    assertThat(told.body()).isEqualTo(first.body());
    var items = as(TestGateway.KEY, "GET", "/v1/responses/" + id(first) + "/input_items");
    assertThat(json(items).path("data").get(0).path("role").asString()).isEqualTo("user");
    String item = json(first).path("output").get(0).path("id").asString();
    id(ask("one", "[{\"type\":\"item_reference\",\"id\":\"" + item + "\"}]", ""));
    assertThat(Json.text(b.bodies.getLast())).contains("said 1").doesNotContain("item_reference");
    id(ask("one", "\"Four\"", previous(id(first))));
    assertThat(b.bodies.getLast().has("previous_response_id")).isFalse();
    assertThat(b.bodies.getLast().path("input")).hasSize(3);

    assertThat(as(TestGateway.KEY, "DELETE", "/v1/responses/" + id(first)).statusCode())
        .isEqualTo(200);
    refused(ask("chat", "\"Five\"", previous(id(first))), "previous_response_id");
  }

  @Test
  void what_shall_not_be_stored_is_not_kept() {
    String id = id(ask("chat", "\"One\"", ",\"store\":false"));
    refused(ask("chat", "\"Two\"", previous(id)), "previous_response_id");
    assertThat(as(TestGateway.KEY, "GET", "/v1/responses/" + id).statusCode()).isEqualTo(404);
  }
}
