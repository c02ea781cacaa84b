package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.CallRecords;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** The records of calls, as the admin API shows them. */
public final class Calls {
  private static final String ANSWERED = "ok";

  private final CallRecords records;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Calls(CallRecords records, Dialect envelope) {
    this.records = records;
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
   * are none but that one's.
   */
  public Endpoint one() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          String id = exchange.request().path().getOrDefault("id", "");
          String only = Listed.only(exchange.request(), "tenant").get("tenant");
          byte[] record =
              records
                  .find(id)
                  .filter(found ->
                      only == null || only.equals(Json.parse(found).path("tenant").asString("")))
                  .orElseThrow(() ->
                      Failure.of(
                              Failure.Kind.NOT_FOUND,
                              "There is no call '"
                                  + id
                                  + "', or it is longer ago than records are kept.")
                          .at("request_id")
                          .code("call_not_found"));
          return new Answer(200, Answer.JSON, record);
        });
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
