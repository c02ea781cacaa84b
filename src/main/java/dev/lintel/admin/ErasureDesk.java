package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Erasure;
import dev.lintel.Erasures;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What admins ask to be erased, and how far that is. */
public final class ErasureDesk {
  /** How long the answer waits for the end of it. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final long STEP_MILLIS = 20;
  private static final Set<String> MEMBERS = Set.of("before", "user");
  private static final int LONGEST_USER = 1000;

  private final Supplier<Erasures> erasures;
  private final Runnable asked;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param asked told when something was
   * @param envelope in which failures are told
   */
  public ErasureDesk(
      Supplier<Erasures> erasures, Runnable asked, InstantSource clock, Dialect envelope) {
    this.erasures = erasures;
    this.asked = asked;
    this.clock = clock;
    this.envelope = envelope;
  }

  /** {@code {before, user}}: 200 where it is done soon, else 202. */
  public Endpoint ask() {
    return new Question(envelope, (exchange, trail) -> ask(exchange));
  }

  /** The one whose {@code id} is in the path. */
  public Endpoint one() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Listed.only(exchange.request());
          String id = exchange.request().path().getOrDefault("id", "");
          return Answer.json(
              200,
              erasures
                  .get()
                  .find(tenant(exchange), id)
                  .map(ErasureDesk::json)
                  .orElseThrow(() ->
                      Failure.of(
                              Failure.Kind.NOT_FOUND,
                              "Nothing was asked to be erased as '" + id + "'.")
                          .at("id")
                          .code("erasure_not_found")));
        });
  }

  /** {@code {data: […], next: null}}, the newest first. */
  public Endpoint list() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Listed.only(exchange.request());
          ArrayNode data = Json.array();
          erasures.get().list(tenant(exchange)).forEach(one -> data.add(json(one)));
          ObjectNode body = Json.object().set("data", data);
          return Answer.json(200, body.putNull("next"));
        });
  }

  private static String tenant(Exchange exchange) {
    return exchange.request().path().getOrDefault("t", "");
  }

  private Answer ask(Exchange exchange) {
    Listed.only(exchange.request());
    JsonNode body = Wanted.body(exchange);
    for (String name : body.propertyNames()) {
      if (!MEMBERS.contains(name)) {
        throw Failure.invalid(
                "'" + name + "' is unknown here: 'before' and 'user' say what is to be erased.")
            .at(name);
      }
    }
    Instant now = clock.instant();
    // A call that has just ended came before.
    Instant soon = now.truncatedTo(ChronoUnit.MILLIS).plusMillis(1);
    Instant before = text(body, "before").map(text -> Listed.time(text, "before")).orElse(soon);
    if (before.isAfter(soon)) {
      throw Failure.invalid("'before' must not be in the future: nothing is erased ahead of time.")
          .at("before");
    }
    Optional<String> user = text(body, "user");
    if (user.filter(name -> name.isEmpty() || name.length() > LONGEST_USER).isPresent()) {
      throw Failure.invalid("'user' must be the name of a user; leave it out for all of them.")
          .at("user");
    }
    String by = exchange.admin().map(Admin::name).orElse("");
    Erasures known = erasures.get();
    Erasure erasure = known.ask(tenant(exchange), before, user, by, now);
    asked.run();
    // Whom it was about stands nowhere afterwards.
    exchange.note(
        Json.object()
            .put("erasure", erasure.id())
            .put("before", erasure.before().toString())
            .put("one_user", user.isPresent()));
    long until = System.nanoTime() + PATIENCE.toNanos();
    Erasure latest = erasure;
    while (!latest.done() && System.nanoTime() - until < 0) {
      CallThread.await(
          new CompletableFuture<Boolean>()
              .completeOnTimeout(true, STEP_MILLIS, TimeUnit.MILLISECONDS));
      latest = known.find(erasure.tenant(), erasure.id()).orElse(latest);
    }
    return Answer.json(latest.done() ? 200 : 202, json(latest));
  }

  /** Empty where it is missing or null. */
  private static Optional<String> text(JsonNode body, String name) {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isString()) {
      throw Failure.invalid("'" + name + "' must be a text.").at(name);
    }
    return Optional.of(value.asString());
  }

  static ObjectNode json(Erasure erasure) {
    ObjectNode json = Json.object().put("id", erasure.id()).put("tenant", erasure.tenant());
    json.put("state", erasure.done() ? "done" : "pending");
    json.put("before", erasure.before().toString());
    json.put("one_user", erasure.user().isPresent());
    json.put("by", erasure.by()).put("asked", erasure.asked().toString());
    json.put("store", erasure.stored() ? "done" : "pending");
    Erasure.Erased erased = erasure.erased();
    json.putObject("erased")
        .put("records", erased.records())
        .put("payloads", erased.payloads())
        .put("replies", erased.replies())
        .put("files", erased.files())
        .put("batches", erased.batches())
        .put("feedback", erased.opinions());
    ArrayNode nodes = json.putArray("nodes");
    for (Erasure.Node node : List.copyOf(erasure.nodes())) {
      nodes
          .addObject()
          .put("node", node.name())
          .put("state", node.done() ? "done" : "pending")
          .put("seen", node.seen().toString());
    }
    return json;
  }
}
