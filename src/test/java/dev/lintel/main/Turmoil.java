package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Headers;
import dev.lintel.Health;
import dev.lintel.Leave;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Regard;
import dev.lintel.Standing;
import dev.lintel.Target;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import dev.lintel.main.Simulation.Asked;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Ten minutes of everything at once: every strategy and every way, providers that fail in waves,
 * callers who leave, and new configurations in the middle of it.
 */
final class Turmoil {
  private static final Duration LENGTH = Duration.ofMinutes(10);
  private static final int PROBES = 2;
  private static final Duration TOTAL = Duration.ofSeconds(12);

  private static final String PROVIDERS =
      """
      providers:
        p: { kind: openai, url: "http://p/v1", keys: [ p-one-1, p-two-2 ], limits: { concurrent: 40 }, breaker: BREAKER }
        q: { kind: openai, url: "http://q/v1", keys: [ q-one-1, q-two-2 ], limits: { concurrent_per_key: 20, requests: [ 30/s, 900/min ] }, breaker: BREAKER }
        r: { kind: openai, url: "http://r/v1", keys: [ r-one-1, r-two-2 ], limits: { requests: 600/min }, breaker: BREAKER }
        s: { kind: openai, url: "http://s/v1", keys: [ s-one-1, s-two-2 ], breaker: BREAKER }
      prices: { p/m: { input: 1, output: 2 }, q/m: { input: 2, output: 3 }, r/m: { input: 3, output: 4 }, OTHERS }
      tenants:
        t:
          apps:
            any: { keys: [ any-key-1 ] }
            eu: { keys: [ eu-key-1 ], residency: eu }
      models:
      """
          .replace(
              "OTHERS",
              Stream.of(
                      "p/n s/n p/f p/x q/x r/x q/b s/a s/b s/next s/shadow r/shadow s/rule"
                          .split(" "))
                  .map(name -> name + ": { input: 1, output: 2 }")
                  .collect(Collectors.joining(", ")))
          .replace("BREAKER", "{ failures: 5, window: 20s, open: 8s, probes: " + PROBES + " }");

  private static final String TARGETS =
      "targets: [ { to: p/m, region: eu }, { to: q/m, region: us, weight: 2 }, { to: r/m, region: eu-west, weight: 3 } ]";
  private static final String NARROW =
      "targets: [ { to: p/n, region: eu, concurrent: 2 }, { to: s/n, region: us, concurrent: 2 } ]";

  /** The ways of a model, by its name. */
  private static final Map<String, String> MODELS =
      Map.ofEntries(
          Map.entry("in-order", TARGETS),
          Map.entry("weighted", TARGETS + ", strategy: weighted"),
          Map.entry("robin", TARGETS + ", strategy: round_robin"),
          Map.entry("busy", TARGETS + ", strategy: least_busy"),
          Map.entry("hash", TARGETS + ", strategy: { consistent_hash: { on: user } }"),
          Map.entry("cheap", TARGETS + ", strategy: cheapest"),
          Map.entry("fast", TARGETS + ", strategy: fastest"),
          Map.entry("balanced", TARGETS + ", strategy: balanced"),
          Map.entry("taught", TARGETS + ", strategy: learned, hedge: { after: 300ms, share: 50% }"),
          Map.entry("graded", TARGETS + ", strategy: classified"),
          Map.entry("hedged", TARGETS + ", hedge: { after: 300ms, share: 50% }"),
          Map.entry("learned", TARGETS + ", strategy: fastest, hedge: { after: p95, share: 20% }"),
          Map.entry("queued", NARROW + ", queue: { size: 15, wait: 3s }"),
          Map.entry("unqueued", NARROW),
          Map.entry("joined", TARGETS + ", coalesce: true"),
          Map.entry(
              "sticky", TARGETS + ", strategy: round_robin, sticky: { on: [ user ], for: 20s }"),
          Map.entry("canary", TARGETS + ", canary: { to: [ s/next ], percent: 30, on: user }"),
          Map.entry(
              "variants",
              TARGETS
                  + ", variants: { a: { percent: 30, to: [ s/a ] }, b: { percent: 30, to: [ q/b, s/b ] } }"),
          Map.entry("shadowed", TARGETS + ", shadow: { to: s/shadow, percent: 50 }"),
          Map.entry(
              "falling",
              "targets: [ { to: p/f, region: eu } ], fallback: { overloaded: [ queued ], any: [ robin, busy ] }"),
          Map.entry(
              "refusing", TARGETS.replace("/m", "/x") + ", breaker: { when_all_open: refuse }"),
          Map.entry(
              "ruled",
              TARGETS + ", rules: [ { if: 'terms.user == \"u1\"', use: [ s/rule, p/m ] } ]"),
          Map.entry(
              "all",
              NARROW
                  + ", strategy: fastest, sticky: { on: [ user ], for: 20s }, hedge: { after: 200ms, share: 50% }, coalesce: true,"
                  + " queue: { size: 10, wait: 2s }, fallback: { any: [ hedged ] }, canary: { to: [ s/next ], percent: 20, on: user },"
                  + " shadow: { to: r/shadow, percent: 20 }"));

