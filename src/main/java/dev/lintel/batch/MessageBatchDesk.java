package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Batch;
import dev.lintel.Batch.Status;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Held;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Store;
import dev.lintel.StoredFile;
import dev.lintel.StoredFiles;
import dev.lintel.Terms;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A tenant's batches, as Anthropic's API has them (API reference, "Message Batches"). Behind it are
 * batches as all others, whose files the tenant does not see.
 */
public final class MessageBatchDesk {
  /** What its requests ask. */
  public static final String ENDPOINT = "/v1/messages";

  private static final String PREFIX = "msgbatch_";
  private static final Pattern CUSTOM_ID = Pattern.compile("[a-zA-Z0-9_-]{1,64}");
  private static final List<String> HEADERS = List.of("anthropic-version", "anthropic-beta");
  private static final int PIECE = 64 << 10;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** As long as Anthropic keeps results. */
  private static final Duration KEPT = Duration.ofDays(29);

  private final Supplier<Store> store;
  private final Supplier<Runner> runner;
  private final long most;
  private final InstantSource clock;

  /**
   * @param most bytes of all files of a tenant, requests and results among them
   */
  public MessageBatchDesk(
      Supplier<Store> store, Supplier<Runner> runner, long most, InstantSource clock) {
    this.store = store;
    this.runner = runner;
    this.most = most;
    this.clock = clock;
  }

  public void create(Caller caller, Exchange exchange, Map<String, String> headers) {
    Body body = Body.scan(exchange.request().body());
    for (String key : body.keys()) {
      if (!key.equals("requests") && !key.equals("lintel")) {
        throw Failure.invalid("'" + key + "' is not a field of a batch.").at(key);
      }
    }
    body.requireObjects("requests");
    Terms terms = Terms.read(exchange.request().headers(), body.value("lintel"));
    JsonNode requests = body.value("requests").orElseThrow();
    byte[] lines = lines(requests);
    Map<String, String> each = BatchDesk.headers(terms);
    for (String name : HEADERS) {
      exchange.request().headers().get(name).ifPresent(value -> each.put(name, value));
    }
    Instant now = clock.instant();
    StoredFiles files = store.get().files();
    FileDesk.checkRoom(files, caller.tenant(), lines.length, most);
    var input =
        new StoredFile(
            Ids.of("file-"),
            caller.tenant(),
            ".batch",
            "requests.jsonl",
            lines.length,
            now,
            Optional.of(now.plus(KEPT)));
    FileDesk.write(
        files.draft(input.id()),
        Held.of(lines).open(List.of(new Held.Slice.Own(0, Long.MAX_VALUE))));
    CallThread.current()
        .offload(() -> {
          files.add(input);
          return true;
        });
    var batch =
        new Batch(
            Ids.of(PREFIX),
            caller.tenant(),
            caller.app(),
            caller.keyId(),
            ENDPOINT,
            input.id(),
            Map.of(),
            each,
            now,
            now.plus(Duration.ofHours(24)),
            Optional.of(KEPT.toSeconds()),
            Status.VALIDATING,
            Map.of(Status.VALIDATING, now),
            new Batch.Counts(requests.size(), 0, 0, 0),
            "",
            "",
            List.of());
    store.get().batches().add(batch);
    runner.get().start();
    exchange.answer(Answer.json(200, json(batch)), headers);
  }

  /** The requests as the lines of a batch's file. */
  private static byte[] lines(JsonNode requests) {
    var lines = new Bytes(1 << 12);
    int index = 0;
    var ids = new java.util.HashSet<String>();
    for (JsonNode request : requests) {
      String place = "requests." + index++;
      String id = request.path("custom_id").asString("");
      if (!CUSTOM_ID.matcher(id).matches()) {
        throw Failure.invalid(
                "'" + place + ".custom_id' must have 1 to 64 letters, digits, '-' or '_'.")
            .at(place + ".custom_id");
      }
      if (!ids.add(id)) {
        throw Failure.invalid("'" + place + ".custom_id' stands in an earlier request, too.")
            .at(place + ".custom_id");
      }
      if (!request.path("params").isObject()) {
        throw Failure.invalid("'" + place + ".params' must be an object.").at(place + ".params");
      }
      if (request.path("params").path("stream").asBoolean(false)) {
        throw Failure.invalid("A batch cannot stream: leave 'stream' out.")
            .at(place + ".params.stream");
      }
      ObjectNode line =
          Json.object().put("custom_id", id).put("method", "POST").put("url", ENDPOINT);
      line.set("body", request.get("params"));
      lines.add(Json.bytes(line)).add("\n");
    }
    return lines.take();
  }

  public void list(Caller caller, Exchange exchange, Map<String, String> headers) {
    Map<String, String> query = exchange.request().query();
    if (query.containsKey("before_id")) {
      throw Failure.invalid("'before_id' is not known here; page with 'after_id'.").at("before_id");
    }
    int limit = Requested.limit(query, 20, 1000);
    List<Batch> found =
        store
            .get()
            .batches()
            .list(caller.tenant(), PREFIX, query.getOrDefault("after_id", ""), limit + 1);
    ObjectNode body = Json.object();
    boolean more = found.size() > limit;
    Requested.page(body, more ? found.subList(0, limit) : found, more, MessageBatchDesk::json);
    exchange.answer(Answer.json(200, body), headers);
  }

