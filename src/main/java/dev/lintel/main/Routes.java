package dev.lintel.main;

import dev.lintel.Answer;
import dev.lintel.Attempt;
import dev.lintel.CallRecords;
import dev.lintel.Caller;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Footing;
import dev.lintel.Handler;
import dev.lintel.Health;
import dev.lintel.Identity;
import dev.lintel.Json;
import dev.lintel.Peer;
import dev.lintel.Policy;
import dev.lintel.Provider;
import dev.lintel.RawRequest;
import dev.lintel.Records;
import dev.lintel.Route;
import dev.lintel.SignedCaller;
import dev.lintel.admin.Guard;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Probe;
import dev.lintel.admin.Providers;
import dev.lintel.admin.WhatIf;
import dev.lintel.dialect.GeminiEmbeddings;
import dev.lintel.dialect.OpenAiRelay;
import dev.lintel.dialect.SimpleChat;
import dev.lintel.filter.Continuity;
import dev.lintel.filter.Rollouts;
import dev.lintel.filter.Shadow;
import dev.lintel.identity.Directory;
import dev.lintel.server.Feedback;
import dev.lintel.server.Front;
import dev.lintel.server.Known;
import dev.lintel.server.ModelList;
import dev.lintel.server.RealtimeFront;
import dev.lintel.server.ResponsesSocket;
import dev.lintel.server.Unserved;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Who serves which path. */
final class Routes {
  /**
   * What the endpoints need of the gateway around them.
   *
   * @param live asked once a call, so that a new configuration serves the calls that come after it
   * @param records of the calls that have ended
   * @param stored the same, as far as the store adds them up
   * @param ratings whom callers tell how well a call was answered
   * @param directory of the callers' keys in the store
   * @param check asks a provider how it is, and waits
   * @param ready whether new calls are welcome
   * @param candidate a policy that nobody need be under, by its name or as it would be written
   * @param candidates what a configuration that is not in force would decide
   * @param guard before everything that admins ask
   * @param admin what is asked of parts that are not of one configuration
   */
  record Around(
      Supplier<Gateway> live,
      Handler calls,
      Continuity continuity,
      Rollouts rollouts,
      Shadow shadow,
      Storage storage,
      Endpoint metrics,
      Directory directory,
      Function<Provider, Health> health,
      Supplier<Map<String, Footing>> footings,
      Function<Provider, Attempt> check,
      CallRecords records,
      Supplier<Records> stored,
      Feedback.Ratings ratings,
      BooleanSupplier ready,
      Guard guard,
      Function<JsonNode, Policy> candidate,
      WhatIf.Candidates candidates,
      List<Operation> admin) {
    /** As the configuration in force has it. */
    Identity identity() {
      return new Identity() {
        @Override
        public Caller holder(String credential, Peer peer) {
          return live.get().register().holder(credential, peer);
        }

        @Override
        public Optional<SignedCaller> signer(String accessKey, Peer peer) {
          return live.get().register().signer(accessKey, peer);
        }

        @Override
        public void missigned(Peer peer) {
          live.get().register().missigned(peer);
        }
      };
    }
  }

  /** SDKs differ in whether the version is in the path or in the base. */
  static final List<String> V1 = List.of("/v1", "");

  /** Azure's SDKs have a prefix of their own. */
  static final List<String> AZURE_TOO = List.of("/v1", "", "/openai/v1", "/openai");

  /** Azure's older SDKs put the deployment into the path; it is the model. */
  private static final List<String> DEPLOYMENTS_TOO =
      List.of("/v1", "", "/openai/v1", "/openai", "/openai/deployments/{model*}");

  /** Google's stable version and the one that its SDKs ask. */
  private static final List<String> GOOGLE = List.of("/v1beta/models", "/v1/models");

