package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What is erased is gone from everywhere, and nothing else is. */
class ErasureScenario {
  @TempDir private Path folder;

  private TestGateway start() {
    return TestGateway.of(
        """
        data: %s
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small }
        policies: { all: { capture: full } }
        tenants:
          acme: { policy: all, apps: { a: { keys: [ sk-acme-0001 ] } } }
          other: { policy: all, apps: { b: { keys: [ sk-other-0001 ] } } }
        """
            .formatted(folder));
  }

  private static String call(TestGateway gateway, String key, String user, String text) {
    String body =
        "{\"model\":\"tiny\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(text);
    HttpResponse<String> reply =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer " + key)
                .setHeader("x-lintel-user", user)
                .setHeader("idempotency-key", user + "-" + text)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!holds.getAsBoolean() && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    assertThat(holds.getAsBoolean()).isTrue();
  }

  private static int status(TestGateway gateway, String path) {
    return gateway.admin("GET", "/admin/v1" + path, "").statusCode();
  }

  private static void keepsAll(TestGateway gateway, String... ids) {
    for (String id : ids) {
      until(() -> status(gateway, "/calls/" + id + "/payload") == 200);
      until(() -> status(gateway, "/calls/" + id) == 200);
    }
  }

  /** Returns how it ended. */
  private static JsonNode erase(TestGateway gateway, String tenant, String body) {
    HttpResponse<String> reply =
        gateway.admin("POST", "/admin/v1/tenants/" + tenant + "/erase", body);
    assertThat(reply.statusCode()).as(reply.body()).isIn(200, 202);
    JsonNode asked = Json.parse(reply.body());
    assertThat(asked.path("state").asString())
        .isEqualTo(reply.statusCode() == 200 ? "done" : "pending");
    String path = "/admin/v1/tenants/" + tenant + "/erasures/" + asked.path("id").asString();
    until(() ->
        Json.parse(gateway.admin("GET", path, "").body()).path("state").asString().equals("done"));
    return Json.parse(gateway.admin("GET", path, "").body());
  }

  private List<Path> filesWith(String text) throws IOException {
    var found = new ArrayList<Path>();
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String all = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        if (all.contains(text)) {
          found.add(file);
        }
      }
    }
    return found;
  }

  @Test
  void what_a_user_has_left_is_gone_from_the_data_folder_and_others_stay() throws IOException {
    try (var gateway = start()) {
      String anns = call(gateway, "sk-acme-0001", "ann-quokka", "one");
      String bens = call(gateway, "sk-acme-0001", "ben-numbat", "two");
      String others = call(gateway, "sk-other-0001", "ann-bilby", "three");
      keepsAll(gateway, anns, bens, others);
      assertThat(filesWith("ann-quokka")).isNotEmpty();
      String sums = "/admin/v1/usage?group_by=tenant";
      String before = gateway.admin("GET", sums, "").body();

      JsonNode done = erase(gateway, "acme", "{\"user\":\"ann-quokka\"}");

      assertThat(done.path("one_user").asBoolean()).as(done.toString()).isTrue();
      assertThat(done.at("/erased/records").asInt()).isEqualTo(1);
      assertThat(done.at("/erased/payloads").asInt()).isEqualTo(1);
      assertThat(done.at("/erased/replies").asInt()).isEqualTo(1);
      assertThat(status(gateway, "/calls/" + anns)).isEqualTo(404);
      assertThat(status(gateway, "/calls/" + anns + "/payload")).isEqualTo(404);
      keepsAll(gateway, bens, others);
      assertThat(filesWith("ann-quokka")).isEmpty();
      assertThat(filesWith("ben-numbat")).isNotEmpty();
      assertThat(gateway.admin("GET", sums, "").body()).isEqualTo(before);
      assertThat(gateway.admin("GET", "/admin/v1/usage?group_by=user", "").body())
          .doesNotContain("ann-quokka")
          .contains("ben-numbat", "other");
      assertThat(gateway.admin("GET", "/admin/v1/acts", "").body())
          .contains("/tenants/acme/erase")
          .doesNotContain("ann-quokka");
    }
    assertThat(filesWith("ann-quokka")).isEmpty();
  }

  @Test
  void what_a_tenant_has_left_is_gone_and_what_comes_later_is_kept() throws IOException {
    try (var gateway = start()) {
      String old = call(gateway, "sk-acme-0001", "ann-quokka", "one");
      String others = call(gateway, "sk-other-0001", "cid-bilby", "three");
      HttpResponse<String> uploaded = upload(gateway, "sk-acme-0001", "Zanzibar-of-acme");
      upload(gateway, "sk-other-0001", "Zanzibar-of-other");
      keepsAll(gateway, old, others);

      JsonNode done = erase(gateway, "acme", "");

      assertThat(done.at("/erased/records").asInt()).isEqualTo(1);
      assertThat(done.at("/erased/files").asInt()).as(uploaded.body()).isEqualTo(1);
      assertThat(status(gateway, "/calls/" + old)).isEqualTo(404);
      keepsAll(gateway, others);
      keepsAll(gateway, call(gateway, "sk-acme-0001", "dan", "again"));
      assertThat(filesWith("ann-quokka")).isEmpty();
      assertThat(filesWith("Zanzibar-of-acme")).isEmpty();
      assertThat(filesWith("Zanzibar-of-other")).isNotEmpty();
      assertThat(
              Json.parse(gateway.admin("GET", "/admin/v1/tenants/acme/erasures", "").body())
                  .path("data"))
          .hasSize(1);
    }
  }

  private static HttpResponse<String> upload(TestGateway gateway, String key, String text) {
    var form = Map.of("purpose", "batch");
    String part =
        "--X\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\n"
            + form.get("purpose")
            + "\r\n"
            + "--X\r\n"
            + "content-disposition: form-data; name=\"file\"; filename=\"f.jsonl\"\r\n\r\n"
            + text
            + "\r\n--X--\r\n";
    HttpResponse<String> reply =
        gateway.send(
            gateway
                .request("/v1/files")
                .setHeader("authorization", "Bearer " + key)
                .setHeader("content-type", "multipart/form-data; boundary=X")
                .POST(HttpRequest.BodyPublishers.ofString(part))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply;
  }

  @Test
  void what_makes_no_sense_erases_nothing_and_is_named() {
    try (var gateway = start()) {
      String path = "/admin/v1/tenants/acme/erase";
      for (String wrong :
          List.of(
              "{\"users\":\"ann\"}",
              "{\"user\":\"\"}",
              "{\"user\":7}",
              "{\"before\":\"soon\"}",
              "{\"before\":\"2099-01-01T00:00:00Z\"}",
              "[]")) {
        assertThat(gateway.admin("POST", path, wrong).statusCode()).as(wrong).isEqualTo(400);
      }
      assertThat(status(gateway, "/tenants/acme/erasures/erasure_none")).isEqualTo(404);
      assertThat(gateway.admin("GET", "/admin/v1/tenants/acme/erasures", "").body())
          .contains("\"data\":[]");
    }
  }
}
