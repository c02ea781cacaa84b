package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.main.Callers.Told;
import dev.lintel.main.Callers.Tongue;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Where every provider is down the caller learns why, at once. */
@Tag("threads")
class EverythingDownScenario {
  private static final int PER_SECOND = 200;
  private static final int AT_ONCE = 50;

  private static final class Scene implements AutoCloseable {
    final UnwellProvider first = new UnwellProvider(Speech.OPENAI);
    final UnwellProvider second = new UnwellProvider(Speech.ANTHROPIC);
    final UnwellProvider third = new UnwellProvider(Speech.OPENAI);
    final TestGateway gateway;
    final Callers callers;

    Scene(String settings) throws IOException {
      gateway =
          TestGateway.of(
              "providers:\n"
                  + first.yaml("first", UnwellProvider.KEYS)
                  + second.yaml("second", "key: none")
                  + third.yaml("third", "key: none")
                  + "models: { m: { targets: [ first/m, second/m, third/m ]"
                  + settings
                  + " } }\n");
      callers = new Callers(gateway, AT_ONCE, PER_SECOND, 1);
    }

    int asked() {
      return first.asked().size() + second.asked().size() + third.asked().size();
    }

    /** Those who ask now, with what they are told. */
    List<Told> ask(int calls) throws InterruptedException {
      int before = callers.told().size();
      callers.ask(List.of("m"), calls, 0);
      return callers.told().stream().skip(before).toList();
    }

    @Override
    public void close() throws IOException {
      callers.close();
      gateway.close();
      first.close();
      second.close();
      third.close();
    }
  }

  static Stream<Arguments> tongues() {
    return Stream.of(Tongue.values())
        .flatMap(tongue -> Stream.of(Arguments.of(tongue, true), Arguments.of(tongue, false)));
  }

  @ParameterizedTest
  @MethodSource("tongues")
  void the_caller_learns_what_each_of_them_said_and_the_shortest_wait(Tongue tongue, boolean stream)
      throws Exception {
    try (var scene = new Scene("")) {
      scene.first.fails(Outage.LIMITED_FOR_AN_HOUR);
      scene.second.fails(Outage.STATUS_529);
      scene.third.fails(Outage.REFUSED);

      HttpResponse<String> reply =
          scene.gateway.post(tongue.path("m", stream), tongue.body("m", stream, "nonce-1", "u"));

      assertThat(reply.statusCode()).as(reply.body()).isBetween(502, 503);
      assertThat(Integer.parseInt(reply.headers().firstValue("retry-after").orElse("0")))
          .isBetween(3_000, 3_600);
      JsonNode lintel = Json.parse(reply.body()).path("error").path("lintel");
      assertThat(lintel.path("kind").asString()).isEqualTo("upstream_unavailable");
      assertThat(lintel.path("attempts").valueStream().map(EverythingDownScenario::words))
          .as("with both of its keys, and nobody left out")
          .containsExactly(
              "first/m 429 upstream_rate_limited Too many.",
              "first/m 429 upstream_rate_limited Too many.",
              "second/m 529 upstream_overloaded Busy.",
              "third/m 0 upstream_unavailable The provider refused the connection.");
    }
  }

  private static String words(JsonNode attempt) {
    return "%s %d %s %s"
        .formatted(
            attempt.path("target").asString(),
            attempt.path("status").asInt(0),
            attempt.path("kind").asString(),
            attempt.path("message").asString());
  }

  @Test
  void where_nobody_may_be_asked_it_is_said_why_and_nobody_is() throws Exception {
    try (var scene = new Scene(", breaker: { open: 1h, when_all_open: refuse }")) {
      scene.first.fails(Outage.STATUS_500);
      scene.second.fails(Outage.PLAIN_503);
      scene.third.fails(Outage.CLOSED);
      assertThat(scene.ask(60))
          .allSatisfy(one -> assertThat(one.status()).isGreaterThanOrEqualTo(500));
      int asked = scene.asked();

      for (Told one : scene.ask(200)) {
        assertThat(one.status()).isEqualTo(503);
        JsonNode error = Json.parse(one.reply().join().body()).path("error");
        assertThat(error.path("lintel").path("kind").asString()).isEqualTo("unavailable");
        assertThat(error.path("message").asString())
            .contains("first/m", "It broke.", "second/m", "Not now.", "third/m", "closed the");
        assertThat(Integer.parseInt(one.header("retry-after"))).isBetween(3_000, 3_600);
      }
      assertThat(scene.asked()).isEqualTo(asked);
    }
  }

  @Test
  void who_comes_back_answers_at_once_though_everybody_rests() throws Exception {
    try (var scene = new Scene(", breaker: { open: 1h }, retry: { attempts: 4 }")) {
      for (UnwellProvider one : List.of(scene.first, scene.second, scene.third)) {
        one.fails(Outage.PLAIN_503);
      }
      assertThat(scene.ask(100))
          .allSatisfy(one -> {
            JsonNode lintel = Json.parse(one.reply().join().body()).path("error").path("lintel");
            assertThat(lintel.path("kind").asString()).isEqualTo("upstream_unavailable");
            assertThat(lintel.path("attempts")).isNotEmpty();
          });

      scene.second.recovers();

      scene.ask(100).forEach(Told::isAnswered);
    }
  }
}
