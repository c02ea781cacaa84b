package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Says where a call would go now, and why, without asking anybody. */
public final class WhereTo {
  /**
   * A language in which a call may be described.
   *
   * @param name what {@code dialect} calls it
   * @param mark a member of bodies by which they are known where nobody says their dialect
   * @param whole what a path says that asks for a whole reply; empty where paths do not say it
   * @param streamed the same for a stream
   */
  public record Language(String name, Dialect dialect, String mark, String whole, String streamed) {
    /** One whose bodies say everything. */
    public Language(String name, Dialect dialect, String mark) {
      this(name, dialect, mark, "", "");
    }

    /** The same whose paths say the model, and whether the reply shall be a stream. */
    public Language at(String wholeReply, String stream) {
      return new Language(name, dialect, mark, wholeReply, stream);
    }
  }

  /**
   * From where it is seen: one configuration.
   *
   * @param only who calls where no app is configured
   * @param callers by tenant and app
   * @param deciding leaves in a call's trail whom it would be asked of
   */
  public record Standpoint(
      Optional<Caller> only,
      BiFunction<String, String, Optional<Caller>> callers,
      Handler deciding) {}

  private static final Set<String> FIELDS = Set.of("tenant", "app", "model", "terms", "request");
  private static final Set<String> SKETCHED =
      Set.of("dialect", "stream", "input_tokens", "max_tokens");

  private final Supplier<Standpoint> standpoint;
  private final List<Language> languages;

  /**
   * @param standpoint asked once a question
   * @param languages the last is that of a request that says nothing of it
   */
  public WhereTo(Supplier<Standpoint> standpoint, List<Language> languages) {
    this.standpoint = standpoint;
    this.languages = List.copyOf(languages);
  }

  /**
   * {@code {tenant, app, model, terms, request}} to {@code {target, decision}}; what would fail
   * fails as the call would.
   */
  public Endpoint endpoint(Dialect envelope) {
    return new Question(
        envelope, (exchange, trail) -> answer(Body.scan(exchange.request().body()), trail));
  }

  private Answer answer(Body asked, Trail trail) {
    for (String key : asked.keys()) {
      if (!FIELDS.contains(key)) {
        throw wrong(key, "is none of the fields: tenant, app, model, terms, request");
      }
    }
    Standpoint from = standpoint.get();
    Caller caller = caller(asked, from);
    Terms terms = terms(asked);
    Request request = request(asked, terms);
    trail.suppose();
    trail.calledBy(caller);
    from.deciding()
        .handle(
            new Call(
                trail,
                "",
                caller,
                terms,
                request,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Long.MAX_VALUE),
            chunk -> {});
    ObjectNode body = Json.object().put("target", trail.target().map(Target::name).orElse(null));
    body.set("decision", trail.decision().json());
    if (!trail.variant().isEmpty()) {
      body.put("variant", trail.variant());
    }
    if (!trail.findings().isEmpty()) {
      var findings = body.putArray("policy");
      trail.findings().forEach(finding -> findings.add(finding.json()));
    }
    return Answer.json(200, body);
  }

  private static Caller caller(Body asked, Standpoint from) {
    Optional<String> tenant = text(asked, "tenant");
    Optional<String> app = text(asked, "app");
    if (tenant.isEmpty() && app.isEmpty() && from.only().isPresent()) {
      return from.only().get();
    }
    String of = tenant.orElseThrow(() -> wrong("tenant", "is missing"));
    String name = app.orElseThrow(() -> wrong("app", "is missing"));
    return from.callers()
        .apply(of, name)
        .orElseThrow(() ->
            Failure.of(
                    Failure.Kind.NOT_FOUND,
                    "There is no app '" + name + "' of a tenant '" + of + "'.")
                .at("app")
                .code("app_not_found"));
  }

  /** As in a body, or as in headers: with hyphens. */
  private static Terms terms(Body asked) {
    ObjectNode given = Json.object();
    if (asked.has("terms")) {
      for (var term : object(asked, "terms").properties()) {
        given.set(term.getKey().replace('-', '_'), term.getValue());
      }
    }
    return given.isEmpty() ? Terms.NONE : Terms.read(Headers.NONE, Optional.of(given), "terms");
  }

  private Request request(Body asked, Terms terms) {
    ObjectNode described = asked.has("request") ? object(asked, "request") : Json.object();
    Optional<String> model =
        text(asked, "model")
            .or(() -> Optional.of(described.path("model").asString("")))
            .filter(name -> !name.isEmpty());
    String name = model.orElseThrow(() -> wrong("model", "is missing"));
    boolean stream = stream(described);
    Language language = language(described);
    if (SKETCHED.containsAll(described.propertyNames())) {
      return Chat.sketch(
          language.dialect,
          name,
          stream,
          tokens(described, "input_tokens"),
          tokens(described, "max_tokens"));
    }
    return unread(described, name, stream, language, terms);
  }

  /** The call's body as it would come in, with the model and the terms in it. */
  private static Request unread(
      ObjectNode body, String model, boolean stream, Language language, Terms terms) {
    body.remove("dialect");
    Map<String, String> path = Map.of();
    if (language.whole.isEmpty()) {
      body.put("model", model);
    } else {
      body.remove("model");
      body.remove("stream");
      path = Map.of("model", model, "method", stream ? language.streamed : language.whole);
    }
    if (!terms.values().isEmpty()) {
      ObjectNode all = body.get("lintel") instanceof ObjectNode said ? said : Json.object();
      terms.values().forEach(all::put);
      body.set("lintel", all);
    }
    return new Request.Unread(
        language.dialect, new RawRequest(path, Map.of(), Headers.NONE, Json.bytes(body)));
  }

  private Language language(ObjectNode described) {
    if (!described.has("dialect")) {
      return languages.stream()
          .filter(one -> described.has(one.mark))
          .findFirst()
          .orElse(languages.getLast());
    }
    return languages.stream()
        .filter(one -> one.name.equals(described.path("dialect").asString("")))
        .findFirst()
        .orElseThrow(() ->
            wrong(
                "request.dialect",
                "must be one of "
                    + languages.stream().map(Language::name).collect(Collectors.joining(", "))));
  }

  private static boolean stream(ObjectNode described) {
    JsonNode stream = described.path("stream");
    if (!stream.isMissingNode() && !stream.isBoolean()) {
      throw wrong("request.stream", "must be true or false");
    }
    return stream.asBoolean(false);
  }

  private static long tokens(ObjectNode described, String field) {
    JsonNode tokens = described.path(field);
    if (tokens.isMissingNode()) {
      return 0;
    }
    if (!tokens.isIntegralNumber() || !tokens.canConvertToLong() || tokens.asLong() < 0) {
      throw wrong("request." + field, "must be a whole number, 0 or more");
    }
    return tokens.asLong();
  }

  private static Optional<String> text(Body asked, String field) {
    Optional<String> text = asked.text(field);
    if (text.filter(String::isEmpty).isPresent()) {
      throw wrong(field, "must not be empty");
    }
    return text;
  }

  private static ObjectNode object(Body asked, String field) {
    if (asked.value(field).orElse(null) instanceof ObjectNode object) {
      return object;
    }
    throw wrong(field, "must be an object");
  }

  private static Failure wrong(String field, String what) {
    return Failure.invalid("'" + field + "' " + what + ".").at(field);
  }
}
