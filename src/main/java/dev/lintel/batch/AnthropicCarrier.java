package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Batch.Handed;
import dev.lintel.Bytes;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Anthropic's batches (API reference, "Message Batches"). */
public final class AnthropicCarrier implements Carrier {
  private static final String PATH = "/v1/messages/batches";
  private static final Map<String, String> VERSION = Map.of("anthropic-version", "2023-06-01");

  /** Anthropic's clock may go before ours. */
  private static final long SLACK_SECONDS = 60;

  /** API reference, "Errors". */
  private static final Map<String, Integer> STATUSES =
      Map.of(
          "invalid_request_error", 400,
          "authentication_error", 401,
          "billing_error", 402,
          "permission_error", 403,
          "not_found_error", 404,
          "request_too_large", 413,
          "rate_limit_error", 429,
          "timeout_error", 504,
          "overloaded_error", 529);

  @Override
  public boolean takes(String path) {
    return path.equals(MessageBatchDesk.ENDPOINT);
  }

  @Override
  public long most() {
    return 256_000_000;
  }

  @Override
  public String type() {
    return "application/json";
  }

  @Override
  public Map<String, String> headers() {
    return VERSION;
  }

  @Override
  public byte[] opening() {
    return "{\"requests\":[".getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public byte[] line(String customId, String path, byte[] body, boolean first) {
    var line = new Bytes(body.length + 128);
    line.add(first ? "{\"custom_id\":" : ",{\"custom_id\":").add(Json.string(customId));
    line.add(",\"params\":").add(body).add("}");
    return line.take();
  }

  @Override
  public byte[] closing() {
    return "]}".getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String upload(Courier courier) {
    return "";
  }

  @Override
  public String create(Courier courier, String file, Plan plan, Batch batch) {
    return Courier.id(courier.send(PATH, plan.headers(), type()));
  }

  /** A batch there bears no mark but the names of its requests, which its results alone show. */
  @Override
  public Optional<Handed> find(Courier courier, Batch batch) {
    JsonNode list = courier.ask("GET", PATH + "?limit=1000", VERSION);
    for (JsonNode one : list.path("data")) {
      JsonNode counts = one.path("request_counts");
      long total = 0;
      for (JsonNode count : counts) {
        total += count.asLong(0);
      }
      if (total != batch.counts().total() || older(one, batch)) {
        continue;
      }
      if (!one.path("processing_status").asString("").equals("ended")) {
        throw Failure.of(
            Failure.Kind.UNAVAILABLE, "A batch that may be this one has not ended there.");
      }
      String id = one.path("id").asString("");
      if (courier.first(PATH + "/" + id + "/results", VERSION).contains(batch.id())) {
        return Optional.of(batch.handed().there("", id));
      }
    }
    return Optional.empty();
  }

  private static boolean older(JsonNode one, Batch batch) {
    try {
      return Instant.parse(one.path("created_at").asString(""))
          .isBefore(batch.created().minusSeconds(SLACK_SECONDS));
    } catch (DateTimeParseException unknown) {
      return false;
    }
  }

  @Override
  public State state(Courier courier, Handed handed) {
    JsonNode json = courier.ask("GET", PATH + "/" + handed.id(), VERSION);
    JsonNode counts = json.path("request_counts");
    boolean ended = json.path("processing_status").asString("").equals("ended");
    long cancelled = counts.path("canceled").asLong(0);
    return new State(
        ended,
        cancelled > 0,
        cancelled == 0 && counts.path("expired").asLong(0) == 0,
        counts.path("succeeded").asLong(0),
        counts.path("errored").asLong(0),
        ended ? List.of(PATH + "/" + handed.id() + "/results") : List.of(),
        List.of());
  }

  @Override
  public void cancel(Courier courier, Handed handed) {
    courier.ask("POST", PATH + "/" + handed.id() + "/cancel", VERSION);
  }

  @Override
  public void forget(Courier courier, Handed handed, List<String> results) {
    courier.ask("DELETE", PATH + "/" + handed.id(), VERSION);
  }

  @Override
  public @Nullable Result result(JsonNode line) {
    JsonNode result = line.path("result");
    return switch (result.path("type").asString("")) {
      case "succeeded" -> new Result(200, Json.bytes(result.path("message")));
      case "errored" -> {
        JsonNode error = result.path("error");
        String type = error.path("error").path("type").asString("");
        yield new Result(STATUSES.getOrDefault(type, 500), Json.bytes(error));
      }
      default -> null;
    };
  }
}
