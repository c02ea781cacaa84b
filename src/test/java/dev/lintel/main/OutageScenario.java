package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.main.Callers.Told;
import dev.lintel.main.UnwellProvider.Asked;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Two of three providers fail in every way at once while 200 calls a second are made, and no caller
 * sees an error.
 */
@Tag("threads")
class OutageScenario {
  private static final int PER_SECOND = 200;
  private static final int AT_ONCE = 100;
  private static final double LEAVING = 0.05;

  /** After these a key rests for longer than such a test lasts. */
  private static final Set<Outage> LONG = EnumSet.of(Outage.LIMITED, Outage.LIMITED_FOR_AN_HOUR);

  private record Way(String strategy, List<String> askedWhenAllIsWell) {}

  /** By the model that has it. */
  private static final Map<String, Way> STRATEGIES =
      Map.of(
          "m",
          new Way("in_order", List.of("first/m")),
          "drawn",
          new Way("weighted", List.of("first/m", "second/m")),
          "turns",
          new Way("round_robin", List.of("first/m", "second/m")),
          "busy",
          new Way("least_busy", List.of("first/m")),
          "hashed",
          new Way("{ consistent_hash: { on: user } }", List.of("first/m", "second/m")),
          "cheap",
          new Way("cheapest", List.of("first/m")),
          // Whoever failed was slow, and that is forgotten in minutes only.
          "fast",
          new Way("fastest", List.of()),
          "balanced",
          new Way("{ balanced: { cost: 1, quality: 1 } }", List.of("first/m")));

  /**
   * How long the silent are waited for. The well one answers at once, but the machine may be busy:
   * how much so is seen before.
   */
  private static long patience;

  @BeforeAll
  static void warmUp() throws Exception {
    patience = 10_000;
    try (var scene = new Scene(4, "retry: { attempts: 3 }")) {
      List<String> models = List.copyOf(STRATEGIES.keySet());
      scene.callers.ask(models, 200, LEAVING);
      long began = System.nanoTime();
      scene.callers.ask(models, 100, 0);
      scene.callers.told().forEach(Told::isAnswered);
      long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
      patience = Math.min(5_000, 1_000 + took / 2);
    }
  }

  /** A gateway before three providers, of which the third is always well. */
  private static final class Scene implements AutoCloseable {
    final long seed = new Random().nextLong();
    final UnwellProvider first = new UnwellProvider(Speech.OPENAI);
    final UnwellProvider second = new UnwellProvider(Speech.ANTHROPIC);
    final UnwellProvider well = new UnwellProvider(Speech.OPENAI);
    final TestGateway gateway;
    final Callers callers;

    Scene(int atOnce, String settings) throws Exception {
      System.out.println("An outage with the seed " + seed + ", " + settings);
      gateway =
          TestGateway.of(
              "providers:\n"
                  + first.yaml("first", UnwellProvider.KEYS)
                  + second.yaml("second", UnwellProvider.KEYS)
                  + well.yaml("well", "key: none")
                  + "models:\n"
                  + STRATEGIES.entrySet().stream()
                      .map(one ->
                          "  %s: { targets: [ { to: first/m, quality: 0.9 }, { to: second/m, quality: 0.7 }, { to: well/m, quality: 0.5 } ], strategy: %s, timeouts: { connect: 2s, first_token: %dms, idle: 20s, total: 50s }, %s }\n"
                              .formatted(
                                  one.getKey(), one.getValue().strategy(), patience, settings))
                      .collect(Collectors.joining())
                  + "prices: { first/m: { input: 1.00, output: 2.00 }, second/m: { input: 2.00, output: 3.00 }, well/m: { input: 3.00, output: 4.00 } }\n");
      callers = new Callers(gateway, atOnce, PER_SECOND, seed);
    }

    UnwellProvider provider(String name) {
      return switch (name) {
        case "first" -> first;
        case "second" -> second;
        default -> well;
      };
    }

    JsonNode health(String name) {
      return Json.parse(gateway.get("/health").body()).path("providers").path(name);
    }

    String state(String name) {
      return health(name).path("state").asString();
    }

