package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Live;
import dev.lintel.Part;
import dev.lintel.RawRequest;
import dev.lintel.Relay;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Route;
import dev.lintel.Stored;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * A provider that needs no model: routes to be hung on a server. The same prompt gets the same
 * answer, and faults come when they are asked for.
 */
public final class Sim {
  private static final byte[] TRUE = {'t', 'r', 'u', 'e'};

  /**
   * What has come in so far, and how it ended.
   *
   * @param refused requests that were wrong in themselves
   * @param faulted calls that failed as they were asked to
   * @param cancelled calls that the other side left before their end
   * @param failed calls on which the simulator itself failed
   */
  public record Stats(
      long arrived,
      long open,
      long answered,
      long refused,
      long faulted,
      long cancelled,
      long failed) {}

  /** What is listed; any other name is answered, too. */
  private static final List<String> MODELS = List.of("small", "large", "embed");

  /** The one language beside those of chat that is answered as a chat is. */
  private static final String COMPLETIONS = "completions";

  private final Desk desk = new Desk();
  private final Set<Vendor> vendors = EnumSet.noneOf(Vendor.class);
  private final Map<Vendor, Dialect> dialects = new TreeMap<>();
  private final Optional<Dialect> completions;
  private final Map<Vendor, Dialect> counters = new TreeMap<>();
  private final SimOptions options;

  /**
   * @param dialects those of chats that somebody simulates; others are left aside
   * @param options what holds for every call unless it says otherwise
   */
  public Sim(List<Dialect> dialects, SimOptions options) {
    dialects.stream()
        .filter(Vendor::isKnown)
        .forEach(dialect -> this.dialects.put(Vendor.of(dialect), dialect));
    this.vendors.addAll(this.dialects.keySet());
    dialects.forEach(dialect -> Vendor.beside(dialect).ifPresent(this.vendors::add));
    this.completions =
        dialects.stream().filter(dialect -> dialect.name().equals(COMPLETIONS)).findFirst();
    this.dialects
        .keySet()
        .forEach(vendor ->
            dialects.stream()
                .filter(vendor::counts)
                .forEach(dialect -> counters.put(vendor, dialect)));
    this.options = options;
  }

  /** Every path of the provider. No caller is asked for a key. */
  public List<Route> routes() {
    var routes = new ArrayList<Route>();
    dialects.forEach((vendor, dialect) -> {
      for (Vendor.Place place : vendor.places()) {
        add(routes, place.path(), vendor, raw -> chat(raw, place, vendor, dialect));
      }
    });
    for (Vendor vendor : vendors) {
      for (Embeddings.Place place : Embeddings.places(vendor)) {
        add(routes, place.path(), vendor, raw -> place.model().answer(raw, options));
      }
      for (Embeddings.Place place : Rankings.places(vendor)) {
        add(routes, place.path(), vendor, raw -> place.model().answer(raw, options));
      }
    }
    completions.ifPresent(dialect ->
        Vendor.openAi("/completions")
            .map(path -> new Vendor.Place(path, Map.of()))
            .forEach(place ->
                add(
                    routes,
                    place.path(),
                    Vendor.OPENAI,
                    raw -> chat(raw, place, Vendor.OPENAI, dialect))));
    counters.forEach((vendor, dialect) ->
        vendor
            .counters()
            .forEach(place ->
                add(routes, place.path(), vendor, raw -> chat(raw, place, vendor, dialect))));
    if (dialects.containsKey(Vendor.OPENAI)) {
      for (Services.Place place : Services.PLACES) {
        routes.add(
            new Route(
                "POST",
                place.path(),
                new Simulated(Vendor.OPENAI, desk, raw -> place.model().answer(raw, options)),
                Route.Bodies.NOT_FORMS));
      }
      Vendor.openAi("/realtime")
          .forEach(path -> routes.add(new Route("GET", path, new Realtime(desk))));
    }
    routes.add(get("/v1/models", request -> models(openAiOrAnthropic(request))));
    routes.add(get("/v1beta/models", request -> models(Vendor.GEMINI)));
    routes.add(get("/sim/stats", request -> Answer.json(200, Json.MAPPER.valueToTree(stats()))));
    routes.add(
        get(
            "/sim/requests",
            request ->
                Answer.json(200, Json.object().set("data", Json.array().addAll(requests())))));
    return routes;
  }