  private final Random random;
  private final long seed;
  private final Chaos chaos;
  private final Simulation gateway;
  private final List<String> names = MODELS.keySet().stream().sorted().toList();
  private final Map<Leave.Pass, String> out = new HashMap<>();
  private final Map<String, Set<Leave.Pass>> probes = new HashMap<>();
  private final Set<Asked> left = new HashSet<>();
  private final List<Asked> all = new ArrayList<>();
  private int insisted;
  private int attempts;

  Turmoil(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
    var time = new VirtualTime(seed);
    this.chaos = new Chaos(random, time);
    this.gateway =
        new Simulation(
            time,
            chaos::on,
            source ->
                (provider, model, concurrent) ->
                    new Watched(source.of(provider, model, concurrent), provider, model),
            chaos);
  }

  void run() {
    load(false);
    int aSecond = 20 + random.nextInt(50);
    for (long at = 0; at < LENGTH.toMillis(); at += 1 + random.nextInt(2 * 1000 / aSecond)) {
      gateway.time.after(Duration.ofMillis(at), this::call);
    }
    for (int i = 1; i < 10; i++) {
      boolean odd = i % 2 == 1;
      gateway.time.after(LENGTH.dividedBy(10).multipliedBy(i), () -> load(odd));
    }
    gateway.time.run();
    chaos.calm = true;
    chaos.compare();
    ended();
    assertThat(chaos.faults).as("with -Dlintel.chaos=" + seed + ": " + summary()).isEmpty();
  }

  private String summary() {
    var kinds = new TreeMap<String, Integer>();
    all.forEach(one ->
        kinds.merge(
            one.failure == null ? one.bug == null ? "answered" : "bug" : one.failure.kind().word(),
            1,
            Integer::sum));
    return all.size() + " calls, " + chaos.number + " asks, insisted " + insisted + ", " + kinds;
  }

  private void load(boolean odd) {
    attempts = odd ? 3 : 4;
    var yaml = new StringBuilder(PROVIDERS);
    for (String name : names) {
      String ways = MODELS.get(name);
      if (odd) {
        ways = ways.replace("weight: 2", "weight: 5").replace("200ms", "400ms");
      }
      yaml.append("  ").append(name).append(": { ").append(ways);
      yaml.append(", timeouts: { first_token: 2s, idle: 1s, total: ")
          .append(TOTAL.toSeconds())
          .append("s }, retry: { attempts: ")
          .append(attempts)
          .append(", backoff: 50ms..1s } }\n");
    }
    gateway.load(yaml.toString());
  }

  private void call() {
    String model = names.get(random.nextInt(names.size()));
    var headers = new HashMap<String, String>();
    headers.put("x-lintel-user", "u" + random.nextInt(30));
    headers.put("x-lintel-priority", List.of("low", "normal", "high").get(random.nextInt(3)));
    long most = TOTAL.toMillis();
    if (random.nextInt(8) == 0) {
      most = 100 + random.nextInt(4000);
      headers.put("x-lintel-max-latency-ms", "" + most);
    }
    if (random.nextInt(15) == 0) {
      headers.put("x-lintel-region", random.nextBoolean() ? "eu" : "us");
    }
    String words = random.nextInt(100) == 0 ? "wrong" : "w" + random.nextInt(5);
    String body =
        "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(model, random.nextBoolean(), words);
    String key = random.nextInt(6) == 0 ? "eu-key-1" : "any-key-1";
    Asked one = gateway.ask(key, headers, body);
    all.add(one);
    one.attempts = attempts;
    chaos.callers.put(one.trail.id(), one);
    if (random.nextInt(15) == 0) {
      gateway.time.after(
          Duration.ofMillis(random.nextInt(3000)),
          () -> {
            if (one.ended < 0) {
              left.add(one);
              Objects.requireNonNull(one.thread).cancel();
            }
          });
    }
    long latest = one.began + Duration.ofMillis(most + 1100).toNanos();
    gateway.time.after(
        Duration.ofNanos(latest - gateway.time.getAsLong()),
        () -> {
          if (one.ended < 0) {
            chaos.fault(one.trail.id() + " of " + model + " is answered late");
          }
        });
    one.over = () -> over(one, model, Duration.ofMillis(headersMost(headers)));
  }

