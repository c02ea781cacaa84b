package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Event;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.Ranking;
import dev.lintel.Request;
import dev.lintel.Routing;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ShadowTest {
  private static final Request CHAT =
      dev.lintel.Chat.read(
          new Fakes.NamedDialect("openai"),
          "m",
          true,
          false,
          new Inbound(Map.of(), Map.of(), Headers.NONE, dev.lintel.Body.EMPTY),
          inbound -> {
            throw new AssertionError("nobody needs the conversation");
          });

  private final VirtualTime time = new VirtualTime();
  private final Fakes.Wellness health = new Fakes.Wellness();
  private final Target own = health.watched(Fakes.provider("p"), "own");
  private final Target other = health.watched(Fakes.provider("q"), "other");
  private final List<Trail> ended = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();
  private final Map<String, Handler> answers = new HashMap<>();
  private final Listener listener =
      (trail, event) -> {
        if (event instanceof Event.Ended) {
          ended.add(trail);
        }
      };
  private double drawn;
  private final Shadow shadow = new Shadow(new Observe(listener), () -> drawn);

  @Test
  void a_share_of_the_calls_is_asked_again_elsewhere() {
    for (drawn = 0; drawn < 100; drawn += 10) {
      call("c" + drawn, CHAT);
      time.run();
    }
    assertThat(asked).filteredOn("own"::equals).hasSize(10);
    assertThat(asked).filteredOn("other"::equals).hasSize(2);
  }

  @Test
  void a_shadow_neither_delays_nor_fails_its_caller() {
    answers.put(
        "other",
        (call, out) -> {
          pause(Duration.ofMinutes(1));
          throw Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(500);
        });
    Outcome outcome = call("c1", CHAT);
    time.run();
    assertThat(outcome.text).isEqualTo("hello");
    assertThat(outcome.took).isLessThan(Duration.ofSeconds(1).toNanos());
    assertThat(health.log).contains("failed q/other#none");
  }

  @Test
  void a_shadow_begins_once_its_call_waits() {
    answers.put(
        "own",
        (call, out) -> {
          assertThat(asked).containsExactly("own");
          pause(Duration.ofSeconds(1));
          assertThat(asked).containsExactly("own", "other");
          out.emit(Chunk.of(new Part.Text("hello")));
        });
    Outcome outcome = call("c1", CHAT);
    time.run();
    assertThat(outcome.text).isEqualTo("hello");
  }

  @Test
  void its_record_is_its_own_and_names_the_callers() {
    call("c1", CHAT);
    time.run();
    assertThat(ended).hasSize(1);
    Trail trail = ended.getFirst();
    assertThat(trail.shadowOf()).contains("c1");
    assertThat(trail.id()).isNotEqualTo("c1");
    assertThat(trail.caller().tenant()).isEqualTo("t");
    assertThat(trail.model().map(Model::name)).contains("m");
    assertThat(trail.target().map(Target::name)).contains("q/other");
    assertThat(trail.usage().output()).isEqualTo(3);
  }

  @Test
  void it_goes_on_where_the_caller_leaves_and_ends_when_the_gateway_does() {
    answers.put("own", (call, out) -> pause(Duration.ofMinutes(5)));
    answers.put("other", (call, out) -> pause(Duration.ofMinutes(5)));
    Outcome outcome = call("c1", CHAT);
    time.after(Duration.ofSeconds(1), () -> outcome.thread.cancel());
    time.run(Duration.ofSeconds(10));
    assertThat(outcome.failure).isEqualTo(Kind.CANCELLED);
    assertThat(ended).isEmpty();
    shadow.close();
    time.run();
    assertThat(ended).hasSize(1);
    asked.clear();
    call("c2", CHAT);
    time.run(Duration.ofSeconds(1));
    assertThat(asked).as("there are no more").containsExactly("own");
    time.run();
  }

  @Test
  void it_has_a_time_of_its_own() {
    answers.put(
        "other",
        (call, out) -> {
          if (!CallThread.current().await(() -> false, call.deadline())) {
            throw Errand.late();
          }
        });
    call("c1", CHAT);
    long began = time.getAsLong();
    time.run();
    assertThat(time.getAsLong() - began).isEqualTo(Timeouts.USUAL.total().toNanos());
    assertThat(ended).hasSize(1);
  }

  @Test
  void it_is_asked_once_and_nowhere_else() {
    answers.put(
        "other",
        (call, out) -> {
          assertThat(call.resolved().retry().attempts()).isEqualTo(1);
          assertThat(call.resolved().routing().fallback()).isEmpty();
          assertThat(call.resolved().routing().shadow()).isEmpty();
          throw Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(500);
        });
    call("c1", CHAT);
    time.run();
    assertThat(asked).containsExactly("own", "other");
  }

  @Test
  void a_target_that_rests_is_not_asked_for_comparison() {
    health.resting.add("q/other");
    call("c1", CHAT);
    time.run();
    assertThat(asked).containsExactly("own");
    assertThat(one().path("shadows").path("errors").asInt()).isEqualTo(1);
  }

  @Test
  void no_more_are_under_way_than_may_be() {
    answers.put("other", (call, out) -> pause(Duration.ofMinutes(1)));
    for (int i = 0; i < 205; i++) {
      call("c" + i, CHAT);
    }
    time.run(Duration.ofSeconds(1));
    assertThat(asked).filteredOn("other"::equals).hasSize(200);
    assertThat(one().path("dropped").asInt()).isEqualTo(5);
    time.run();
    asked.clear();
    call("again", CHAT);
    time.run();
    assertThat(asked).containsExactly("own", "other");
  }

  @Test
  void what_would_happen_twice_is_not_copied() {
    call("c1", new Stored(new Fakes.NamedDialect("openai"), "m", "DELETE", "x", ""));
    time.run();
    assertThat(asked).containsExactly("own");
  }

  @Test
  void what_the_provider_itself_would_do_twice_is_not_copied() {
    call("c1", chat("{\"mcp_servers\":[{\"url\":\"https://x\"}]}"));
    call("c2", chat("{\"mcp_servers\":null}"));
    call("c3", chat("{\"store\":true}"));
    time.run();
    assertThat(asked).containsExactlyInAnyOrder("own", "own", "other", "own", "other");
  }

  private static Request chat(String body) {
    var sent = dev.lintel.Body.scan(body.getBytes(StandardCharsets.UTF_8));
    var extra = new Extra("openai", (ObjectNode) Json.parse(sent.bytes()));
    return dev.lintel.Chat.read(
        new Fakes.NamedDialect("openai"),
        "m",
        true,
        false,
        new Inbound(Map.of(), Map.of(), Headers.NONE, sent),
        inbound ->
            new Prompt(
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                extra));
  }

  @Test
  void both_sides_are_told_beside_each_other() {
    call("c1", CHAT);
    time.run();
    answers.put("other", answering("Hello!", Duration.ofMillis(400)));
    call("c2", CHAT);
    time.run();
    answers.put(
        "other",
        (call, out) -> {
          throw Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(500);
        });
    call("c3", CHAT);
    time.run();
    JsonNode one = one();
    assertThat(one.path("model").asString()).isEqualTo("m");
    assertThat(one.path("to").path(0).asString()).isEqualTo("q/other");
    assertThat(one.path("compared").asInt()).isEqualTo(2);
    assertThat(one.path("same").asInt()).isEqualTo(1);
    assertThat(one.path("callers").path("calls").asInt()).isEqualTo(3);
    assertThat(one.path("callers").path("errors").asInt()).isZero();
    assertThat(one.path("shadows").path("calls").asInt()).isEqualTo(3);
    assertThat(one.path("shadows").path("errors").asInt()).isEqualTo(1);
    assertThat(one.path("shadows").path("p95_ms").asInt()).isCloseTo(400, withinPercentage(3));
    assertThat(one.path("callers").path("p95_ms").asInt()).isCloseTo(100, withinPercentage(3));
  }

  private JsonNode one() {
    assertThat(shadow.comparisons()).hasSize(1);
    return shadow.comparisons().get(0);
  }

  private static void pause(Duration wait) {
    CallThread.current().await(() -> false, CallThread.nanoTime() + wait.toNanos());
  }

  private static Handler answering(String text, Duration after) {
    return (call, out) -> {
      pause(after);
      out.emit(Chunk.of(new Part.Text(text), Usage.of(2, 3, Usage.Source.PROVIDER)));
    };
  }

  private static final class Outcome {
    private String text = "";
    private Kind failure = Kind.INTERNAL;
    private long took;
    private CallThread thread;
  }

  private Outcome call(String id, Request request) {
    var routing =
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.of(new Routing.Shadow(List.of(other), 20)),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            Map.of(Routing.Cause.ANY, List.of("m2")),
            true);
    var model =
        new Model(
            "m",
            List.of(own),
            (call, all) -> Ranking.AS_WRITTEN,
            Timeouts.USUAL,
            Fakes.retry(3),
            Optional.empty(),
            routing);
    var outcome = new Outcome();
    outcome.thread =
        time.start(() -> {
          long began = CallThread.nanoTime();
          var call =
              new Call(
                  new Trail(id, Instant.EPOCH, System.nanoTime()),
                  "key",
                  new Caller("t", "a", "k", Optional.empty(), false),
                  Terms.NONE,
                  request,
                  Optional.empty(),
                  Optional.of(model),
                  Optional.empty(),
                  began + Duration.ofMinutes(10).toNanos());
          var sink = new Fakes.Recorder();
          try {
            shadow.apply(call, sink, this::failover);
            outcome.text = sink.text();
          } catch (Failure failure) {
            outcome.failure = failure.kind();
          }
          outcome.took = CallThread.nanoTime() - began;
        });
    return outcome;
  }

  private void failover(Call call, dev.lintel.Sink sink) {
    new Failover((trail, event) -> {})
        .apply(
            call,
            sink,
            (to, out) -> {
              String name = to.target().orElseThrow().target().model();
              asked.add(name);
              answers
                  .getOrDefault(name, answering("hello", Duration.ofMillis(100)))
                  .handle(to, out);
            });
  }
}
