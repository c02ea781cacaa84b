package dev.lintel.main;

import dev.lintel.Attempt;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Held;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Model;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Retry;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import dev.lintel.route.InOrder;
import dev.lintel.route.Standings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Asks a provider how it is, on nobody's behalf: for its list of models where it has one, because
 * that costs nothing, else for the smallest answer. On a call's thread; takes 15 s at most.
 */
record Checks(Supplier<Gateway> live, Handler upstream, Standings standings) {
  private static final Timeouts TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15),
          Duration.ofSeconds(5));

  /** Less is refused by models that think. */
  private static final int FEW_TOKENS = 16;

  private static final int LONGEST_ERROR = 64 << 10;

  /** What a provider says that has no list of models. */
  private static final List<Integer> NO_LIST = List.of(404, 405, 501);

  /** What it answered; one that answers may be asked by everybody again. */
  Attempt check(Provider provider) {
    Optional<Attempt> free = free(provider);
    if (free.isPresent()) {
      if (free.get().kind().isEmpty()) {
        standings.recovered(provider);
      }
      return free.get();
    }
    Optional<String> model = live.get().models().usualAt(provider.name());
    if (model.isEmpty()) {
      return new Attempt(
          provider.name(),
          0,
          Optional.of(Failure.Kind.UNAVAILABLE),
          "The provider has no list of models, and no model of it is configured.",
          0);
    }
    Credential key = standings.bestKey(provider);
    var target = new Target(provider, model.get());
    var asked = timed(provider, key, () -> say(target, key));
    if (asked.kind().isEmpty()) {
      standings.recovered(provider, model.get(), key);
    }
    return asked;
  }

  /** Whether it answers what costs nothing. */
  boolean answers(Provider provider) {
    return free(provider).filter(answer -> answer.kind().isEmpty()).isPresent();
  }

  /** What it answers for nothing; empty where there is nothing to be had. */
  Optional<Attempt> free(Provider provider) {
    Optional<Outbound> question = provider.dialect().listing(provider.platform());
    if (question.isEmpty()) {
      return Optional.empty();
    }
    Credential key = standings.bestKey(provider);
    var asked = timed(provider, key, () -> list(provider, key, question.get()));
    return NO_LIST.contains(asked.status()) ? Optional.empty() : Optional.of(asked);
  }

  private static Attempt timed(Provider provider, Credential key, Supplier<Integer> question) {
    long began = System.nanoTime();
    int status;
    Optional<Failure> failure = Optional.empty();
    try {
      status = question.get();
    } catch (Failure why) {
      failure = Optional.of(key.secret().isEmpty() ? why : why.without(List.of(key.secret())));
      status = why.upstreamStatus();
    }
    return new Attempt(
        provider.name(),
        status,
        failure.map(Failure::kind),
        failure.map(Failure::message).orElse(""),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
  }

  private int list(Provider provider, Credential key, Outbound question) {
    var target = new Target(provider, "*");
    Relay request = Builtins.raw(target, question, Held.of(question.body()));
    var reply = new Listed();
    upstream.handle(call(request, target).to(target, key), reply::add);
    if (reply.status > 299) {
      throw provider.dialect().failure(reply.status, Headers.of(reply.headers), reply.body.take());
    }
    return reply.status;
  }

  /** A list's reply, as far as it is of interest. */
  private static final class Listed {
    private final Bytes body = new Bytes(0);
    private Map<String, String> headers = Map.of();
    private int status;

    void add(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Head head) {
          status = head.status();
          headers = head.headers();
        } else if (part instanceof Part.Data data && body.length() < LONGEST_ERROR) {
          body.add(data.bytes());
        }
      }
    }
  }

  private int say(Target target, Credential key) {
    var body = Json.object().put("model", target.name()).put("max_tokens", FEW_TOKENS);
    body.putArray("messages").addObject().put("role", "user").put("content", "Say OK.");
    Request request =
        Builtins.OPENAI.read(
            new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(Json.bytes(body))));
    upstream.handle(call(request, target).to(target, key), chunk -> {});
    return 200;
  }

  private static Call call(Request request, Target target) {
    var model =
        new Model(target.name(), List.of(target), new InOrder().build(), TIMEOUTS, Retry.usual(1));
    var trail = Trail.begin(System.nanoTime());
    trail.asked(request, Terms.NONE, model);
    return Call.begin(trail, "", Caller.UNKNOWN, request)
        .with(
            request,
            Terms.NONE,
            Optional.empty(),
            model,
            System.nanoTime() + TIMEOUTS.total().toNanos());
  }
}
