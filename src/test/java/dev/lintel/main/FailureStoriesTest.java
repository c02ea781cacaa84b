package dev.lintel.main;

import static dev.lintel.main.Simulation.answering;
import static dev.lintel.main.Simulation.refusing;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Handler;
import dev.lintel.Health;
import dev.lintel.main.Simulation.Asked;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How other gateways have failed, as their issues tell, and that this one does not. */
class FailureStoriesTest {
  private static final String TWO =
      """
      providers:
        a: { kind: openai, url: "http://a/v1", keys: [ a-one-1, a-two-2 ] }
        b: { kind: openai, url: "http://b/v1", key: b-one-1 }
      models:
        one: { targets: [ a/m ] }
        other: { targets: [ a/other ] }
        two: { targets: [ a/m, b/m ] }
        sticky: { targets: [ b/m, a/m ], strategy: round_robin, sticky: { on: [ user ] } }
        strict: { targets: [ a/m ], breaker: { when_all_open: refuse } }
      """;

  private static final String QUOTA =
      "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}";
  private static final String LIMIT =
      "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}";
  private static final String BROKEN = "{\"error\":{\"message\":\"upstream exploded\"}}";

  /** Who was asked with which key, in order. */
  private final List<String> asked = new ArrayList<>();

  private final Map<String, Handler> scripts = new HashMap<>();
  private final Simulation gateway =
      new Simulation((call, sink) -> {
        Call.Choice choice = call.target().orElseThrow();
        asked.add(choice.target().name() + "#" + choice.credential().secret());
        scripts
            .getOrDefault(
                choice.target().name() + "#" + choice.credential().secret(),
                scripts.getOrDefault(choice.target().name(), answering(Duration.ofMillis(50))))
            .handle(call, sink);
      });

  FailureStoriesTest() {
    gateway.load(TWO);
  }

  // --- what opens

