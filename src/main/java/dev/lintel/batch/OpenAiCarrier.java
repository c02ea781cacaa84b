package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Batch.Handed;
import dev.lintel.Bytes;
import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's batches (API reference, "Batch" and "Files"). */
public final class OpenAiCarrier implements Carrier {
  private static final Set<String> TAKEN =
      Set.of("/chat/completions", "/completions", "/embeddings", "/moderations", "/responses");
  private static final String BOUNDARY = "lintel-7f3b1c64e5a24d0f9c";
  private static final String MARK = "lintel_batch_id";

  /** Pages of batches that are looked through for one. */
  private static final int PAGES = 50;

  @Override
  public boolean takes(String path) {
    return TAKEN.contains(path);
  }

  @Override
  public long most() {
    return 200L << 20;
  }

  @Override
  public String type() {
    return "multipart/form-data; boundary=" + BOUNDARY;
  }

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  @Override
  public byte[] opening() {
    return ascii(
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\"\r\n"
            + "Content-Type: application/jsonl\r\n\r\n");
  }

  @Override
  public byte[] line(String customId, String path, byte[] body, boolean first) {
    var line = new Bytes(body.length + 128);
    line.add("{\"custom_id\":").add(Json.string(customId));
    line.add(",\"method\":\"POST\",\"url\":").add(Json.string("/v1" + path));
    line.add(",\"body\":").add(Results.oneLine(body)).add("}\n");
    return line.take();
  }

  @Override
  public byte[] closing() {
    return ascii("\r\n--" + BOUNDARY + "--\r\n");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String upload(Courier courier) {
    return Courier.id(courier.send("/files", Map.of(), type()));
  }

  @Override
  public String create(Courier courier, String file, Plan plan, Batch batch) {
    ObjectNode body =
        Json.object()
            .put("input_file_id", file)
            .put("endpoint", "/v1" + plan.path())
            .put("completion_window", "24h");
    body.putObject("metadata").put(MARK, batch.id());
    return Courier.id(courier.post("/batches", Map.of(), body));
  }

  @Override
  public Optional<Handed> find(Courier courier, Batch batch) {
    String after = "";
    for (int page = 0; page < PAGES; page++) {
      JsonNode list = courier.ask("GET", "/batches?limit=100" + after, Map.of());
      String last = "";
      for (JsonNode one : list.path("data")) {
        last = one.path("id").asString("");
        if (one.path("metadata").path(MARK).asString("").equals(batch.id())) {
          return Optional.of(batch.handed().there(one.path("input_file_id").asString(""), last));
        }
      }
      if (!list.path("has_more").asBoolean(false) || last.isEmpty()) {
        break;
      }
      after = "&after=" + last;
    }
    return Optional.empty();
  }

  @Override
  public State state(Courier courier, Handed handed) {
    JsonNode json = courier.ask("GET", "/batches/" + handed.id(), Map.of());
    String status = json.path("status").asString("");
    var results = new ArrayList<String>();
    var faults = new ArrayList<Batch.Fault>();
    for (String field : List.of("output_file_id", "error_file_id")) {
      String id = json.path(field).asString("");
      if (!id.isEmpty()) {
        results.add("/files/" + id + "/content");
      }
    }
    if (status.equals("failed")) {
      for (JsonNode fault : json.path("errors").path("data")) {
        faults.add(
            new Batch.Fault(
                fault.path("code").asString(""),
                fault.path("message").asString(""),
                fault.path("param").asString(""),
                fault.path("line").asLong(0)));
      }
      if (faults.isEmpty()) {
        faults.add(new Batch.Fault("batch_failed", "The provider failed the batch.", "", 0));
      }
    }
    JsonNode counts = json.path("request_counts");
    return new State(
        Set.of("completed", "failed", "expired", "cancelled").contains(status),
        status.equals("cancelled"),
        status.equals("completed"),
        counts.path("completed").asLong(0),
        counts.path("failed").asLong(0),
        results,
        faults);
  }

  @Override
  public void cancel(Courier courier, Handed handed) {
    courier.ask("POST", "/batches/" + handed.id() + "/cancel", Map.of());
  }

  @Override
  public void forget(Courier courier, Handed handed, List<String> results) {
    var files = new ArrayList<String>();
    if (!handed.file().isEmpty()) {
      files.add("/files/" + handed.file());
    }
    for (String result : results) {
      files.add(result.substring(0, result.length() - "/content".length()));
    }
    for (String file : files) {
      courier.ask("DELETE", file, Map.of());
    }
  }

  @Override
  public @Nullable Result result(JsonNode line) {
    JsonNode response = line.path("response");
    if (response.isObject()) {
      return new Result(response.path("status_code").asInt(0), Json.bytes(response.path("body")));
    }
    String code = line.path("error").path("code").asString("");
    if (code.equals(Results.Unasked.EXPIRED.code())
        || code.equals(Results.Unasked.CANCELLED.code())) {
      return null;
    }
    ObjectNode body = Json.object();
    body.set("error", line.path("error"));
    return new Result(500, Json.bytes(body));
  }
}
