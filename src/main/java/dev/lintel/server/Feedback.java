package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code {request_id, score}}: a caller says how well a call of its tenant was answered. */
public final class Feedback implements Known.Service {
  /** Where it goes. */
  @FunctionalInterface
  public interface Ratings {
    /**
     * @return who was told; empty where nobody wants to know of such a call of that tenant's
     */
    Optional<List<String>> rate(String tenant, String id, double score);
  }

  private static final String ID = "request_id";
  private static final String SCORE = "score";
  private static final long ON_ITS_WAY_NANOS = 300_000_000;
  private static final Set<String> FIELDS = Set.of(ID, SCORE);

  private final Ratings ratings;
  private final CallRecords records;

  /**
   * @param records in which a call is looked up of which nobody wants to know more
   */
  public Feedback(Ratings ratings, CallRecords records) {
    this.ratings = ratings;
    this.records = records;
  }

  @Override
  public void serve(Caller caller, Exchange exchange, Map<String, String> headers) {
    Body said = Body.scan(exchange.request().body());
    for (String key : said.keys()) {
      if (!FIELDS.contains(key)) {
        throw wrong(key, "is none of the fields: request_id, score");
      }
    }
    String id =
        said.text(ID)
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> wrong(ID, "is missing: it is a reply's x-lintel-request-id"));
    double score = score(said);
    Optional<List<String>> told = ratings.rate(caller.tenant(), id, score);
    if (told.isEmpty() && !isKnown(caller.tenant(), id) && !isKnownSoon(caller.tenant(), id)) {
      throw Failure.of(
              Failure.Kind.NOT_FOUND, "There is no recent call '" + id + "' of this key's tenant.")
          .at(ID)
          .code("call_not_found");
    }
    ObjectNode body = Json.object().put(ID, id).put(SCORE, score);
    var used = body.putArray("used");
    told.orElse(List.of()).forEach(used::add);
    exchange.answer(Answer.json(200, body), headers);
  }

  private static double score(Body said) {
    Optional<JsonNode> given = said.value(SCORE);
    if (given.isEmpty() || given.get().isNull()) {
      throw wrong(SCORE, "is missing");
    }
    double score = given.get().isNumber() ? given.get().asDouble() : Double.NaN;
    if (!(score >= 0 && score <= 1)) {
      throw wrong(SCORE, "must be a number from 0 to 1, the higher the better");
    }
    return score;
  }

  private boolean isKnown(String tenant, String id) {
    return records
        .find(id)
        .map(Json::parse)
        .filter(record -> record.path("tenant").asString("").equals(tenant))
        .isPresent();
  }

  /** The record of a call that has just ended is on its way. */
  private boolean isKnownSoon(String tenant, String id) {
    CallThread.current().await(() -> false, CallThread.nanoTime() + ON_ITS_WAY_NANOS);
    return isKnown(tenant, id);
  }

  private static Failure wrong(String field, String what) {
    return Failure.invalid("'" + field + "' " + what + ".").at(field);
  }
}