  /** The paths that the requests of a batch may ask; Azure writes them without a version. */
  private static final Set<String> BATCHED =
      Stream.of(
              "/chat/completions",
              "/completions",
              "/embeddings",
              "/messages",
              "/moderations",
              "/responses")
          .flatMap(path -> V1.stream().map(base -> base + path))
          .collect(Collectors.toUnmodifiableSet());

  private final Around around;
  private final List<Route> table = new ArrayList<>();

  private Routes(Around around) {
    this.around = around;
  }

  static List<Route> of(Around around) {
    var routes = new Routes(around);
    routes.dialects();
    routes.services();
    routes.lists();
    routes.gateway();
    Map<String, Front> batched = routes.batched();
    routes.table.addAll(around.storage.routes(around.identity(), batched));
    return List.copyOf(routes.table);
  }

  private void dialects() {
    post(DEPLOYMENTS_TOO, "/chat/completions", front(Builtins.OPENAI));
    post(DEPLOYMENTS_TOO, "/completions", front(Builtins.COMPLETIONS));
    post(DEPLOYMENTS_TOO, "/embeddings", front(Builtins.EMBEDDINGS));
    post(DEPLOYMENTS_TOO, "/rerank", front(Builtins.RERANK));
    post(DEPLOYMENTS_TOO, "/responses", front(Builtins.RESPONSES));
    post(DEPLOYMENTS_TOO, "/responses/input_tokens", front(Builtins.RESPONSES_COUNT));
    for (ResponseById.Question asked : ResponseById.Question.values()) {
      add(asked.method, DEPLOYMENTS_TOO, "/responses/{response}" + asked.path, byId(asked));
    }
    get(
        AZURE_TOO,
        "/responses",
        new ResponsesSocket(Builtins.RESPONSES, around.identity(), around::calls));
    get(AZURE_TOO, "/realtime", new RealtimeFront(Builtins.REALTIME, around::calls));
    post(V1, "/messages", front(Builtins.ANTHROPIC));
    post(V1, "/messages/count_tokens", front(Builtins.ANTHROPIC_COUNT));
    post(GOOGLE, "/{model*}:embedContent", front(Builtins.GEMINI_EMBED));
    post(GOOGLE, "/{model*}:batchEmbedContents", front(new GeminiEmbeddings(true)));
    post(GOOGLE, "/{model*}:{method}", front(Builtins.GEMINI));
    post(List.of("/v2"), "/chat", front(Builtins.COHERE));
    post(List.of("/v2"), "/embed", front(Builtins.COHERE_EMBED));
    post(List.of("/v2"), "/rerank", front(Builtins.COHERE_RERANK));
    post(List.of("/model"), "/{model*}/{method}", front(Builtins.BEDROCK));
    post(V1, "/chat", front(new SimpleChat()));
  }

  private void services() {
    for (OpenAiRelay relay : Builtins.SERVICES) {
      Endpoint served = front(relay);
      Route.Bodies whole = relay.service().form() ? Route.Bodies.NOT_FORMS : Route.Bodies.ALL;
      for (String base : DEPLOYMENTS_TOO) {
        table.add(new Route("POST", base + relay.service().path(), served, whole));
      }
    }
    table.add(new Route("*", "/provider/{name}/{rest*}", front(Builtins.RAW), Route.Bodies.NONE));
  }

  private void lists() {
    get(DEPLOYMENTS_TOO, "/models", models(Routes::bySdk));
    get(AZURE_TOO, "/models/{model*}", models(Routes::bySdk));
    get(List.of("/v1beta"), "/models", models(raw -> Builtins.GEMINI));
    get(List.of("/v1beta"), "/models/{model*}", models(raw -> Builtins.GEMINI));
  }