  private static long headersMost(Map<String, String> headers) {
    return Long.parseLong(headers.getOrDefault("x-lintel-max-latency-ms", "" + TOTAL.toMillis()));
  }

  // --- what holds of each call

  private void over(Asked one, String model, Duration most) {
    String who = one.trail.id() + " of " + model;
    RuntimeException bug = one.bug;
    if (bug != null) {
      chaos.fault(who + " met a bug: " + bug + " " + List.of(bug.getStackTrace()));
      return;
    }
    content(one, who);
    inOrder(one, who);
    Model asked = one.trail.model().orElseThrow();
    if (!asked.routing().coalesce()) {
      for (Chaos.Ask ask : chaos.running) {
        if (ask.id.equals(one.trail.id()) && !ask.thread.isInterrupted()) {
          chaos.fault(ask + " goes on though its call is over");
        }
      }
      if (one.took().compareTo(most) > 0) {
        chaos.fault(who + " took " + one.took() + " of " + most);
      }
    }
    Failure failure = one.failure;
    if (failure == null) {
      return;
    }
    if (failure.upstreamStatus() > 0
        && failure.kind() != Kind.INVALID_REQUEST
        && one.chunks.isEmpty()
        && one.took().compareTo(most) < 0) {
      gaveUp(one, asked, who, failure);
    }
    boolean late = one.took().compareTo(most) >= 0;
    boolean truthful =
        switch (failure.kind()) {
          case CANCELLED -> left.contains(one);
          case TIMEOUT ->
              late || given(failure) || failure.message().contains("before a target of");
          case UNAVAILABLE -> failure.upstreamStatus() == 0;
          case INTERNAL -> false;
          default -> given(failure);
        };
    if (!truthful) {
      chaos.fault(
          who + " failed with what nobody said: " + failure.kind() + " " + failure.message());
    }
    if (failure.kind() == Kind.UNAVAILABLE && failure.message().contains("may be asked now")) {
      refused(one, asked, who, failure);
    }
  }

  /** Where tries were left somebody who is well, at another provider, had to be asked. */
  private void gaveUp(Asked one, Model model, String who, Failure failure) {
    List<Chaos.Ask> asks = chaos.asks.getOrDefault(one.trail.id(), List.of());
    if (!isPlain(one, model)
        || model.routing().split().isPresent()
        || !model.routing().rules().isEmpty()
        || asks.size() >= one.attempts) {
      return;
    }
    for (Target target : model.targets()) {
      boolean untouched =
          asks.stream()
              .noneMatch(ask -> ask.target.provider().name().equals(target.provider().name()));
      if (untouched && target.standing().well()) {
        chaos.fault(who + " gave up while " + target.name() + " is well: " + failure.message());
      }
    }
  }

  private static boolean isPlain(Asked one, Model model) {
    return one.trail.caller().residency().isEmpty()
        && one.trail.terms().get("region").isEmpty()
        && model.routing().queue().isEmpty()
        && model.routing().fallback().isEmpty()
        && !model.routing().coalesce();
  }

  /** A provider's words name the ask, which is the caller's own or that of the call it joined. */
  private boolean given(Failure failure) {
    return failure.message().contains("(ask ")
        || failure.message().startsWith("The provider's reply was empty")
        || failure.message().startsWith("The provider did not answer");
  }

  private void refused(Asked one, Model model, String who, Failure failure) {
    if (isPlain(one, model)) {
      for (Target target : model.targets()) {
        if (target.standing().well()) {
          chaos.fault(
              who + " was refused while " + target.name() + " is well: " + failure.message());
        }
      }
    }
  }

