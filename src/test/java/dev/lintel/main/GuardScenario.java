package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Who administers is found out, looked at and recorded. */
class GuardScenario {
  @TempDir private Path folder;

  private TestGateway open() {
    return TestGateway.of("data: \"" + folder + "\"\nproviders: { demo: { kind: sim } }\n");
  }

  private static HttpRequest.Builder as(TestGateway gateway, String key, String path) {
    return gateway.request("/admin/v1" + path).setHeader("authorization", "Bearer " + key);
  }

  private static JsonNode json(HttpResponse<String> answer) {
    return Json.parse(answer.body());
  }

  private static HttpResponse<String> put(TestGateway gateway, String path, String body) {
    return gateway.send(as(gateway, "admin-key", path).PUT(BodyPublishers.ofString(body)).build());
  }

  private static HttpResponse<String> get(TestGateway gateway, String path) {
    return gateway.send(as(gateway, "admin-key", path).GET().build());
  }

  @Test
  void a_secret_can_be_put_there_and_never_be_read_again() {
    try (var gateway = open()) {
      var put = put(gateway, "/secrets/openai", "{\"value\":\"sk-very-secret\"}");
      assertThat(put.statusCode()).isEqualTo(200);
      assertThat(json(put).path("updated_by").asString()).isEqualTo("admin key");

      var again = put(gateway, "/secrets/openai", "{\"value\":\"unchanged\"}");
      assertThat(again.body()).isEqualTo(put.body());
      assertThat(get(gateway, "/secrets/openai").body()).isEqualTo(put.body());
      assertThat(json(get(gateway, "/secrets")).path("data")).hasSize(1);
      assertThat(json(get(gateway, "/acts")).path("data").get(1).path("what").asString())
          .isEqualTo("PUT /admin/v1/secrets/openai");
      assertThat(get(gateway, "/acts").body()).doesNotContain("sk-very-secret");

      var gone = gateway.send(as(gateway, "admin-key", "/secrets/openai").DELETE().build());
      assertThat(gone.statusCode()).isEqualTo(204);
      assertThat(get(gateway, "/secrets/openai").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void a_secret_that_makes_no_sense_is_named_and_not_repeated() {
    try (var gateway = open()) {
      for (String wrong :
          new String[] {
            "sk-very-secret", "{\"value\":5}", "{\"value\":\"\"}", "{\"valeu\":\"sk-very-secret\"}"
          }) {
        var answer = put(gateway, "/secrets/openai", wrong);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("value").doesNotContain("sk-very-secret");
      }
      assertThat(get(gateway, "/acts").body()).doesNotContain("sk-very-secret");
      assertThat(put(gateway, "/secrets/a%20b", "{\"value\":\"x\"}").statusCode()).isEqualTo(400);
      assertThat(put(gateway, "/secrets/new", "{\"value\":\"unchanged\"}").statusCode())
          .isEqualTo(404);
    }
  }

  @Test
  void every_write_is_recorded_with_who_what_and_how_it_ended() {
    try (var gateway = open()) {
      put(gateway, "/secrets/one", "{\"value\":\"x1\"}");
      put(gateway, "/secrets/two", "{\"value\":5}");
      get(gateway, "/secrets");

      JsonNode acts = json(get(gateway, "/acts?by=admin%20key")).path("data");
      assertThat(acts).hasSize(2);
      assertThat(acts.get(0).path("status").asInt()).isEqualTo(400);
      assertThat(acts.get(0).path("detail").path("refused").get(0).asString()).isEqualTo("value");
      assertThat(acts.get(1).path("status").asInt()).isEqualTo(200);
      assertThat(acts.get(1).path("by").asString()).isEqualTo("admin key");

      JsonNode page = json(get(gateway, "/acts?limit=1"));
      assertThat(page.path("data")).hasSize(1);
      var next = json(get(gateway, "/acts?limit=1&cursor=" + page.path("next").asString()));
      assertThat(next.path("data").get(0).path("what").asString()).endsWith("/secrets/one");
      assertThat(get(gateway, "/acts?cursor=x").statusCode()).isEqualTo(400);
      assertThat(get(gateway, "/acts?who=x").body()).contains("'who'");
    }
  }

  @Test
  void whoever_tries_keys_has_to_wait_and_locks_out_nobody_who_has_the_right_one() {
    try (var gateway = open()) {
      assertThat(get(gateway, "/providers").statusCode()).isEqualTo(200);
      HttpResponse<String> last = null;
      for (int i = 0; i < 25; i++) {
        last = gateway.send(as(gateway, "wrong-" + i, "/providers").GET().build());
        assertThat(last.statusCode()).isEqualTo(i < 20 ? 401 : 429);
      }
      assertThat(last).isNotNull();
      assertThat(Integer.parseInt(last.headers().firstValue("retry-after").orElseThrow()))
          .isBetween(1, 60);
      assertThat(get(gateway, "/providers").statusCode()).isEqualTo(200);
      JsonNode acts = json(get(gateway, "/acts?by=nobody")).path("data");
      assertThat(acts).hasSize(1);
      assertThat(acts.get(0).path("detail").path("failures").asInt()).isEqualTo(20);
    }
  }

  @Test
  void who_brings_no_key_is_told_so_and_does_not_count_as_a_try() {
    try (var gateway = open()) {
      for (int i = 0; i < 30; i++) {
        var answer =
            gateway.send(
                HttpRequest.newBuilder(gateway.url().resolve("/admin/v1/providers")).build());
        assertThat(answer.statusCode()).isEqualTo(401);
      }
    }
  }

  @Test
  void browsers_may_neither_keep_nor_embed_what_admins_see() {
    try (var gateway = open()) {
      for (var answer :
          new HttpResponse<?>[] {
            get(gateway, "/providers"),
            get(gateway, "/calls/none"),
            gateway.send(as(gateway, "wrong", "/providers").build())
          }) {
        assertThat(answer.headers().firstValue("cache-control")).contains("no-store");
        assertThat(answer.headers().firstValue("x-content-type-options")).contains("nosniff");
        assertThat(answer.headers().firstValue("referrer-policy")).contains("no-referrer");
        assertThat(answer.headers().firstValue("x-frame-options")).contains("DENY");
        assertThat(answer.headers().firstValue("content-security-policy"))
            .hasValueSatisfying(csp -> assertThat(csp).contains("frame-ancestors 'none'"));
      }
    }
  }
}
