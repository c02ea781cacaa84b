package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What happened to calls of every kind is told as it was. */
@Tag("threads")
class StoryScenario {
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              p: { kind: sim }
              q: { kind: sim }
              slow: { kind: sim, ttft: 30s }
              other: { kind: sim }
            models:
              plain: p/small
              falls: { targets: [ "p/down+fault=500", q/small ], retry: { attempts: 3, backoff: 1ms..2ms } }
              dead: { targets: [ "p/dead+fault=503" ], retry: { attempts: 2, backoff: 1ms..2ms } }
              cut: "p/cut+fault=reset_mid_stream"
              hedged: { targets: [ slow/small, q/small ], hedge: { after: 20ms, share: 100% } }
              joined: { targets: [ "p/small+ttft=300ms" ], coalesce: true }
              mirrored: { targets: [ p/small ], shadow: { to: q/small, percent: 100 } }
              here: { targets: [ { to: p/small, region: eu }, { to: q/small, region: us } ] }
              stalled: slow/small
            prices:
              p/small: { input: 1.00, output: 2.00 }
              q/small: { input: 3.00, output: 4.00 }
            policies:
              house:
                require: { terms: [ use_case ], mode: observe }
                models: { deny: [ hedged ], mode: warn }
                max_tokens: 500
              none: { tools: { deny: [ shell ] }, models: [ plain ] }
            policy: house
            tenants:
              t:
                apps:
                  a: { keys: [ sk-test-0001 ] }
                  small: { keys: [ sk-small ], limits: { requests: 1/hour } }
                  few: { keys: [ sk-few ], policy: none }
              u: { apps: { b: { keys: [ sk-u ] } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> ask(String key, String model, String more) {
    return gateway.send(request(model, more).setHeader("authorization", "Bearer " + key).build());
  }

  private static HttpRequest.Builder request(String model, String more) {
    return gateway
        .request("/v1/chat/completions")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"model\":\""
                    + model
                    + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello there\"}]"
                    + more
                    + "}"));
  }

  /** The id of a call whose stream broke. */
  private static String cut() {
    gateway.raw(
        "/v1/chat/completions",
        "{\"model\":\"cut\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}");
    return Soon.found(
            () ->
                Json.parse(gateway.admin("GET", "/admin/v1/calls?model=cut", "").body())
                    .path("data"),
            calls -> !calls.isEmpty())
        .path(0)
        .path("request_id")
        .asString();
  }

