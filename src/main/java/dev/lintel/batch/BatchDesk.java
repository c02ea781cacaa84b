package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Batch;
import dev.lintel.Batch.Status;
import dev.lintel.Body;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Store;
import dev.lintel.StoredFile;
import dev.lintel.Terms;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A tenant's batches, as OpenAI's API has them (API reference, "Batch"). */
public final class BatchDesk {
  private static final String PREFIX = "batch_";
  private static final Set<String> FIELDS =
      Set.of(
          "input_file_id",
          "endpoint",
          "completion_window",
          "metadata",
          "output_expires_after",
          "lintel");

  private final Supplier<Store> store;
  private final Supplier<Runner> runner;
  private final List<String> endpoints;
  private final InstantSource clock;

  /**
   * @param endpoints the paths that a batch may ask
   */
  public BatchDesk(
      Supplier<Store> store, Supplier<Runner> runner, List<String> endpoints, InstantSource clock) {
    this.store = store;
    this.runner = runner;
    this.endpoints = List.copyOf(endpoints);
    this.clock = clock;
  }

  public void create(Caller caller, Exchange exchange, Map<String, String> headers) {
    Body body = Body.scan(exchange.request().body());
    for (String key : body.keys()) {
      if (!FIELDS.contains(key)) {
        throw Failure.invalid("'" + key + "' is not a field of a batch.").at(key);
      }
    }
    Terms terms = Terms.read(exchange.request().headers(), body.value("lintel"));
    String endpoint = required(body, "endpoint");
    if (!endpoints.contains(endpoint)) {
      throw Failure.invalid(
              "'endpoint' must be one of "
                  + String.join(
                      ", ", endpoints.stream().filter(path -> path.startsWith("/v1/")).toList())
                  + ".")
          .at("endpoint");
    }
    if (!required(body, "completion_window").equals("24h")) {
      throw Failure.invalid("'completion_window' must be 24h.").at("completion_window");
    }
    Map<String, String> metadata = metadata(body.value("metadata"));
    Optional<Long> keep = body.value("output_expires_after").map(BatchDesk::keep);
    String input = required(body, "input_file_id");
    StoredFile file =
        store
            .get()
            .files()
            .find(caller.tenant(), input)
            .orElseThrow(() -> Requested.missing("file", input).at("input_file_id"));
    if (!file.purpose().equals("batch")) {
      throw Failure.invalid("The file's purpose is '" + file.purpose() + "', not 'batch'.")
          .at("input_file_id");
    }
    Instant now = clock.instant();
    var batch =
        new Batch(
            Ids.of(PREFIX),
            caller.tenant(),
            caller.app(),
            caller.keyId(),
            endpoint,
            input,
            metadata,
            headers(terms),
            now,
            now.plus(Duration.ofHours(24)),
            keep,
            Status.VALIDATING,
            Map.of(Status.VALIDATING, now),
            Batch.Counts.NONE,
            "",
            "",
            List.of());
    store.get().batches().add(batch);
    runner.get().start();
    exchange.answer(Answer.json(200, json(batch)), headers);
  }

  /** As each call of the batch says its terms. */
  static Map<String, String> headers(Terms terms) {
    var headers = new TreeMap<String, String>();
    headers.put("content-type", Answer.JSON);
    terms
        .values()
        .forEach((term, value) -> headers.put("x-lintel-" + term.replace('_', '-'), value));
    return headers;
  }

  private static String required(Body body, String field) {
    return body.text(field)
        .filter(text -> !text.isEmpty())
        .orElseThrow(() -> Failure.invalid("'" + field + "' is missing.").at(field));
  }

  private static Map<String, String> metadata(Optional<JsonNode> given) {
    var metadata = new TreeMap<String, String>();
    if (given.isEmpty() || given.get().isNull()) {
      return metadata;
    }
    JsonNode node = given.get();
    if (!node.isObject() || node.size() > 16) {
      throw Failure.invalid("'metadata' must be an object of at most 16 texts.").at("metadata");
    }
    for (var entry : node.properties()) {
      if (!entry.getValue().isString()
          || entry.getKey().length() > 64
          || entry.getValue().asString().length() > 512) {
        throw Failure.invalid(
                "'metadata' must have keys of at most 64 and texts of at most 512 characters.")
            .at("metadata");
      }
      metadata.put(entry.getKey(), entry.getValue().asString());
    }
    return metadata;
  }

