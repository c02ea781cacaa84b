package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code {request_id, score, label, comment}}: a caller says how well a call of its tenant was
 * answered. It is kept before anybody is told.
 */
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
  private static final String LABEL = "label";
  private static final String COMMENT = "comment";
  private static final long ON_ITS_WAY_NANOS = 300_000_000;
  private static final long LOOK_NANOS = 20_000_000;
  private static final int LONGEST_LABEL = 64;
  private static final int LONGEST_COMMENT = 4000;
  private static final Set<String> FIELDS = Set.of(ID, SCORE, LABEL, COMMENT);

  private final Ratings ratings;
  private final CallRecords records;
  private final Supplier<Opinions> opinions;
  private final InstantSource clock;

  /**
   * @param records in which a call is looked up
   * @param opinions may throw {@link Failure} {@code UNAVAILABLE}, as may they: nobody is told then
   */
  public Feedback(
      Ratings ratings, CallRecords records, Supplier<Opinions> opinions, InstantSource clock) {
    this.ratings = ratings;
    this.records = records;
    this.opinions = opinions;
    this.clock = clock;
  }

  @Override
  public void serve(Caller caller, Exchange exchange, Map<String, String> headers) {
    Body said = Body.scan(exchange.request().body());
    for (String key : said.keys()) {
      if (!FIELDS.contains(key)) {
        throw wrong(key, "is none of the fields: request_id, score, label, comment");
      }
    }
    String id =
        said.text(ID)
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> wrong(ID, "is missing: it is a reply's x-lintel-request-id"));
    double score = score(said);
    String label = text(said, LABEL, LONGEST_LABEL);
    String comment = text(said, COMMENT, LONGEST_COMMENT);
    Optional<JsonNode> record = record(caller.tenant(), id);
    if (record.isPresent() && !keep(record.get(), id, score, label, comment)) {
      throw unknown(id);
    }
    Optional<List<String>> told = ratings.rate(caller.tenant(), id, score);
    if (told.isEmpty() && record.isEmpty()) {
      throw unknown(id);
    }
    // It has ended, but its record may not be at hand, as where the disk is full.
    if (record.isEmpty()
        && !keep(Json.object().put("tenant", caller.tenant()), id, score, label, comment)) {
      throw unknown(id);
    }
    ObjectNode body = Json.object().put(ID, id).put(SCORE, score);
    var used = body.putArray("used");
    told.orElse(List.of()).forEach(used::add);
    exchange.answer(Answer.json(200, body), headers);
  }

  private static Failure unknown(String id) {
    return Failure.of(
            Failure.Kind.NOT_FOUND, "There is no recent call '" + id + "' of this key's tenant.")
        .at(ID)
        .code("call_not_found");
  }

  /** False where the call was erased meanwhile. */
  private boolean keep(JsonNode call, String id, double score, String label, String comment) {
    return opinions
        .get()
        .keep(
            new Opinion(
                id,
                Opinion.CALLER,
                call.path("tenant").asString(""),
                call.path("app").asString(""),
                call.path("use_case").asString(""),
                call.path("model").asString(""),
                call.path("target").asString(""),
                score,
                label,
                comment,
                clock.instant()));
  }

  private static String text(Body said, String field, int longest) {
    Optional<JsonNode> given = said.value(field).filter(value -> !value.isNull());
    if (given.isEmpty()) {
      return "";
    }
    if (!given.get().isString() || given.get().asString().length() > longest) {
      throw wrong(field, "must be a text of " + longest + " characters at the most");
    }
    return given.get().asString();
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

  /** The record of a call that has just ended may be on its way. */
  private Optional<JsonNode> record(String tenant, String id) {
    long deadline = CallThread.nanoTime() + ON_ITS_WAY_NANOS;
    Optional<byte[]> found = records.find(id);
    while (found.isEmpty() && CallThread.nanoTime() < deadline) {
      CallThread.current().await(() -> false, CallThread.nanoTime() + LOOK_NANOS);
      found = records.find(id);
    }
    return found.map(Json::parse).filter(call -> call.path("tenant").asString("").equals(tenant));
  }

  private static Failure wrong(String field, String what) {
    return Failure.invalid("'" + field + "' " + what + ".").at(field);
  }
}
