package dev.lintel.filter;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Credential;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Leave;
import dev.lintel.Model;
import dev.lintel.Models;
import dev.lintel.Percent;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Retry;
import dev.lintel.Spec;
import dev.lintel.Standing;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.price.Catalogue;
import dev.lintel.price.Knowledge;
import dev.lintel.route.Balanced;
import dev.lintel.route.Cheapest;
import dev.lintel.route.ConsistentHash;
import dev.lintel.route.Fastest;
import dev.lintel.route.InOrder;
import dev.lintel.route.Learned;
import dev.lintel.route.LeastBusy;
import dev.lintel.route.RoundRobin;
import dev.lintel.route.Standings;
import dev.lintel.route.Weighted;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.databind.node.ObjectNode;

/**
 * What it costs to choose a target: its ranking, its leave, giving that back, and learning, with real
 * standings, prices and a chat of 2 KB.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class Choosing {
  private static final Map<String, Spec<Strategy>> STRATEGIES =
      Map.of(
          "in_order", new InOrder(),
          "round_robin", new RoundRobin(),
          "weighted", new Weighted(),
          "least_busy", new LeastBusy(),
          "consistent_hash", new ConsistentHash("user"),
          "cheapest", new Cheapest(),
          "fastest", new Fastest(),
          "balanced", new Balanced(Optional.empty(), Optional.empty(), Optional.empty()),
          "learned",
              new Learned(
                  new Percent(BigDecimal.valueOf(5)),
                  new Percent(BigDecimal.TEN),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty()));

  /** One model with a hundred targets. */
  @State(Scope.Benchmark)
  public static class OneModel {
    @Param({
      "in_order",
      "round_robin",
      "weighted",
      "least_busy",
      "consistent_hash",
      "cheapest",
      "fastest",
      "balanced",
      "learned"
    })
    String strategy;

    @Param("100")
    int targets;

    Model model;

    @Setup
    public void setup() {
      model = new World(targets).model("m", targets, STRATEGIES.get(strategy).build());
    }
  }

  /** Many models with ten targets each, of which some are asked, by their names. */
  @State(Scope.Benchmark)
  public static class Configured {
    @Param({"10", "1000"})
    int models;

    /** As many as fit into the processor's caches: what is compared is what is configured. */
    @Param("10")
    int asked;

    Models all;
    String[] names;
    int turn;

    @Setup
    public void setup() {
      var world = new World(models * 10);
      var made = new HashMap<String, Model>();
      names = new String[asked];
      for (int i = 0; i < models; i++) {
        String name = "model-" + i;
        made.put(name, world.model(name, 10, new Fastest().build()));
        if (i % (models / asked) == 0 && i / (models / asked) < asked) {
          names[i / (models / asked)] = name;
        }
      }
      all = new Models(made, Map.of(), new InOrder().build());
    }
  }

  @Benchmark
  public Target choose(OneModel state) {
    return chosen(state.model);
  }

  @Benchmark
  public Target among(Configured state) {
    // The next in no order that a cache would foresee.
    state.turn = Math.floorMod(state.turn + 7919, state.names.length);
    return chosen(state.all.find(state.names[state.turn]).orElseThrow());
  }

  private static Target chosen(Model model) {
    Call call = World.call(model);
    Walk.Step step =
        new Walk(call, target -> 0, new Queues((trail, event) -> {}), (trail, event) -> {}).next();
    step.pass().left();
    // What is learned makes the next choice dearer.
    call.trail().lesson().answered(step.target(), 1_000_000_000, Optional.empty());
    return step.target();
  }

  /** Targets that have been asked before, each at a pace of its own. */
  private static final class World {
    private static final Chat CHAT = chat();
    private final Random random = new Random(1);
    private final List<Target> targets = new ArrayList<>();
    private int given;

    World(int count) {
      var standings = new Standings(System::nanoTime, InstantSource.system());
      var prices = new HashMap<String, ObjectNode>();
      for (int i = 0; i < count; i++) {
        var price = Json.object();
        price.put("input", "" + (1 + i % 7)).put("output", "" + (4 + i % 11));
        prices.put("provider-" + i + "/model", price);
      }
      var facts = new Knowledge(Catalogue.builtIn(Set.of()), prices, Map.of());
      for (int i = 0; i < count; i++) {
        var provider = provider("provider-" + i);
        Standing standing = standings.of(provider, "model", 0);
        var profile =
            new Profile(1 + i % 3, "", "", "", OptionalDouble.of(i % 10 / 10.0), 0, 0);
        targets.add(new Target(provider, "model", profile, facts.of(provider, "model"), standing));
      }
    }

    Model model(String name, int count, Strategy strategy) {
      List<Target> own = targets.subList(given, given + count);
      given += count;
      var model = new Model(name, own, strategy, Timeouts.USUAL, Retry.usual(1));
      for (Target target : own) {
        for (int i = 0; i < 30; i++) {
          long first = 100_000_000L + random.nextInt(900_000_000);
          Credential key = target.provider().credentials().getFirst();
          if (target.standing().ask(call(model), key) instanceof Leave.Pass pass) {
            pass.answered(
                first,
                first + 2_000_000_000L,
                Usage.of(500, 100 + random.nextInt(300), Usage.Source.PROVIDER));
          }
        }
      }
      return model;
    }

    static Call call(Model model) {
      return new Call(
          new Trail("req", Instant.EPOCH, 0),
          "",
          Caller.FIRST,
          Terms.NONE,
          CHAT,
          Optional.empty(),
          Optional.of(model),
          Optional.empty(),
          Long.MAX_VALUE);
    }

    private static Provider provider(String name) {
      return new Provider(
          name,
          new OpenAiChat(),
          URI.create("http://127.0.0.1:1"),
          Provider.Auth.BEARER,
          List.of(new Credential(name + "#1", "k")),
          Map.of(),
          Provider.Transport.PLAIN,
          Provider.Quirks.NONE);
    }

    private static Chat chat() {
      String body =
          "{\"model\":\"m\",\"user\":\"u1\",\"max_tokens\":400,\"messages\":[{\"role\":\"user\",\"content\":\""
              + "x".repeat(2000)
              + "\"}]}";
      var inbound =
          new Inbound(
              Map.of(),
              Map.of(),
              Headers.NONE,
              Body.scan(body.getBytes(StandardCharsets.UTF_8)));
      return Chat.read(
          new OpenAiChat(),
          "m",
          false,
          false,
          inbound,
          read -> {
            throw new IllegalStateException("the conversation was read");
          });
    }
  }
}
