package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What calls say is kept as far as their policy goes, and nowhere else. */
class CaptureScenario {
  private static final String SECRET = "Zanzibar-Quokka";
  private static final String BODY =
      "{\"model\":\"tiny\",\"max_tokens\":5,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\""
          + SECRET
          + " of ann@example.com\"}]}";

  @TempDir private Path folder;

  private TestGateway start() {
    return TestGateway.of(
        """
        data: %s
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small }
        policies:
          shapes: { capture: metadata }
          clean: { capture: redacted }
          all: { capture: { level: full, keep: 2h } }
          nothing: { capture: none }
          watched: { mode: observe, capture: full }
          apart: { training: opted_out }
        tenants:
          t:
            apps:
              a:
                keys: [ sk-test-0001 ]
                use_cases:
                  shapes: { policy: shapes }
                  clean: { policy: clean }
                  all: { policy: all }
                  watched: { policy: watched }
                  apart: { policy: apart }
          strict: { policy: nothing, apps: { b: { policy: all, keys: [ sk-strict-0001 ] } } }
        """
            .formatted(folder));
  }

  private static String call(TestGateway gateway, String body, String... headers) {
    HttpRequest.Builder request = gateway.request("/v1/chat/completions");
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    HttpResponse<String> reply =
        gateway.send(request.POST(HttpRequest.BodyPublishers.ofString(body)).build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static HttpResponse<String> payload(TestGateway gateway, String id) {
    return gateway.admin("GET", "/admin/v1/calls/" + id + "/payload", "");
  }

  private static JsonNode awaitPayload(TestGateway gateway, String id) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    HttpResponse<String> last = payload(gateway, id);
    while (last.statusCode() == 404 && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      last = payload(gateway, id);
    }
    assertThat(last.statusCode()).as(last.body()).isEqualTo(200);
    return Json.parse(last.body());
  }

  /** Whether the bytes of that text are in any file of the data folder. */
  private boolean isOnDisk(String text) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String all = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        if (all.contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void what_is_kept_is_what_the_policy_says_and_is_sealed_on_the_disk() throws IOException {
    try (var gateway = start()) {
      String none = call(gateway, BODY.formatted(false));
      String watched = call(gateway, BODY.formatted(false), "x-lintel-use-case", "watched");
      String less =
          call(
              gateway,
              BODY.formatted(false),
              "x-lintel-use-case",
              "all",
              "x-lintel-retention",
              "none");
      String strict =
          call(gateway, BODY.formatted(false), "authorization", "Bearer sk-strict-0001");
      String shapes = call(gateway, BODY.formatted(false), "x-lintel-use-case", "shapes");
      String clean = call(gateway, BODY.formatted(false), "x-lintel-use-case", "clean");
      String wished =
          call(
              gateway,
              BODY.formatted(false),
              "x-lintel-use-case",
              "all",
              "x-lintel-redaction",
              "true");
      String all = call(gateway, BODY.formatted(true), "x-lintel-use-case", "all");

      JsonNode full = awaitPayload(gateway, all);
      assertThat(full.path("level").asString()).isEqualTo("full");
      assertThat(full.at("/request/messages/0/content").asString())
          .isEqualTo(SECRET + " of ann@example.com");
      assertThat(full.path("stream").asBoolean()).isTrue();
      assertThat(full.at("/reply/choices/0/message/content").asString()).isNotEmpty();
      Duration left =
          Duration.between(
              java.time.Instant.parse(full.path("time").asString()),
              java.time.Instant.parse(full.path("until").asString()));
      assertThat(left).isEqualTo(Duration.ofHours(2));

      JsonNode redacted = awaitPayload(gateway, clean);
      assertThat(redacted.at("/request/messages/0/content").asString())
          .isEqualTo(SECRET + " of [email]");
      assertThat(redacted.at("/reply/choices/0/message/content").asString()).isNotEmpty();
      assertThat(awaitPayload(gateway, wished).path("level").asString()).isEqualTo("redacted");

      JsonNode shape = awaitPayload(gateway, shapes);
      assertThat(shape.at("/request/turns/0/role").asString()).isEqualTo("user");
      assertThat(shape.at("/request/turns/0/blocks/0/length").asInt())
          .isEqualTo((SECRET + " of ann@example.com").length());
      assertThat(shape.toString()).doesNotContain(SECRET);
      for (String nothing : List.of(none, watched, less, strict)) {
        assertThat(payload(gateway, nothing).statusCode()).isEqualTo(404);
      }
      assertThat(gateway.admin("GET", "/admin/v1/acts", "").body())
          .contains("/calls/" + all + "/payload");
      String other = "/admin/v1/calls/" + all + "/payload?tenant=strict";
      assertThat(gateway.admin("GET", other, "").statusCode()).isEqualTo(404);
      assertThat(isOnDisk(SECRET)).isFalse();
      assertThat(gateway.log()).doesNotContain(SECRET);
      assertThat(gateway.get("/metrics").body()).contains("lintel_payloads_lost_total 0");
    }
    assertThat(isOnDisk(SECRET)).isFalse();
  }

  @Test
  void a_call_whose_policy_opts_out_of_training_says_so_in_its_record() {
    try (var gateway = start()) {
      String id = call(gateway, BODY.formatted(false), "x-lintel-use-case", "apart");
      HttpResponse<String> record = gateway.admin("GET", "/admin/v1/calls/" + id, "");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (record.statusCode() == 404 && System.nanoTime() < end) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        record = gateway.admin("GET", "/admin/v1/calls/" + id, "");
      }
      assertThat(Json.parse(record.body()).path("training").asString()).isEqualTo("opted_out");
    }
  }

  @Test
  void a_retention_that_is_no_time_is_named() {
    try (var gateway = start()) {
      var reply =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .header("x-lintel-retention", "a while")
                  .POST(HttpRequest.BodyPublishers.ofString(BODY.formatted(false)))
                  .build());
      assertThat(reply.statusCode()).isEqualTo(400);
      assertThat(reply.body()).contains("retention");
    }
  }
}