  @Test
  void a_429_never_opens_the_provider() {
    scripts.put("a/m", refusing(429, LIMIT, "retry-after", "1"));
    for (int i = 0; i < 100; i++) {
      gateway.chat("two");
      pass(Duration.ofSeconds(2));
    }
    assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
    scripts.remove("a/m");
    pass(Duration.ofMinutes(6));
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 500, 502, 503, 504})
  void the_provider_opens_by_failures_of_its_own(int status) {
    scripts.put("a/m", refusing(status, BROKEN));
    for (int i = 0; i < 10; i++) {
      assertThat(gateway.chat("two").answered()).isTrue();
    }
    assertThat(health("a").word()).isEqualTo(Health.Word.COOLING);
    assertThat(asked.stream().filter(who -> who.startsWith("a/"))).hasSize(5);
  }

  @Test
  void a_single_failed_first_request_never_cools_a_target() {
    scripts.put("a/m", refusing(500, BROKEN));
    gateway.chat("two");
    scripts.remove("a/m");
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
  }

  @Test
  void failures_open_by_their_share_and_not_by_their_number() {
    for (int i = 0; i < 100; i++) {
      scripts.put("a/m", i % 10 == 0 ? refusing(500, BROKEN) : answering(Duration.ofMillis(50)));
      gateway.chat("two");
      assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
    }
  }

  @Test
  void a_model_that_is_gone_leaves_the_others_of_its_provider_alone() {
    scripts.put("a/m", refusing(404, "{\"error\":{\"code\":\"model_not_found\"}}"));
    for (int i = 0; i < 20; i++) {
      assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    }
    assertThat(asked.stream().filter(who -> who.startsWith("a/m"))).hasSize(5);
    assertThat(gateway.chat("other").text()).isEqualTo("a/other");
    assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
  }

  // --- what rests, and for how long

  @Test
  void a_daily_quota_is_not_asked_every_five_seconds() {
    scripts.put("a/m", refusing(429, QUOTA));
    for (int second = 0; second < 3600; second += 5) {
      assertThat(gateway.chat("two").text()).isEqualTo("b/m");
      pass(Duration.ofSeconds(5));
    }
    // Three seconds, twice as long each time, up to five minutes: of each of two keys.
    assertThat(asked.stream().filter(who -> who.startsWith("a/m#a-one"))).hasSizeBetween(10, 20);
    assertThat(health("a").keys())
        .extracting(Health.Key::fitness)
        .containsOnly(Health.Fitness.NO_CREDIT);
  }

  @Test
  void a_key_rests_as_long_as_its_provider_asks() {
    scripts.put("a/m", refusing(429, LIMIT, "retry-after", "100"));
    gateway.chat("two");
    scripts.remove("a/m");
    pass(Duration.ofSeconds(98));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    pass(Duration.ofSeconds(2));
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
  }

  @Test
  void an_auto_disabled_target_comes_back_by_itself() {
    scripts.put("a/m", refusing(401, "{\"error\":{\"message\":\"Incorrect API key\"}}"));
    for (int i = 0; i < 300; i++) {
      assertThat(gateway.chat("two").text()).isEqualTo("b/m");
      pass(Duration.ofSeconds(2));
    }
    scripts.remove("a/m");
    pass(Duration.ofMinutes(5));
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
    assertThat(health("a").keys()).extracting(Health.Key::fitness).contains(Health.Fitness.OK);
  }

  @Test
  void who_rested_is_asked_again_by_some_calls_at_a_time() {
    scripts.put("a/m", refusing(500, BROKEN));
    for (int i = 0; i < 5; i++) {
      gateway.chat("two");
    }
    scripts.put("a/m", answering(Duration.ofSeconds(2)));
    pass(Duration.ofSeconds(61));
    asked.clear();
    for (int i = 0; i < 20; i++) {
      gateway.ask("", Map.of(), Simulation.body("two"));
    }
    pass(Duration.ofSeconds(5));
    assertThat(asked.stream().filter(who -> who.startsWith("a/"))).hasSize(3);
    assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
  }

  @Test
  void nobody_is_pinged_to_find_out_how_it_is() {
    scripts.put("a/m", refusing(500, BROKEN));
    for (int i = 0; i < 5; i++) {
      gateway.chat("two");
    }
    asked.clear();
    pass(Duration.ofHours(24));
    assertThat(asked).isEmpty();
  }

  @Test
  void a_routers_429_for_somebody_behind_it_does_not_exhaust_the_key() {
    scripts.put(
        "a/m",
        refusing(
            429,
            "{\"error\":{\"code\":429,\"message\":\"Provider returned error\",\"metadata\":{\"provider_name\":\"Deep\",\"raw\":\"busy\"}}}",
            "retry-after",
            "60"));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    assertThat(gateway.chat("other").text()).isEqualTo("a/other");
    assertThat(health("a").keys()).extracting(Health.Key::fitness).containsOnly(Health.Fitness.OK);
  }

  @Test
  void an_unpaid_account_is_a_matter_of_the_key_and_of_all_its_models() {
    scripts.put("a/m", refusing(402, "{\"error\":{\"message\":\"Insufficient credits\"}}"));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    assertThat(health("a").keys())
        .extracting(Health.Key::fitness)
        .containsOnly(Health.Fitness.NO_CREDIT);
    assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
  }

  // --- what the headers say

  @ParameterizedTest
  @CsvSource({
    "retry-after-ms, 30000",
    "x-ms-retry-after-ms, 30000",
    "retry-after, 30",
    "x-ratelimit-reset-requests, 30s",
    "x-ratelimit-reset-tokens, 0m30s"
  })
  void a_wait_is_understood_however_it_is_said(String header, String value) {
    scripts.put("a/m", refusing(429, LIMIT, header, value));
    gateway.chat("two");
    scripts.remove("a/m");
    pass(Duration.ofSeconds(28));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    pass(Duration.ofSeconds(3));
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
  }

  @ParameterizedTest
  @ValueSource(strings = {"retry-after", "anthropic-ratelimit-requests-reset"})
  void an_http_date_is_understood_as_well_as_seconds(String header) {
    Instant then = Instant.now().plusSeconds(100);
    String date =
        header.startsWith("anthropic")
            ? then.toString()
            : DateTimeFormatter.RFC_1123_DATE_TIME.format(then.atZone(ZoneOffset.UTC));
    scripts.put("a/m", refusing(429, LIMIT, header, date));
    gateway.chat("two");
    scripts.remove("a/m");
    pass(Duration.ofSeconds(70));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    pass(Duration.ofSeconds(35));
    assertThat(gateway.chat("two").text()).isEqualTo("a/m");
  }

  @Test
  void who_says_that_a_retry_is_of_no_use_is_not_asked_twice() {
    scripts.put("a/m", refusing(500, BROKEN, "x-should-retry", "false"));
    Asked one = gateway.chat("one");
    assertThat(one.failed().kind()).isEqualTo(Kind.UPSTREAM_ERROR);
    assertThat(asked).hasSize(1);
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
  }

  @Test
  void a_wait_beyond_the_deadline_fails_over() {
    scripts.put("a/m", refusing(503, BROKEN, "retry-after", "30"));
    Asked one = gateway.chat("two", Map.of("x-lintel-max-latency-ms", "5000"));
    assertThat(one.text()).isEqualTo("b/m");
    assertThat(one.took()).isLessThan(Duration.ofSeconds(1));
    Asked alone = gateway.chat("strict", Map.of("x-lintel-max-latency-ms", "5000"));
    assertThat(alone.took())
        .as("nobody waits for what is too late")
        .isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void the_least_wait_of_all_attempts_reaches_the_caller() {
    scripts.put("a/m", refusing(429, LIMIT, "retry-after", "20"));
    scripts.put("b/m", refusing(429, LIMIT, "retry-after", "900"));
    Asked one = gateway.chat("two", Map.of("x-lintel-max-latency-ms", "5000"));
    assertThat(one.failed().kind()).isEqualTo(Kind.UPSTREAM_RATE_LIMITED);
    assertThat(one.targets()).contains("a/m", "b/m");
    assertThat(one.failed().retryAfter()).contains(Duration.ofSeconds(20));
  }

  // --- what is tried again, and where

  @Test
  void a_529_is_retried() {
    failsOnce("a/m", refusing(529, "{\"error\":{\"message\":\"Overloaded\"}}"));
    assertThat(gateway.chat("one").text()).isEqualTo("a/m");
    assertThat(asked).hasSize(2);
    assertThat(health("a").word()).isEqualTo(Health.Word.HEALTHY);
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 409, 425, 429, 500, 502, 503, 504})
  void what_may_pass_is_tried_again_in_place_where_there_is_nobody_else(int status) {
    failsOnce("a/m", refusing(status, BROKEN));
    assertThat(gateway.chat("one").text()).isEqualTo("a/m");
    assertThat(asked).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 413, 422})
  void what_is_wrong_with_the_request_is_not_tried_again_anywhere(int status) {
    scripts.put("a/m", refusing(status, "{\"error\":{\"message\":\"no\"}}"));
    assertThat(gateway.chat("two").failed().status()).isEqualTo(status == 422 ? 400 : status);
    assertThat(asked).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 402, 403, 404})
  void what_one_target_refuses_another_may_answer(int status) {
    scripts.put("a/m", refusing(status, "{\"error\":{\"message\":\"no\"}}"));
    assertThat(gateway.chat("two").text()).isEqualTo("b/m");
    assertThat(asked).as("not in place").doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 429})
  void another_key_is_asked_after_a(int status) {
    Handler refused = refusing(status, "{\"error\":{\"message\":\"no\"}}");
    scripts.put("a/m#a-one-1", refused);
    Asked one = gateway.chat("two");
    assertThat(one.text()).isEqualTo("a/m");
    assertThat(asked).containsExactly("a/m#a-one-1", "a/m#a-two-2");
    asked.clear();
    for (int i = 0; i < 10; i++) {
      gateway.chat("two");
    }
    assertThat(asked).as("the refused one rests").containsOnly("a/m#a-two-2");
  }

  @Test
  void affinity_is_dropped_when_the_pinned_target_cools() {
    Map<String, String> user = Map.of("x-lintel-user", "u");
    String home = gateway.chat("sticky", user).text();
    String other = home.equals("a/m") ? "b/m" : "a/m";
    for (int i = 0; i < 5; i++) {
      assertThat(gateway.chat("sticky", user).text()).isEqualTo(home);
    }
    scripts.put(home, refusing(500, BROKEN));
    for (int i = 0; i < 6; i++) {
      assertThat(gateway.chat("sticky", user).text()).isEqualTo(other);
    }
    scripts.remove(home);
    pass(Duration.ofMinutes(2));
    asked.clear();
    assertThat(gateway.chat("sticky", user).text()).as("it stays where it went").isEqualTo(other);
    assertThat(asked).hasSize(1);
  }

  @Test
  void a_pinned_target_that_cools_is_not_asked_even_first() {
    Map<String, String> user = Map.of("x-lintel-user", "u");
    String home = gateway.chat("sticky", user).text();
    scripts.put(home, refusing(500, BROKEN));
    for (int i = 0; i < 8; i++) {
      gateway.chat("sticky", Map.of("x-lintel-user", "v" + i));
      gateway.chat("sticky", Map.of("x-lintel-user", "w" + i));
    }
    assertThat(health(home.substring(0, 1)).word()).isEqualTo(Health.Word.COOLING);
    asked.clear();
    gateway.chat("sticky", user);
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst()).doesNotStartWith(home);
  }

  // --- what the caller is told

  @Test
  void the_real_causes_are_reported_when_all_fail() {
    scripts.put("a/m", refusing(500, BROKEN));
    scripts.put("b/m", refusing(403, "{\"error\":{\"message\":\"project b is suspended\"}}"));
    Asked one = gateway.chat("two");
    String said = one.failed().lintel(one.trail).toString();
    assertThat(said).contains("upstream exploded", "project b is suspended", "500", "403");
    assertThat(one.failed().message()).isIn("upstream exploded", "project b is suspended");
  }

  @Test
  void nobody_who_rests_hides_why_it_does() {
    scripts.put("a/m", refusing(500, BROKEN));
    for (int i = 0; i < 3; i++) {
      gateway.chat("strict");
    }
    asked.clear();
    Failure refusal = gateway.chat("strict").failed();
    assertThat(asked).isEmpty();
    assertThat(refusal.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(refusal.message()).contains("a/m", "upstream exploded");
    assertThat(refusal.retryAfter().orElseThrow())
        .isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
  }

  private void failsOnce(String target, Handler how) {
    var failed = new boolean[1];
    scripts.put(
        target,
        (call, sink) -> {
          if (!failed[0]) {
            failed[0] = true;
            how.handle(call, sink);
          }
          answering(Duration.ofMillis(50)).handle(call, sink);
        });
  }

  private Health health(String provider) {
    return gateway.standings.health(gateway.providers.get(provider));
  }

  private void pass(Duration time) {
    gateway.pass(time);
  }
}
