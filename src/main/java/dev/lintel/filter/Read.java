package dev.lintel.filter;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Held;
import dev.lintel.Inbound;
import dev.lintel.Live;
import dev.lintel.Model;
import dev.lintel.Models;
import dev.lintel.RawRequest;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Service;
import dev.lintel.Sink;
import dev.lintel.Spool;
import dev.lintel.Target;
import dev.lintel.Terms;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Reads a known caller's request, and finds the model it asks for. */
public final class Read implements Filter {
  /** Providers end a session after an hour or so; this ends those that none of them does. */
  private static final Duration LONGEST_LIVE = Duration.ofHours(24);

  private final Models models;
  private final Spool spool;

  /**
   * @param spool where uploads wait of which more has to be known than fits into memory
   */
  public Read(Models models, Spool spool) {
    this.models = models;
    this.spool = spool;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (call.request() instanceof Live live) {
      live(call, live, sink, next);
      return;
    }
    if (call.request() instanceof Chat chat && chat.sketched()) {
      sketched(call, chat, sink, next);
      return;
    }
    if (!(call.request() instanceof Request.Unread unread)) {
      next.handle(call, sink);
      return;
    }
    RawRequest raw = unread.raw();
    if (raw.upload().isEmpty()) {
      apply(call, unread, Body.scan(raw.body()), Optional.empty(), sink, next);
      return;
    }
    try (var held = new Held(raw.upload().get(), spool)) {
      apply(call, unread, Body.EMPTY, Optional.of(held), sink, next);
    }
  }

  private void apply(
      Call call, Request.Unread unread, Body body, Optional<Held> upload, Sink sink, Handler next) {
    RawRequest raw = unread.raw();
    Request request =
        unread
            .dialect()
            .read(
                new Inbound(
                    raw.method(),
                    raw.uri(),
                    raw.path(),
                    withoutKey(raw.query()),
                    raw.headers(),
                    body,
                    upload));
    Optional<JsonNode> given =
        request instanceof Relay relay ? relay.terms() : body.value("lintel");
    Terms terms = Terms.read(raw.headers(), given, call.caller().explain());
    Optional<String> provider = body.isText("provider") ? body.text("provider") : Optional.empty();
    Optional<Credential> own = body.text("api_key").map(secret -> own(call.caller(), secret));
    String name = name(call.caller(), provider, request.model());
    call.trail().named(name);
    Model model = priced(request, allowed(call.caller(), name, provider));
    if (own.isPresent()) {
      model = at(provider.orElse(name.substring(0, Math.max(0, name.indexOf('/')))), model);
    }
    call.trail().asked(request, terms, model);
    next.handle(call.with(request, terms, own, model, deadline(call, terms, model)), sink);
  }

  /**
   * What is passed through says in the provider's own words which of its models it asks, whose
   * price holds where none is configured for whatever is passed through.
   */
  private Model priced(Request request, Model model) {
    if (!(request instanceof Relay relay) || relay.service() != Service.RAW) {
      return model;
    }
    Target whole = model.targets().getFirst();
    return whole.price().known()
        ? model
        : RawModel.of(relay)
            .flatMap(name -> models.at(whole.provider().name(), name))
            .map(asked -> asked.targets().getFirst().facts())
            .filter(facts -> facts.price().known())
            .map(facts ->
                model.among(
                    List.of(
                        new Target(
                            whole.provider(),
                            whole.model(),
                            whole.profile(),
                            facts,
                            whole.standing()))))
            .orElse(model);
  }

  /** Has no body: everything stands in its head. What it may take is for its two sides to say. */
  private void live(Call call, Live live, Sink sink, Handler next) {
    Terms terms = Terms.read(live.headers(), Optional.empty(), call.caller().explain());
    String name = name(call.caller(), Optional.empty(), live.model());
    call.trail().named(name);
    Model model = allowed(call.caller(), name, Optional.empty());
    call.trail().asked(live, terms, model);
    long end = call.trail().started() + LONGEST_LIVE.toNanos();
    next.handle(call.with(live, terms, Optional.empty(), model, end), sink);
  }

  /** Has no body, and its terms came with it. */
  private void sketched(Call call, Chat chat, Sink sink, Handler next) {
    String name = name(call.caller(), Optional.empty(), chat.model());
    call.trail().named(name);
    Model model = allowed(call.caller(), name, Optional.empty());
    call.trail().asked(chat, call.terms(), model);
    long end = deadline(call, call.terms(), model);
    next.handle(call.with(chat, call.terms(), Optional.empty(), model, end), sink);
  }

  private Model allowed(Caller caller, String name, Optional<String> provider) {
    Model model = find(name, provider);
    if (!caller.mayAsk(name)) {
      throw Failure.of(Failure.Kind.PERMISSION, "This app may not use the model '" + name + "'.")
          .at("model");
    }
    return model;
  }

  /** What is asked for; where the request leaves it open, the first model that there is. */
  private String name(Caller caller, Optional<String> provider, String asked) {
    String model =
        asked.isEmpty()
            ? provider
                .map(models::usualAt)
                .orElse(models.names().stream().filter(caller::mayAsk).findFirst())
                .orElseThrow(() ->
                    Failure.invalid("'model' is missing, and there is none to choose.").at("model"))
            : asked;
    return provider.map(at -> at + "/" + model).orElse(model);
  }

  private Model find(String name, Optional<String> provider) {
    return models
        .find(name)
        .orElseThrow(() ->
            Failure.of(
                    Failure.Kind.NOT_FOUND,
                    provider.isPresent()
                        ? "There is no provider '" + provider.get() + "'."
                        : "There is no model '"
                            + name
                            + "'. Ask for a configured model, or for 'provider/model'.")
                .at(provider.isPresent() ? "provider" : "model")
                .code("model_not_found"));
  }

  /** What no header can carry would fail on its way to the provider, and be logged there. */
  private static Credential own(Caller caller, String secret) {
    if (!caller.ownKeys()) {
      throw Failure.of(
              Failure.Kind.PERMISSION,
              "This app may not bring provider keys of its own ('api_key').")
          .at("api_key");
    }
    if (secret.isEmpty() || !secret.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw Failure.invalid("'api_key' must be visible ASCII characters.").at("api_key");
    }
    return new Credential("own", secret);
  }

  /** The model at one provider only: a key must not reach another than the one that gave it. */
  private static Model at(String provider, Model model) {
    List<Target> targets =
        model.targets().stream()
            .filter(target -> target.provider().name().equals(provider))
            .toList();
    if (targets.isEmpty()) {
      throw Failure.invalid(
              "'api_key' needs 'provider' beside it, or a model named 'provider/model', so that no other provider gets the key.")
          .at("api_key");
    }
    return model.only(targets);
  }

  /** By when the call is over, by its own terms and its model's. */
  static long deadline(Call call, Terms terms, Model model) {
    long total = model.timeouts().total().toNanos();
    long most = terms.maxLatencyMs().map(TimeUnit.MILLISECONDS::toNanos).orElse(Long.MAX_VALUE);
    return call.trail().started() + Math.min(total, most);
  }

  private static Map<String, String> withoutKey(Map<String, String> query) {
    if (!query.containsKey("key")) {
      return query;
    }
    var rest = new HashMap<>(query);
    rest.remove("key");
    return rest;
  }
}
