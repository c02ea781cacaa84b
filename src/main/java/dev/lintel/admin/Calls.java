package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.CallRecords;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Opinion;
import dev.lintel.Price;
import dev.lintel.RawRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The records of calls, as the admin API shows them. */
public final class Calls {
  private static final String ANSWERED = "ok";

  private final CallRecords records;
  private final Function<String, List<Opinion>> opinions;
  private final Dialect envelope;

  /**
   * @param opinions of the call with that id; may throw {@link Failure}
   * @param envelope in which failures are told
   */
  public Calls(CallRecords records, Function<String, List<Opinion>> opinions, Dialect envelope) {
    this.records = records;
    this.opinions = opinions;
    this.envelope = envelope;
  }

  /**
   * {@code {data: […], next}}, the newest first: {@code
   * ?from=&to=&tenant=&app=&model=&kind=&limit=&cursor=}. Where not everybody could be asked who
   * may have some, also {@code complete: false}.
   */
  public Endpoint list() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          CallRecords.Page page = records.list(question(exchange.request()));
          var body = new Bytes(1 << 12).add("{\"data\":[");
          String between = "";
          for (byte[] record : page.records()) {
            body.add(between).add(record);
            between = ",";
          }
          body.add("],\"next\":")
              .add(page.next().map(Json::string).orElse("null".getBytes(StandardCharsets.US_ASCII)))
              .add(page.whole() ? "}" : ",\"complete\":false}");
          return new Answer(200, Answer.JSON, body.take());
        });
  }

  /**
   * The record of the call whose {@code id} is in the path: {@code ?tenant=}, beside which there
   * are none but that one's. {@code feedback} is what was said of it, where there is something;
   * null where nobody can tell at the moment.
   */
  public Endpoint one() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          byte[] record = found(exchange.request());
          String id = exchange.request().path().getOrDefault("id", "");
          return new Answer(200, Answer.JSON, withFeedback(id, record));
        });
  }

  /**
   * The story of that call, as {@link Story} tells it: {@code ?tenant=} likewise.
   *
   * @param prices of targets by their names, as they are now
   */
  public Endpoint story(Function<String, Optional<Price>> prices) {
    return new Question(
        envelope,
        (exchange, trail) ->
            Answer.json(200, Story.of(Json.parse(found(exchange.request())), prices)));
  }

  private byte[] found(RawRequest request) {
    String id = request.path().getOrDefault("id", "");
    String only = Listed.only(request, "tenant").get("tenant");
    return records
        .find(id)
        .filter(found -> only == null || only.equals(Json.parse(found).path("tenant").asString("")))
        .orElseThrow(() ->
            Failure.of(
                    Failure.Kind.NOT_FOUND,
                    "There is no call '" + id + "', or it is longer ago than records are kept.")
                .at("request_id")
                .code("call_not_found"));
  }

  private static CallRecords.Question question(RawRequest request) {
    Map<String, String> asked =
        Listed.only(request, "from", "to", "tenant", "app", "model", "kind", "limit", "cursor");
    return new CallRecords.Question(
        Listed.time(request, "from").orElse(Instant.EPOCH),
        Listed.time(request, "to"),
        Optional.ofNullable(asked.get("tenant")),
        Optional.ofNullable(asked.get("app")),
        Optional.ofNullable(asked.get("model")),
        Optional.ofNullable(asked.get("kind")).map(Calls::kind),
        Optional.ofNullable(asked.get("cursor")),
        Listed.limit(request));
  }

  private byte[] withFeedback(String id, byte[] record) {
    byte[] feedback;
    try {
      List<Opinion> said = opinions.apply(id);
      if (said.isEmpty()) {
        return record;
      }
      feedback =
          Json.bytes(json -> {
            json.writeStartArray();
            said.forEach(one -> one.write(json));
            json.writeEndArray();
          });
    } catch (Failure away) {
      feedback = "null".getBytes(StandardCharsets.US_ASCII);
    }
    return new Bytes(record.length + feedback.length + 16)
        .add(record, 0, record.length - 1)
        .add(",\"feedback\":")
        .add(feedback)
        .add("}")
        .take();
  }

  private static String kind(String word) {
    if (word.equals(ANSWERED)) {
      return "";
    }
    for (Failure.Kind kind : Failure.Kind.values()) {
      if (kind.word().equals(word)) {
        return word;
      }
    }
    throw Failure.invalid("'kind' must be a kind of failure, or ok for calls that were answered.")
        .at("kind");
  }
}