  /** The record tells of the tries as they began. */
  private void inOrder(Asked one, String who) {
    var recorded = new ArrayDeque<>(one.targets());
    for (Chaos.Ask ask : chaos.asks.getOrDefault(one.trail.id(), List.of())) {
      while (!recorded.isEmpty() && !recorded.peek().equals(ask.target.name())) {
        recorded.remove();
      }
      if (recorded.poll() == null && !one.trail.model().orElseThrow().routing().coalesce()) {
        chaos.fault(who + " was recorded as " + one.targets() + ", without " + ask);
      }
    }
  }

  private void content(Asked one, String who) {
    var numbers = new HashSet<String>();
    int next = 0;
    for (String piece : one.text().split(";")) {
      if (!piece.isEmpty()) {
        int dot = piece.indexOf('.');
        numbers.add(piece.substring(0, dot));
        if (Integer.parseInt(piece.substring(dot + 1)) != next++) {
          chaos.fault(who + " has a gap or something twice: " + one.text());
          return;
        }
      }
    }
    if (numbers.size() > 1) {
      chaos.fault(who + " was answered by two: " + one.text());
    }
    long stops =
        one.chunks.stream()
            .flatMap(chunk -> chunk.parts().stream())
            .filter(Part.Stop.class::isInstance)
            .count();
    if (stops != (one.failure == null ? 1 : 0)) {
      chaos.fault(who + " has " + stops + " ends, and " + one.failure);
    }
  }

  // --- what holds at the end

  private void ended() {
    out.forEach((pass, who) -> chaos.fault("never given back: " + who));
    gateway
        .queues
        .lengths()
        .forEach((model, length) -> {
          if (length > 0) {
            chaos.fault(length + " wait for " + model);
          }
        });
    chaos.running.forEach(ask -> chaos.fault(ask + " goes on"));
    all.forEach(one -> {
      if (one.ended < 0) {
        chaos.fault(one.trail.id() + " has not ended");
      }
      if (!Objects.equals(chaos.endings.get(one.trail.id()), 1)) {
        chaos.fault(one.trail.id() + " ended " + chaos.endings.get(one.trail.id()) + " times");
      }
    });
    // Longer than anybody rests, and shorter than a probe that is lost is waited for.
    gateway.pass(Duration.ofMinutes(6));
    for (String name : names) {
      for (int i = 0; i < PROBES; i++) {
        Asked one = gateway.chat(name);
        if (!one.answered()) {
          chaos.fault("nobody has recovered for " + name + ": " + one.failure);
        }
      }
    }
    gateway.models.values().stream().flatMap(Model::everywhere).forEach(this::room);
  }

  private void room(Target target) {
    if (target.standing().underWay() != 0) {
      chaos.fault(target.name() + " has " + target.standing().underWay() + " calls under way");
    }
    if (!target.standing().well()) {
      chaos.fault(target.name() + " is not well");
    }
    int most = target.profile().concurrent();
    if (most == 0) {
      return;
    }
    Call call = Simulation.call(gateway.models.get("in-order"));
    var taken = new ArrayList<Leave.Pass>();
    for (Credential key : target.provider().credentials()) {
      for (int i = 0; i < most; i++) {
        if (((Watched) target.standing()).real.insist(call, key) instanceof Leave.Pass pass) {
          taken.add(pass);
        }
      }
    }
    if (taken.size() != most) {
      chaos.fault(target.name() + " has room for " + taken.size() + " of " + most);
    }
    taken.forEach(Leave.Pass::unused);
  }

  /** Looks at every leave that is given, and at every one that comes back. */
  private final class Watched implements Standing {
    private final Standing real;
    private final Provider provider;
    private final String model;

    Watched(Standing real, Provider provider, String model) {
      this.real = real;
      this.provider = provider;
      this.model = model;
    }

    @Override
    public Leave ask(Call call, Credential key) {
      return switch (real.ask(call, key)) {
        case Leave.Pass pass -> {
          var given = new Given(pass);
          out.put(given, call.id() + " at " + provider.name() + "/" + model);
          granted(call, key, given);
          yield given;
        }
        case Leave.Bar bar -> bar;
      };
    }

