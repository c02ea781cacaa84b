package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.CallRecords;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The records of calls, as the admin API shows them. */
public final class Calls {
  private static final int USUAL = 100;
  private static final int MOST = 1000;
  private static final Set<String> PARAMETERS = Set.of("from", "tenant", "limit", "cursor");

  private final CallRecords records;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Calls(CallRecords records, Dialect envelope) {
    this.records = records;
    this.envelope = envelope;
  }

  /** {@code {data: […], next}}, the newest first: {@code ?from=&tenant=&limit=&cursor=}. */
  public Endpoint list() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          CallRecords.Page page = records.list(question(exchange.request().query()));
          var body = new Bytes(1 << 12).add("{\"data\":[");
          String between = "";
          for (byte[] record : page.records()) {
            body.add(between).add(record);
            between = ",";
          }
          body.add("],\"next\":")
              .add(page.next().map(Json::string).orElse("null".getBytes(StandardCharsets.US_ASCII)))
              .add("}");
          return new Answer(200, Answer.JSON, body.take());
        });
  }

  /** The record of the call whose {@code id} is in the path. */
  public Endpoint one() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          String id = exchange.request().path().getOrDefault("id", "");
          byte[] record =
              records
                  .find(id)
                  .orElseThrow(() ->
                      Failure.of(
                              Failure.Kind.NOT_FOUND,
                              "There is no call '"
                                  + id
                                  + "', or too many came after it for it to be kept.")
                          .at("request_id")
                          .code("call_not_found"));
          return new Answer(200, Answer.JSON, record);
        });
  }

  private static CallRecords.Question question(Map<String, String> query) {
    for (String name : query.keySet()) {
      if (!PARAMETERS.contains(name)) {
        throw Failure.invalid(
                "'" + name + "' is none of the parameters: from, tenant, limit, cursor.")
            .at(name);
      }
    }
    return new CallRecords.Question(
        Optional.ofNullable(query.get("from")).map(Calls::time).orElse(Instant.EPOCH),
        Optional.ofNullable(query.get("tenant")),
        Optional.ofNullable(query.get("cursor")),
        Optional.ofNullable(query.get("limit")).map(Calls::limit).orElse(USUAL));
  }

  private static Instant time(String text) {
    try {
      // The plus of an offset is a blank in a query that nobody encoded.
      return Instant.parse(text.replace(' ', '+'));
    } catch (DateTimeParseException wrong) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "'from' must be a time such as 2026-11-21T12:00:00Z (RFC 3339).",
              wrong)
          .at("from");
    }
  }

  private static int limit(String text) {
    // Four digits are the most that can be right.
    int limit = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > MOST) {
      throw Failure.invalid("'limit' must be a whole number from 1 to " + MOST + ".").at("limit");
    }
    return limit;
  }
}
