package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Caller;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Identity;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.RawRequest;
import dev.lintel.Trail;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * The models that a caller may ask for, in its own dialect: all of them, or the one that the path
 * names.
 */
public final class ModelList implements Endpoint {
  private final Function<RawRequest, Dialect> dialect;
  private final Identity identity;
  private final Function<Caller, List<Listing>> models;
  private final BiFunction<Caller, String, Optional<Listing>> model;

  /**
   * @param dialect in which language a request wants its answer
   * @param models what the caller may ask for
   * @param model the same by its name, and what is in no list because its provider has the list
   */
  public ModelList(
      Function<RawRequest, Dialect> dialect,
      Identity identity,
      Function<Caller, List<Listing>> models,
      BiFunction<Caller, String, Optional<Listing>> model) {
    this.dialect = dialect;
    this.identity = identity;
    this.models = models;
    this.model = model;
  }

  @Override
  public void serve(Exchange exchange) {
    RawRequest raw = exchange.request();
    Dialect language = dialect.apply(raw);
    var trail = Trail.begin(exchange.arrived());
    var headers = Map.of("x-lintel-request-id", trail.id());
    try {
      Caller caller = Known.caller(raw, identity);
      String wanted = raw.path().get("model");
      exchange.answer(
          wanted == null
              ? language.models(models.apply(caller))
              : one(language, model.apply(caller, wanted), wanted),
          headers);
    } catch (Failure failure) {
      Front.fail(exchange, language, failure, trail);
    }
  }

  private static Answer one(Dialect language, Optional<Listing> known, String wanted) {
    Listing found =
        known.orElseThrow(() ->
            Failure.of(
                    Failure.Kind.NOT_FOUND, "There is no model '" + wanted + "' for this caller.")
                .at("model"));
    byte[] list = language.models(List.of(found)).body();
    for (JsonNode field : Json.parse(list, 0, list.length)) {
      if (field.isArray()) {
        return Answer.json(200, field.get(0));
      }
    }
    throw new IllegalStateException("a list of models without a list");
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect
        .apply(new RawRequest(Map.of(), Map.of(), Headers.NONE, new byte[0]))
        .error(failure, trail);
  }
}