    private void granted(Call call, Credential key, Given given) {
      String who = call.id() + " at " + provider.name() + "/" + model;
      Health health = gateway.standings.health(provider);
      probe(provider.name(), health.word(), given, PROBES, who);
      health.models().stream()
          .filter(one -> one.name().equals(model))
          .forEach(one -> probe(provider.name() + "/" + model, one.word(), given, PROBES, who));
      for (Health.Key one : health.keys()) {
        if (one.id().equals(key.id())) {
          if (one.until().isPresent()) {
            chaos.fault(who + " with " + key.id() + ", which rests");
          }
          probe(
              provider.name() + "#" + key.id(),
              one.fitness() == Health.Fitness.OK ? Health.Word.HEALTHY : Health.Word.HALF_OPEN,
              given,
              1,
              who);
        }
      }
    }

    private void probe(String scope, Health.Word word, Given given, int most, String who) {
      Set<Leave.Pass> now = probes.computeIfAbsent(scope, name -> new HashSet<>());
      switch (word) {
        case COOLING -> chaos.fault(who + " passed " + scope + ", which is open");
        case HEALTHY -> now.clear();
        case HALF_OPEN -> {
          now.add(given);
          given.scopes.add(scope);
          if (now.size() > most) {
            chaos.fault(who + " is one probe too many of " + scope + ": " + now.size());
          }
        }
      }
    }

    /** What opens ends all that were probes. */
    private void look() {
      Health health = gateway.standings.health(provider);
      forget(provider.name(), health.word());
      health.models().forEach(one -> forget(provider.name() + "/" + one.name(), one.word()));
      health
          .keys()
          .forEach(one -> {
            if (one.until().isPresent() || one.fitness() == Health.Fitness.OK) {
              forget(provider.name() + "#" + one.id(), Health.Word.COOLING);
            }
          });
    }

    private void forget(String scope, Health.Word word) {
      if (word != Health.Word.HALF_OPEN && probes.containsKey(scope)) {
        probes.get(scope).clear();
      }
    }

    @Override
    public Leave insist(Call call, Credential key) {
      return switch (real.insist(call, key)) {
        case Leave.Pass pass -> {
          insisted++;
          String who = call.id() + " insisted on " + provider.name() + "/" + model;
          if (!call.resolved().routing().insists()) {
            chaos.fault(who + " though it may not");
          }
          Set<String> asked = new HashSet<>();
          chaos
              .asks
              .getOrDefault(call.id(), List.of())
              .forEach(ask -> asked.add(ask.target.name()));
          for (Target other : call.resolved().targets()) {
            if (!asked.contains(other.name()) && other.standing().well()) {
              chaos.fault(who + " while " + other.name() + " is well");
            }
          }
          var given = new Given(pass);
          out.put(given, who);
          yield given;
        }
        case Leave.Bar bar -> bar;
      };
    }

    @Override
    public boolean well() {
      return real.well();
    }

    @Override
    public void told(Credential key, Headers headers) {
      real.told(key, headers);
    }

    @Override
    public void hear(Runnable room) {
      real.hear(room);
    }

    @Override
    public void unhear(Runnable room) {
      real.unhear(room);
    }

    @Override
    public int underWay() {
      return real.underWay();
    }

    @Override
    public double firstContentNanos(long now) {
      return real.firstContentNanos(now);
    }

    @Override
    public double tokensPerSecond() {
      return real.tokensPerSecond();
    }

    @Override
    public double outputTokens() {
      return real.outputTokens();
    }

    @Override
    public long firstContentP95Nanos() {
      return real.firstContentP95Nanos();
    }

    @Override
    public Regard regard(String model, Regard.By by) {
      return real.regard(model, by);
    }

    private final class Given implements Leave.Pass {
      private final Leave.Pass real;
      private final List<String> scopes = new ArrayList<>(1);

      Given(Leave.Pass real) {
        this.real = real;
      }

      private void back() {
        if (out.remove(this) == null) {
          chaos.fault("given back twice at " + provider.name() + "/" + model);
        }
        scopes.forEach(scope -> probes.get(scope).remove(this));
      }

      @Override
      public void answered(long firstContentNanos, long nanos, Usage usage) {
        back();
        real.answered(firstContentNanos, nanos, usage);
        look();
      }

      @Override
      public void failed(Failure failure) {
        back();
        real.failed(failure);
        look();
      }

      @Override
      public void left() {
        back();
        real.left();
        look();
      }

      @Override
      public void outrun(long nanos) {
        back();
        real.outrun(nanos);
        look();
      }

      @Override
      public void unused() {
        back();
        real.unused();
        look();
      }
    }
  }
}
