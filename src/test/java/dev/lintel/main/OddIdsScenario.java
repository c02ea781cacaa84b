package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Whatever callers call their calls and themselves, each call has one record of its own. */
class OddIdsScenario {
  private static final String LONG = "quokka".repeat(1700);
  private static final String CHAT = "/v1/chat/completions";
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.of("providers: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\n");
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> call(String more, String... headers) {
    var request =
        gateway
            .request(CHAT)
            .POST(
                BodyPublishers.ofString(
                    "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]%s}"
                        .formatted(more)));
    return gateway.send((headers.length == 0 ? request : request.headers(headers)).build());
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode record(String id) {
    String path = "/admin/v1/calls/" + id;
    return Json.parse(
        Soon.found(() -> gateway.admin("GET", path, ""), found -> found.statusCode() == 200)
            .body());
  }

  @Test
  void a_label_of_ten_thousand_characters_is_refused_by_its_name_and_stands_nowhere() {
    for (String term : List.of("tags", "user", "use_case", "channel", "data_class")) {
      String header = "x-lintel-" + term.replace('_', '-');
      var inHeader = call("", header, LONG);
      var inBody = call(",\"lintel\":{\"%s\":\"%s\"}".formatted(term, LONG));
      var inList = call(",\"lintel\":{\"%s\":[\"a\",\"%s\"]}".formatted(term, LONG));
      for (var reply : List.of(inHeader, inBody, inList)) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
        assertThat(reply.body()).hasSizeLessThan(2000).doesNotContain("quokka");
        JsonNode record = record(id(reply));
        assertThat(record.path("kind").asString()).isEqualTo("invalid_request");
        assertThat(record.toString()).hasSizeLessThan(4000).doesNotContain("quokka");
      }
      assertThat(inHeader.body()).contains("'" + header + "' must have 1 to 256 characters");
      assertThat(inBody.body()).contains("'lintel." + term + "' must have 1 to 256 characters");
    }
    String answered = id(call(""));
    var rated =
        gateway.post(
            "/v1/feedback",
            "{\"request_id\":\"%s\",\"score\":1,\"label\":\"%s\"}".formatted(answered, LONG));
    assertThat(rated.statusCode()).isEqualTo(400);
    assertThat(rated.body()).contains("label", "64").doesNotContain("quokka");
    assertThat(gateway.admin("GET", "/metrics", "").body()).doesNotContain("quokka");
  }

  @Test
  void an_id_that_collides_is_the_callers_own_and_each_call_has_its_record() {
    String first = id(call("", "x-request-id", "order-17", "traceparent", TRACE));
    var again =
        call("", "x-request-id", "order-17", "traceparent", TRACE, "x-lintel-request-id", first);
    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(again.headers().allValues("x-request-id")).containsExactly("order-17");
    assertThat(again.headers().allValues("x-lintel-request-id")).hasSize(1);
    assertThat(id(again)).isNotEqualTo(first);
    assertThat(record(first).path("request_id").asString()).isEqualTo(first);
    assertThat(record(id(again)).path("request_id").asString()).isEqualTo(id(again));
    // One of Lintel's own, as it is sent by somebody who has several gateways in a row.
    var theirs = call("", "x-request-id", first);
    assertThat(theirs.headers().firstValue("x-request-id")).contains(first);
    assertThat(id(theirs)).isNotEqualTo(first);
    JsonNode listed = Json.parse(gateway.admin("GET", "/admin/v1/calls?limit=1000", "").body());
    assertThat(
            listed
                .path("data")
                .valueStream()
                .map(one -> one.path("request_id").asString(""))
                .toList())
        .doesNotHaveDuplicates()
        .contains(first, id(again), id(theirs));
  }

  @Test
  void an_id_with_control_characters_is_refused_and_breaks_no_line() throws IOException {
    for (String bad : List.of("a\u0001b", "a\tb", "a\u007fb", "a\u001b[2Jb", "a\u0000b", "a b")) {
      String reply = raw(bad);
      assertThat(reply).startsWith("HTTP/1.1 400 ");
      assertThat(reply.substring(reply.indexOf("\r\n\r\n"))).doesNotContain(bad);
    }
    assertThat(call("").statusCode()).as("the gateway goes on").isEqualTo(200);
    assertThat(gateway.log().lines())
        .allSatisfy(line -> {
          assertThat(Json.parse(line).path("event").asString()).isEqualTo("call");
          assertThat(line.chars()).noneMatch(Character::isISOControl);
        });
    for (String bad : List.of("a%00b", "a%0Ab", LONG, "..%2f..")) {
      assertThat(gateway.admin("GET", "/admin/v1/calls/" + bad, "").statusCode())
          .as(bad)
          .isBetween(400, 404);
    }
  }

  private static String raw(String id) throws IOException {
    String body = "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket
          .getOutputStream()
          .write(
              ("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nX-Request-Id: %s\r\nContent-Length: %d\r\n\r\n%s"
                      .formatted(CHAT, TestGateway.KEY, id, body.length(), body))
                  .getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