    @Override
    public void close() throws IOException {
      callers.close();
      gateway.close();
      first.close();
      second.close();
      well.close();
    }
  }

  /** Each call meets another way, since no breaker opens. */
  @Test
  void whatever_way_two_of_three_fail_in_each_call_is_answered_by_the_third() throws Exception {
    List<Outage> ways =
        Arrays.stream(Outage.values())
            .filter(way -> way != Outage.NONE && !Outage.OF_KEYS.contains(way))
            .filter(way -> way != Outage.REFUSED)
            .toList();
    try (var scene =
        new Scene(
            AT_ONCE, "retry: { attempts: 9, backoff: 1ms..10ms }, breaker: { failures: 1000 }")) {
      var random = new Random(scene.seed);
      scene.first.fails(() -> drawn(ways, random));
      scene.second.fails(() -> drawn(ways, random));

      scene.callers.ask(List.of("m"), 400, LEAVING);

      List<Told> told = scene.callers.told();
      told.forEach(Told::isAnswered);
      for (List<Asked> asked : List.of(scene.first.asked(), scene.second.asked())) {
        assertThat(asked.stream().map(Asked::outage).collect(Collectors.toSet()))
            .isEqualTo(EnumSet.copyOf(ways));
      }
      recordsAreRight(scene, told);
    }
  }

  @Test
  void an_outage_comes_and_goes_and_nobody_notices_whatever_the_strategy() throws Exception {
    List<Outage> ways =
        Arrays.stream(Outage.values())
            .filter(way -> way != Outage.NONE && !LONG.contains(way))
            .toList();
    try (var scene =
        new Scene(
            AT_ONCE,
            "hedge: { after: 500ms, share: 20% }, retry: { attempts: 9, backoff: 1ms..10ms }, breaker: { open: 1s }")) {
      List<String> models = List.copyOf(STRATEGIES.keySet());
      var random = new Random(scene.seed);
      for (int i = 0; i < 15; i++) {
        scene.first.fails(drawn(ways, random));
        scene.second.fails(drawn(ways, random));
        scene.callers.ask(models, 5 * models.size(), LEAVING);
      }
      List<Told> during = scene.callers.told();
      scene.first.recovers();
      scene.second.recovers();

      var asked = new HashMap<String, Set<String>>();
      until(() -> {
        scene.callers.ask(models, models.size(), 0);
        scene.callers.told().stream()
            .skip(during.size())
            .forEach(one ->
                asked
                    .computeIfAbsent(one.model(), model -> new HashSet<>())
                    .add(one.header("x-lintel-target")));
        return models.stream()
            .allMatch(model ->
                asked
                    .getOrDefault(model, Set.of())
                    .containsAll(STRATEGIES.get(model).askedWhenAllIsWell));
      });
      until(() -> {
        scene.callers.ask(models, models.size(), 0);
        return scene.state("first").equals("healthy") && scene.state("second").equals("healthy");
      });
      List<Told> told = scene.callers.told();
      told.forEach(Told::isAnswered);
      recordsAreRight(scene, told);
    }
  }

  @Test
  void who_rests_is_asked_by_its_probes_alone_and_everybody_can_see_it() throws Exception {
    int atOnce = 16;
    try (var scene = new Scene(atOnce, "breaker: { failures: 5, open: 1s, probes: 3 }")) {
      scene.first.fails(Outage.STATUS_500);
      scene.second.fails(Outage.PLAIN_503);
      scene.callers.ask(List.of("m"), 100, LEAVING);
      until(() -> {
        scene.callers.ask(List.of("m"), 4, LEAVING);
        return scene.state("first").equals("cooling");
      });
      JsonNode first = scene.health("first");
      assertThat(first.path("until").asString("")).isNotEmpty();
      assertThat(first.path("last_failure").path("status").asInt()).isEqualTo(500);
      assertThat(scene.health("well").path("state").asString()).isEqualTo("healthy");

      scene.callers.ask(List.of("m"), 300, LEAVING);

      scene.callers.told().forEach(Told::isAnswered);
      for (UnwellProvider failing : List.of(scene.first, scene.second)) {
        List<Asked> asked = failing.asked();
        long opened = asked.get(4).nanos();
        long rested = opened + TimeUnit.SECONDS.toNanos(1);
        assertThat(asked.stream().skip(5).filter(one -> one.nanos() < rested))
            .as("on the way when it opened")
            .hasSizeLessThan(atOnce);
        long probed = asked.stream().filter(one -> one.nanos() >= rested).count();
        long spells = (System.nanoTime() - opened) / TimeUnit.SECONDS.toNanos(1);
        assertThat(probed).isBetween(1L, 3 * spells);
      }
      scene.first.recovers();
      until(() -> {
        scene.callers.ask(List.of("m"), 4, 0);
        return scene.state("first").equals("healthy");
      });
      assertThat(scene.state("second")).as("nobody needs it").isNotEqualTo("healthy");
      scene.callers.told().forEach(Told::isAnswered);
    }
  }