  private static String id(HttpResponse<?> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode told(String id) {
    String path = "/admin/v1/calls/" + id + "/explain";
    return Json.parse(
        Soon.found(() -> gateway.admin("GET", path, ""), there -> there.statusCode() == 200)
            .body());
  }

  private static String story(JsonNode told) {
    return StreamSupport.stream(told.path("story").spliterator(), false)
        .map(line -> line.path("says").asString())
        .collect(Collectors.joining("\n"));
  }

  private static String storyOf(HttpResponse<String> reply) {
    return story(told(id(reply)));
  }

  @Test
  void an_answer_has_who_what_whom_how_long_and_how_the_cost_comes_about() {
    HttpResponse<String> reply = ask(TestGateway.KEY, "plain", ",\"lintel\":{\"user\":\"ann\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode told = told(id(reply));
    assertThat(story(told))
        .contains(
            "App 'a' of tenant 't' called at 2",
            "with the key 't/a#1', for the user 'ann'.",
            "It asked for the model 'plain' in the dialect openai, as a whole reply.",
            "The rule policies.house.require only observes, and noted: The term 'use_case'",
            "p/small stood in place 1",
            "Try 1: p/small answered with status 200 after ",
            "It cost 0.000067 USD.",
            "The provider counted 3 input tokens and 32 output tokens.",
            "3 input tokens at 1 USD a million are 0.000003 USD.",
            "32 output tokens at 2 USD a million are 0.000064 USD.",
            "the caller got the whole answer, with status 200.");
    assertThat(told.path("record").path("request_id").asString()).isEqualTo(id(reply));
    assertThat(told.path("cost").path("parts")).hasSize(2);
  }

  @Test
  void failures_are_told_try_by_try_with_what_the_caller_could_do() {
    assertThat(storyOf(ask(TestGateway.KEY, "falls", "")))
        .contains(
            "Try 1: p/down+fault=500 failed with upstream_error (status 500) after ",
            "Try 2: q/small answered with status 200");
    assertThat(storyOf(ask(TestGateway.KEY, "dead", "")))
        .contains(
            "Try 2: p/dead+fault=503 again, which failed with upstream_unavailable (status 503)",
            "the caller got status 502, upstream_unavailable: \"The service is not available for the"
                + " moment.\"\nCall again a little later");
    assertThat(story(told(cut())))
        .contains("as a stream.", "The stream broke after ", "Call again a little later");
  }

  @Test
  void a_hedge_a_shadow_and_a_reply_that_was_given_again_are_named() {
    assertThat(storyOf(ask(TestGateway.KEY, "hedged", "")))
        .contains(
            "The rule policies.house.models warned the caller: ",
            "Try 1: slow/small was broken off after ",
            "\"Another target answered first.\"",
            "It was hedged: ");
    String mirrored = id(ask(TestGateway.KEY, "mirrored", ""));
    JsonNode shadow =
        Soon.found(
                () ->
                    StreamSupport.stream(
                            Json.parse(
                                    gateway
                                        .admin("GET", "/admin/v1/calls?model=mirrored", "")
                                        .body())
                                .path("data")
                                .spliterator(),
                            false)
                        .filter(call -> call.path("shadow_of").asString("").equals(mirrored))
                        .findFirst(),
                Optional::isPresent)
            .orElseThrow();
    assertThat(story(told(shadow.path("request_id").asString())))
        .contains("it is a shadow, a copy of " + mirrored, "Try 1: q/small answered");
    HttpRequest again = request("plain", "").header("idempotency-key", "once").build();
    String first = id(gateway.send(again));
    assertThat(storyOf(gateway.send(again)))
        .contains("The reply of " + first + " was given again", "It cost 0 USD.");
  }

  @Test
  void refusals_name_their_rule_and_that_nobody_was_asked() {
    ask("sk-small", "plain", "");
    assertThat(storyOf(ask("sk-small", "plain", "")))
        .contains(
            "The rule tenants.t.apps.small.limits.requests refused it (rate_limited): ",
            "Nobody was asked.",
            "the caller got status 429, rate_limited");
    assertThat(storyOf(ask("sk-few", "falls", "")))
        .contains("The rule policies.none.models refused it (permission): ");
    assertThat(storyOf(ask("sk-nobody", "plain", "")))
        .contains("Somebody called whom no key made known", "before a model was asked for.");
    assertThat(storyOf(ask(TestGateway.KEY, "here", ",\"lintel\":{\"region\":\"us\"}")))
        .contains("p/small was left out: not in the region us: it is in eu.");
  }

  @Test
  void the_command_tells_it_and_says_where_there_is_no_such_call() throws Exception {
    String id = id(ask(TestGateway.KEY, "plain", ""));
    told(id);
    assertThat(run("explain", id)).contains("0 App 'a' of tenant 't' called at ");
    assertThat(run("explain", id, "--json")).contains("\"request_id\" : \"" + id + "\"");
    assertThat(run("explain", id, "--tenant", "u")).startsWith("1 There is no call '" + id + "'");
  }

  private static String run(String... words) throws Exception {
    var command =
        new ArrayList<>(List.of(ThisJava.JAVA, "-cp", ThisJava.CLASSES, Main.class.getName()));
    command.addAll(List.of(words));
    command.addAll(List.of("--url", gateway.url().toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", "admin-key");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + " " + out;
  }
}