  public void one(Caller caller, Exchange exchange, Map<String, String> headers) {
    exchange.answer(Answer.json(200, json(find(caller, exchange))), headers);
  }

  public void cancel(Caller caller, Exchange exchange, Map<String, String> headers) {
    Batch known = find(caller, exchange);
    Batch now =
        known.status().last()
            ? known
            : BatchDesk.cancel(known, store.get(), runner.get(), clock.instant());
    exchange.answer(Answer.json(200, json(now)), headers);
  }

  public void delete(Caller caller, Exchange exchange, Map<String, String> headers) {
    Batch known = find(caller, exchange);
    if (!store.get().batches().remove(caller.tenant(), known.id())) {
      throw Failure.invalid("A batch can be deleted once it has ended; cancel it first.").at("id");
    }
    StoredFiles files = store.get().files();
    CallThread.current()
        .offload(() -> {
          for (String id : List.of(known.input(), known.output(), known.errors())) {
            files.remove(known.tenant(), id);
          }
          return true;
        });
    exchange.answer(
        Answer.json(200, Json.object().put("id", known.id()).put("type", "message_batch_deleted")),
        headers);
  }

  /** Every result, a line each. */
  public void results(Caller caller, Exchange exchange, Map<String, String> headers) {
    Batch batch = find(caller, exchange);
    if (!batch.status().last()) {
      throw Failure.of(Failure.Kind.NOT_FOUND, "The batch has no results before it has ended.")
          .code("not_found");
    }
    for (String id : List.of(batch.output(), batch.errors())) {
      CallThread.current().offload(() -> FileDesk.here(store.get().files(), id));
    }
    exchange.begin(200, "application/x-jsonl", headers);
    try {
      for (String id : List.of(batch.output(), batch.errors())) {
        if (!id.isEmpty()) {
          send(store.get().files().content(id), exchange);
        }
      }
      exchange.end();
    } catch (IOException | RuntimeException broken) {
      exchange.abort();
    }
  }

  private static void send(Path file, Exchange exchange) throws IOException {
    CallThread thread = CallThread.current();
    try (var lines = thread.offload(() -> new Lines(file, Integer.MAX_VALUE))) {
      byte[] piece = thread.offload(() -> piece(lines));
      while (piece.length > 0) {
        exchange.write(piece, System.nanoTime() + PATIENCE.toNanos());
        piece = thread.offload(() -> piece(lines));
      }
    }
  }

  private static byte[] piece(Lines lines) throws IOException {
    var out = new Bytes(PIECE);
    while (out.length() < PIECE) {
      byte @Nullable [] line = lines.next();
      if (line == null) {
        break;
      }
      out.add(Json.bytes(result(Json.parse(line, 0, line.length)))).add("\n");
    }
    return out.take();
  }

  private static ObjectNode result(JsonNode line) {
    ObjectNode json = Json.object().put("custom_id", line.path("custom_id").asString());
    ObjectNode result = json.putObject("result");
    JsonNode response = line.path("response");
    String code = line.path("error").path("code").asString("");
    if (response.path("status_code").asInt(0) == 200) {
      result.put("type", "succeeded").set("message", response.get("body"));
    } else if (response.isObject()) {
      result.put("type", "errored").set("error", response.get("body"));
    } else if (code.equals(Results.Unasked.EXPIRED.code())) {
      result.put("type", "expired");
    } else if (code.equals(Results.Unasked.CANCELLED.code())) {
      result.put("type", "canceled");
    } else {
      ObjectNode error = result.put("type", "errored").putObject("error").put("type", "error");
      error
          .putObject("error")
          .put("type", "permission_error")
          .put("message", line.path("error").path("message").asString());
    }
    return json;
  }

  private Batch find(Caller caller, Exchange exchange) {
    return Requested.batch(store.get().batches(), PREFIX, caller, exchange);
  }

  private static ObjectNode json(Batch batch) {
    boolean ended = batch.status().last();
    Instant cancelled = batch.times().get(Status.CANCELLING);
    Instant end = batch.times().get(batch.status());
    ObjectNode json =
        Json.object()
            .put("id", batch.id())
            .put("type", "message_batch")
            .put(
                "processing_status",
                ended ? "ended" : cancelled == null ? "in_progress" : "canceling")
            .put("created_at", batch.created().toString())
            .put("expires_at", batch.expires().toString())
            .put("ended_at", ended && end != null ? end.toString() : null)
            .put("cancel_initiated_at", cancelled == null ? null : cancelled.toString())
            .putNull("archived_at")
            .put("results_url", ended ? "/v1/messages/batches/" + batch.id() + "/results" : null);
    Batch.Counts counts = batch.counts();
    json.putObject("request_counts")
        .put("processing", counts.total() - counts.completed() - counts.failed())
        .put("succeeded", counts.completed())
        .put("errored", counts.failed() - counts.unasked())
        .put("canceled", batch.status() == Status.CANCELLED ? counts.unasked() : 0)
        .put("expired", batch.status() == Status.EXPIRED ? counts.unasked() : 0);
    return json;
  }
}
