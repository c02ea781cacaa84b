package dev.lintel.main;

import dev.lintel.Answer;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Identity;
import dev.lintel.Json;
import dev.lintel.Model;
import dev.lintel.Models;
import dev.lintel.RawRequest;
import dev.lintel.Stored;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.filter.Continuity;
import dev.lintel.server.Front;
import dev.lintel.server.Known;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Responses by their ids: what the gateway keeps it tells itself, what a provider keeps it asks
 * that provider for. Every tenant sees its own only.
 */
final class ResponseById implements Endpoint {
  /** What can be asked of a response. */
  enum Question {
    WHOLE("GET", ""),
    DELETED("DELETE", ""),
    INPUT("GET", "/input_items"),
    CANCELLED("POST", "/cancel");

    final String method;
    final String path;

    Question(String method, String path) {
      this.method = method;
      this.path = path;
    }
  }

  private final Question question;
  private final Dialect dialect;
  private final Continuity continuity;
  private final Identity identity;
  private final Supplier<Models> models;
  private final Handler handler;

  ResponseById(
      Question question,
      Dialect dialect,
      Continuity continuity,
      Identity identity,
      Supplier<Models> models,
      Handler handler) {
    this.question = question;
    this.dialect = dialect;
    this.continuity = continuity;
    this.identity = identity;
    this.models = models;
    this.handler = handler;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    try {
      RawRequest raw = exchange.request();
      trail.from(raw.peer());
      Caller caller = Known.caller(raw, identity);
      String id = raw.path().getOrDefault("response", "");
      Optional<byte[]> kept = continuity.response(caller.tenant(), id);
      Answer answer =
          kept.isPresent()
              ? kept(caller.tenant(), id, kept.get(), raw)
              : relayed(trail, caller.tenant(), id, raw);
      exchange.answer(answer, Map.of("x-lintel-request-id", trail.id()));
    } catch (RuntimeException | StackOverflowError thrown) {
      Front.fail(exchange, dialect, thrown, trail);
    }
  }

  private Answer kept(String tenant, String id, byte[] response, RawRequest raw) {
    return switch (question) {
      case WHOLE -> new Answer(200, Answer.JSON, response);
      case DELETED -> {
        continuity.forget(tenant, id);
        yield Answer.json(
            200,
            Json.object().put("id", id).put("object", "response.deleted").put("deleted", true));
      }
      case INPUT -> {
        List<JsonNode> items = new ArrayList<>(continuity.input(tenant, id).orElse(List.of()));
        if (!raw.query().getOrDefault("order", "desc").equals("asc")) {
          items = items.reversed();
        }
        var list = Json.object().put("object", "list");
        list.putArray("data").addAll(items);
        yield Answer.json(200, list.put("has_more", false));
      }
      case CANCELLED ->
          throw Failure.invalid("Only a response that runs in the background can be cancelled.")
              .at("response_id");
    };
  }

  private Answer relayed(Trail trail, String tenant, String id, RawRequest raw) {
    Continuity.Keeper keeper = continuity.keeper(tenant, id).orElseThrow(() -> unknown(id));
    Model model =
        models
            .get()
            .listed(keeper.provider(), keeper.model())
            .flatMap(keeper::at)
            .orElseThrow(() -> unknown(id));
    var stored =
        new Stored(dialect, model.name(), question.method, keeper.id(), question.path + query(raw));
    trail.asked(stored, Terms.NONE, model);
    var call =
        new Call(
            trail,
            Front.credential(raw),
            Caller.UNKNOWN,
            Terms.NONE,
            stored,
            Optional.empty(),
            Optional.of(model),
            Optional.empty(),
            trail.started() + model.timeouts().total().toNanos());
    trail.remember(continuity.memory(tenant, trail));
    var chunks = new ArrayList<Chunk>(1);
    handler.handle(call, chunks::add);
    return new Answer(200, Answer.JSON, dialect.writer(stored, trail).whole(chunks));
  }

  /** A stream of what is over would need its client's own dialect of events; it is told whole. */
  private static String query(RawRequest raw) {
    String rest =
        raw.query().entrySet().stream()
            .filter(pair -> !pair.getKey().equals("key") && !pair.getKey().equals("stream"))
            .map(pair -> encoded(pair.getKey()) + "=" + encoded(pair.getValue()))
            .collect(Collectors.joining("&"));
    return rest.isEmpty() ? "" : "?" + rest;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Failure unknown(String id) {
    return Failure.of(Failure.Kind.NOT_FOUND, "There is no response '" + id + "'.")
        .at("response_id")
        .code("response_not_found");
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.error(failure, trail);
  }
}
