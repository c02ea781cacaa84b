package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Attempt;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Footing;
import dev.lintel.Health;
import dev.lintel.Json;
import dev.lintel.Provider;
import java.time.Instant;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * How every provider is: as {@code /health} shows it to anybody, and as the admin API lists it.
 * Names, states and times only: what a provider said may hold what is nobody else's business.
 */
public final class Providers {
  private final Supplier<Collection<Provider>> providers;
  private final Function<Provider, Health> state;

  public Providers(Supplier<Collection<Provider>> providers, Function<Provider, Health> state) {
    this.providers = providers;
    this.state = state;
  }

  /**
   * {@code {status, providers: {name: {state, until, last_failure, keys}}}}; the status is {@code
   * healthy}, {@code degraded} where a provider rests or all of its keys do, and {@code down} where
   * that is so of all. One that has rested is asked again, so it counts as well until that fails.
   *
   * @param footings what the gateway stands on, by name: beside the providers, and {@code degraded}
   *     at the best where one is not well
   */
  public Endpoint health(Supplier<Map<String, Footing>> footings) {
    return exchange -> {
      Map<String, Footing> below = footings.get();
      boolean firm = below.values().stream().allMatch(Footing::well);
      ObjectNode all = Json.object();
      int well = 0;
      Collection<Provider> known = providers.get();
      for (Provider provider : known) {
        Health now = state.apply(provider);
        well += now.resting() ? 0 : 1;
        all.set(provider.name(), json(now, false));
      }
      ObjectNode body = Json.object();
      boolean healthy = well == known.size() && firm;
      body.put("status", healthy ? "healthy" : well > 0 || known.isEmpty() ? "degraded" : "down");
      body.set("providers", all);
      below.forEach((name, footing) -> {
        ObjectNode one = body.putObject(name).put("state", footing.state());
        one.put("since", footing.since().map(Instant::toString).orElse(null));
        footing.more().forEach(one::put);
      });
      exchange.answer(Answer.json(200, body), Map.of());
    };
  }

  /** {@code {data: [{name, dialect, url, state, …, models: [{model, state, …}]}], next: null}}. */
  public Endpoint list() {
    return exchange -> {
      ObjectNode body = Json.object();
      var data = body.putArray("data");
      for (Provider provider : providers.get()) {
        ObjectNode entry = data.addObject();
        entry.put("name", provider.name());
        entry.put("dialect", provider.dialect().name());
        entry.put("url", provider.url().toString());
        Health now = state.apply(provider);
        entry.setAll(json(now, true));
        var models = entry.putArray("models");
        for (Health.Model model : now.models()) {
          ObjectNode one = models.addObject().put("model", model.name());
          put(one, model.word(), model.until(), model.lastFailure(), true);
        }
      }
      body.putNull("next");
      exchange.answer(Answer.json(200, body), Map.of());
    };
  }

  /**
   * {@code {name, ok, status, kind, message, latency_ms}}: what the provider named in the path
   * answers now.
   *
   * @param envelope in which failures are told
   * @param asked asks it, and waits
   */
  public Endpoint check(Dialect envelope, Function<Provider, Attempt> asked) {
    return new Question(
        envelope,
        (exchange, trail) -> {
          String name = exchange.request().path().getOrDefault("name", "");
          Provider provider =
              providers.get().stream()
                  .filter(known -> known.name().equals(name))
                  .findFirst()
                  .orElseThrow(() ->
                      Failure.of(Failure.Kind.NOT_FOUND, "There is no provider '" + name + "'.")
                          .at("name"));
          Attempt answer = asked.apply(provider);
          ObjectNode body = Json.object();
          body.put("name", name).put("ok", answer.kind().isEmpty());
          body.put("status", answer.status() == 0 ? null : Integer.valueOf(answer.status()));
          body.put("kind", answer.kind().map(Failure.Kind::word).orElse(null));
          body.put("message", answer.kind().isEmpty() ? null : answer.message());
          body.put("latency_ms", answer.latencyMs());
          return Answer.json(200, body);
        });
  }

  private static ObjectNode json(Health now, boolean messages) {
    ObjectNode node = Json.object();
    put(node, now.word(), now.until(), now.lastFailure(), messages);
    var keys = node.putArray("keys");
    for (Health.Key key : now.keys()) {
      keys.addObject()
          .put("id", key.id())
          .put("state", word(key.fitness()))
          .put("until", key.until().map(Object::toString).orElse(null));
    }
    return node;
  }

  private static void put(
      ObjectNode node,
      Health.Word state,
      Optional<Instant> until,
      Optional<Failure> last,
      boolean messages) {
    node.put("state", word(state)).put("until", until.map(Object::toString).orElse(null));
    if (last.isEmpty()) {
      node.putNull("last_failure");
      return;
    }
    ObjectNode failure = node.putObject("last_failure").put("kind", last.get().kind().word());
    int status = last.get().upstreamStatus();
    failure.put("status", status == 0 ? null : Integer.valueOf(status));
    if (messages) {
      failure.put("message", last.get().message());
    }
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