  private static Long keep(JsonNode after) {
    return FileDesk.seconds(after.path("seconds").asString(""), "output_expires_after");
  }

  public void list(Caller caller, Exchange exchange, Map<String, String> headers) {
    Map<String, String> query = exchange.request().query();
    int limit = Requested.limit(query, 20, 100);
    List<Batch> found =
        store
            .get()
            .batches()
            .list(caller.tenant(), PREFIX, query.getOrDefault("after", ""), limit + 1);
    ObjectNode body = Json.object().put("object", "list");
    boolean more = found.size() > limit;
    Requested.page(body, more ? found.subList(0, limit) : found, more, BatchDesk::json);
    exchange.answer(Answer.json(200, body), headers);
  }

  public void one(Caller caller, Exchange exchange, Map<String, String> headers) {
    exchange.answer(Answer.json(200, json(find(caller, exchange))), headers);
  }

  public void cancel(Caller caller, Exchange exchange, Map<String, String> headers) {
    Batch known = find(caller, exchange);
    if (known.status().last()) {
      throw Failure.invalid(
              "A batch that is " + known.status().word() + " cannot be cancelled any more.")
          .status(409)
          .at("id");
    }
    Batch changed = cancel(known, store.get(), runner.get(), clock.instant());
    exchange.answer(Answer.json(200, json(changed)), headers);
  }

  /** Asks no more of its requests; what it is then. */
  static Batch cancel(Batch known, Store store, Runner runner, Instant now) {
    Batch changed =
        store
            .batches()
            .change(
                known.id(),
                batch ->
                    batch.status().last() || batch.status() == Status.CANCELLING
                        ? batch
                        : batch.now(Status.CANCELLING, now))
            .orElse(known);
    runner.cancelled(known.id());
    runner.start();
    return changed;
  }

  private Batch find(Caller caller, Exchange exchange) {
    return Requested.batch(store.get().batches(), PREFIX, caller, exchange);
  }

  private static ObjectNode json(Batch batch) {
    ObjectNode json =
        Json.object()
            .put("id", batch.id())
            .put("object", "batch")
            .put("endpoint", batch.endpoint());
    if (batch.faults().isEmpty()) {
      json.putNull("errors");
    } else {
      var data = json.putObject("errors").put("object", "list").putArray("data");
      for (Batch.Fault fault : batch.faults()) {
        data.addObject()
            .put("code", fault.code())
            .put("message", fault.message())
            .put("param", fault.param().isEmpty() ? null : fault.param())
            .put("line", fault.line() == 0 ? null : Long.valueOf(fault.line()));
      }
    }
    boolean ended = batch.status().last();
    json.put("input_file_id", batch.input())
        .put("completion_window", "24h")
        .put("status", batch.status().word())
        .put("output_file_id", ended && !batch.output().isEmpty() ? batch.output() : null)
        .put("error_file_id", ended && !batch.errors().isEmpty() ? batch.errors() : null)
        .put("created_at", batch.created().getEpochSecond())
        .put("expires_at", batch.expires().getEpochSecond());
    for (Status status : Status.values()) {
      if (status != Status.VALIDATING) {
        Instant time = batch.times().get(status);
        json.put(status.word() + "_at", time == null ? null : Long.valueOf(time.getEpochSecond()));
      }
    }
    json.putObject("request_counts")
        .put("total", batch.counts().total())
        .put("completed", batch.counts().completed())
        .put("failed", batch.counts().failed());
    if (batch.metadata().isEmpty()) {
      json.putNull("metadata");
    } else {
      ObjectNode metadata = json.putObject("metadata");
      batch.metadata().forEach(metadata::put);
    }
    return json;
  }
}