  private static synchronized Outage drawn(List<Outage> ways, Random random) {
    return ways.get(random.nextInt(ways.size()));
  }

  /** What the headers and the records say of each call is what its providers saw. */
  private static void recordsAreRight(Scene scene, List<Told> told) throws Exception {
    Map<String, JsonNode> records = records(scene.gateway, told);
    for (String name : List.of("first", "second", "well")) {
      Map<String, List<Asked>> asked =
          scene.provider(name).asked().stream().collect(Collectors.groupingBy(Asked::nonce));
      for (Told one : told) {
        agree(
            asked.getOrDefault(one.nonce(), List.of()),
            tries(records.get(one.header("x-lintel-request-id")), name + "/m"));
      }
    }
    for (Told one : told) {
      JsonNode record = records.get(one.header("x-lintel-request-id"));
      String target = one.header("x-lintel-target");
      assertThat(record.path("kind").isNull()).as(record.toPrettyString()).isTrue();
      assertThat(record.path("target").asString()).isEqualTo(target);
      assertThat(one.header("x-lintel-attempts"))
          .isEqualTo(Integer.toString(record.path("attempts").size()));
      assertThat(
              record
                  .path("attempts")
                  .valueStream()
                  .filter(attempt -> attempt.path("kind").isNull())
                  .map(attempt -> attempt.path("target").asString()))
          .containsExactly(target);
    }
  }

  private static List<JsonNode> tries(JsonNode record, String target) {
    return record
        .path("attempts")
        .valueStream()
        .filter(attempt -> attempt.path("target").asString().equals(target))
        .toList();
  }

  /**
   * Not every attempt reaches its provider, and one that finds its connection closed may reach it
   * twice: where there are as many of both, they are the same.
   */
  private static void agree(List<Asked> asked, List<JsonNode> tries) {
    long answered = asked.stream().filter(one -> one.outage() == Outage.NONE).count();
    assertThat(answered).as(asked + " " + tries).isLessThanOrEqualTo(tries.size());
    for (int i = 0; i < asked.size() && asked.size() == tries.size(); i++) {
      String kind = tries.get(i).path("kind").asString("");
      int status = asked.get(i).outage().status;
      // Who was not waited for any more may have been about to say its status.
      if (status != 0 && !kind.equals("cancelled") && !kind.equals("timeout")) {
        assertThat(tries.get(i).path("status").asInt(0)).as(asked + " " + tries).isEqualTo(status);
      }
    }
  }

  private static Map<String, JsonNode> records(TestGateway gateway, List<Told> told)
      throws Exception {
    Set<String> wanted =
        told.stream().map(one -> one.header("x-lintel-request-id")).collect(Collectors.toSet());
    var records = new HashMap<String, JsonNode>();
    until(() -> {
      JsonNode page = Json.parse(admin(gateway, "/admin/v1/calls?limit=1000").body());
      page.path("data").forEach(one -> records.put(one.path("request_id").asString(), one));
      return records.keySet().containsAll(wanted);
    });
    return records;
  }

  private static HttpResponse<String> admin(TestGateway gateway, String path) {
    return gateway.send(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .header("authorization", "Bearer admin-key")
            .build());
  }

  private static void until(Callable<Boolean> holds) {
    var _ = Soon.found(holds, held -> held);
  }
}