  /** Answers what none of the routes takes. */
  public Endpoint unserved() {
    return new Simulated(
        Vendor.OPENAI,
        desk,
        raw -> {
          throw Failure.of(Failure.Kind.NOT_FOUND, "The simulated provider has no such path.");
        });
  }

  public Stats stats() {
    return desk.stats();
  }

  /**
   * The last requests, the oldest first: {@code method}, {@code path}, {@code query}, {@code
   * headers}, {@code length}, {@code body}, {@code outcome}, {@code elapsed_ms}. Keys are
   * fingerprints.
   */
  public List<ObjectNode> requests() {
    return desk.visits().stream().map(Visit::json).toList();
  }

  private void add(List<Route> routes, String path, Vendor vendor, Simulated.Model model) {
    routes.add(new Route("POST", path, new Simulated(vendor, desk, model)));
  }

  private static Route get(String path, Function<RawRequest, Answer> answer) {
    return new Route(
        "GET", path, exchange -> exchange.answer(answer.apply(exchange.request()), Map.of()));
  }

  private Reply chat(RawRequest raw, Vendor.Place place, Vendor vendor, Dialect dialect) {
    var path = new TreeMap<>(raw.path());
    path.putAll(place.variables());
    var query = new TreeMap<>(raw.query());
    query.remove("key");
    Body body = Body.scan(raw.body());
    if (place.invoked()) {
      body = Body.scan(body.patch(Map.of("stream", Optional.of(TRUE))));
    }
    Request request = dialect.read(new Inbound(path, query, raw.headers(), body));
    if (request instanceof Request.Count count) {
      return counted(count, vendor, options.call(raw, count.model()));
    }
    Chat chat =
        switch (request) {
          case Chat read -> read;
          case Stored stored -> throw new IllegalStateException("a dialect read no chat");
          case Relay relay -> throw new IllegalStateException("a chat's path took no chat");
          case Embed embed -> throw new IllegalStateException("no chat");
          case Rerank rerank -> throw new IllegalStateException("no chat");
          case Request.Count count -> throw new IllegalStateException("counted already");
          case Live live -> throw new IllegalStateException("a dialect read a live conversation");
          case Request.Unread unread ->
              throw new IllegalStateException("a dialect left its request unread");
        };
    SimOptions own = options.call(raw, chat.model());
    if (own.flag(Option.VERIFY)) {
      Proofs.check(vendor, chat);
    }
    Script script = Script.of(chat, vendor, own);
    ReplyWriter writer = chat.dialect().writer(chat, Trail.begin(System.nanoTime()));
    if (!chat.stream()) {
      return Reply.whole(script, writer, own);
    }
    Reply stream = Reply.stream(script, writer, vendor, own);
    return place.invoked() ? stream.invoked() : stream;
  }

  /** As many as the chat itself would be told. */
  private static Reply counted(Request.Count count, Vendor vendor, SimOptions own) {
    long tokens = 0;
    for (Part part : Script.of(count.chat(), vendor, own).opening().parts()) {
      tokens += part instanceof Usage usage ? usage.prompt() : 0;
    }
    ReplyWriter writer = count.dialect().writer(count, Trail.begin(System.nanoTime()));
    return Reply.whole(writer.whole(List.of(Chunk.of(new Part.Count(tokens)))), 0, own);
  }

  /** One path serves two vendors: Anthropic's clients say their version. */
  private static Vendor openAiOrAnthropic(RawRequest request) {
    return request.headers().get("anthropic-version").isPresent()
        ? Vendor.ANTHROPIC
        : Vendor.OPENAI;
  }

  private Answer models(Vendor vendor) {
    Dialect spoken = dialects.get(vendor);
    return spoken == null
        ? Answer.json(404, vendor.error(Trouble.NOT_FOUND, "Nobody speaks this dialect here."))
        : spoken.models(MODELS.stream().map(Listing::of).toList());
  }
}