  private void gateway() {
    var providers = new Providers(() -> around.live.get().providers().values(), around.health);
    List<String> root = List.of("");
    get(root, "/", Routes::introduce);
    get(root, "/metrics", around.metrics);
    post(
        List.of("/v1"),
        "/feedback",
        new Known(
            Builtins.OPENAI,
            around.identity(),
            new Feedback(
                around.ratings,
                around.records,
                () -> around.storage.store().opinions(),
                InstantSource.system())));
    get(root, "/health", providers.health(around.footings));
    get(root, "/livez", new Probe(() -> true));
    get(root, "/readyz", new Probe(around.ready));
    for (Operation operation : Administration.of(around, providers)) {
      add(operation.method(), List.of("/admin/v1"), operation.path(), around.guard.over(operation));
    }
  }

  private void post(List<String> bases, String path, Endpoint endpoint) {
    add("POST", bases, path, endpoint);
  }

  private void get(List<String> bases, String path, Endpoint endpoint) {
    add("GET", bases, path, endpoint);
  }

  private void add(String method, List<String> bases, String path, Endpoint endpoint) {
    for (String base : bases) {
      table.add(new Route(method, base + path, endpoint));
    }
  }

  /** Those of the paths that a batch may ask which are served. */
  private Map<String, Front> batched() {
    var served = new TreeMap<String, Front>();
    for (Route route : table) {
      if (route.method().equals("POST")
          && BATCHED.contains(route.path())
          && route.endpoint() instanceof Front front) {
        served.putIfAbsent(route.path(), front);
      }
    }
    return served;
  }

  private Endpoint front(Dialect dialect) {
    return new Front(dialect, around::calls);
  }

  private Endpoint byId(ResponseById.Question question) {
    return new ResponseById(
        question,
        Builtins.RESPONSES,
        around.continuity,
        around.identity(),
        () -> around.live.get().models(),
        around.calls);
  }

  private Endpoint models(Function<RawRequest, Dialect> dialect) {
    return new ModelList(
        dialect,
        around.identity(),
        caller -> around.live.get().modelsFor(caller),
        (caller, name) -> around.live.get().modelFor(caller, name));
  }

  private static void introduce(Exchange exchange) {
    exchange.answer(
        Answer.json(
            200,
            Json.object()
                .put("name", "lintel")
                .put("version", Version.TEXT)
                .put("contract", Version.CONTRACT)),
        Map.of());
  }

  /**
   * What is said of a path that is in no row of the table.
   *
   * @param methods that it is served by, where it is served at all
   */
  static Endpoint unserved(Set<String> methods) {
    if (methods.isEmpty()) {
      return new Unserved(
          Routes::byPath,
          Map.of(),
          exchange ->
              Failure.of(
                      Failure.Kind.NOT_FOUND,
                      "Nothing is served at " + exchange.method() + " " + exchange.path() + ".")
                  .code("unknown_path"));
    }
    String allowed = String.join(", ", methods);
    return new Unserved(
        Routes::byPath,
        Map.of("allow", allowed),
        exchange ->
            Failure.invalid(
                    exchange.path() + " takes " + allowed + ", not " + exchange.method() + ".")
                .status(405)
                .code("method_not_allowed"));
  }

  /** The dialect that a path suggests. */
  private static Dialect byPath(String path) {
    if (path.startsWith("/v1/messages") || path.startsWith("/messages")) {
      return Builtins.ANTHROPIC;
    }
    if (path.startsWith("/model/")) {
      return Builtins.BEDROCK;
    }
    if (path.startsWith("/v2/")) {
      return Builtins.COHERE;
    }
    return path.startsWith("/v1beta") || path.startsWith("/v1/models/")
        ? Builtins.GEMINI
        : Builtins.OPENAI;
  }

  /** All SDKs list models at one path; each has headers of its own. */
  private static Dialect bySdk(RawRequest raw) {
    if (raw.headers().get("anthropic-version").isPresent()) {
      return Builtins.ANTHROPIC;
    }
    if (raw.headers().get("x-fern-sdk-name").filter(name -> name.contains("cohere")).isPresent()) {
      return Builtins.COHERE;
    }
    return raw.headers().get("x-goog-api-key").isPresent() ? Builtins.GEMINI : Builtins.OPENAI;
  }
}
