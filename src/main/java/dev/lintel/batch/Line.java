package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One request of a batch.
 *
 * @param number its line in the file, from 1
 */
record Line(long number, String customId, byte[] body) {
  private static final int MOST_FAULTS = 100;
  private static final int LONGEST_ID = 512;

  /** What a line said, or what is wrong with it. */
  private record Read(Optional<Line> line, List<Batch.Fault> faults) {}

  /** What a whole file holds. */
  record Checked(long lines, List<Batch.Fault> faults) {}

  /**
   * Reads the whole file once and says what is wrong with it.
   *
   * @param longest the most bytes of a line
   * @param most the most lines
   */
  static Checked check(Path file, String endpoint, int longest, long most) throws IOException {
    var faults = new ArrayList<Batch.Fault>();
    Set<String> ids = new HashSet<>();
    long count = 0;
    try (var lines = new Lines(file, longest)) {
      for (byte[] bytes = lines.next();
          bytes != null && faults.size() < MOST_FAULTS && count <= most;
          bytes = lines.next()) {
        if (lines.cut()) {
          faults.add(
              new Batch.Fault(
                  "line_too_long",
                  "The line is longer than " + longest + " bytes, the most that one may have.",
                  "",
                  lines.number()));
        } else if (bytes.length > 0) {
          count++;
          Read read = read(lines.number(), bytes, endpoint);
          faults.addAll(read.faults);
          read.line.filter(line -> !ids.add(line.customId)).map(Line::twice).ifPresent(faults::add);
        }
      }
    }
    if (count > most) {
      faults.add(
          new Batch.Fault(
              "too_many_tasks", "A batch may have " + most + " requests at the most.", "", 0));
    }
    if (count == 0 && faults.isEmpty()) {
      faults.add(new Batch.Fault("empty_file", "The file holds no request.", "", 0));
    }
    return new Checked(count, faults);
  }

  private Batch.Fault twice() {
    return new Batch.Fault(
        "duplicate_custom_id",
        "The custom_id '" + customId + "' stands on an earlier line, too.",
        "custom_id",
        number);
  }

  /** Takes lines; false to see no more. */
  @FunctionalInterface
  interface Taking {
    boolean take(Line line) throws IOException;
  }

  /** Gives every request of a file that has been checked, in its order. */
  static void each(Path file, String endpoint, Taking taking) throws IOException {
    try (var lines = new Lines(file, Integer.MAX_VALUE)) {
      for (byte[] bytes = lines.next(); bytes != null; bytes = lines.next()) {
        Optional<Line> line =
            bytes.length == 0 ? Optional.empty() : read(lines.number(), bytes, endpoint).line;
        if (line.isPresent() && !taking.take(line.get())) {
          return;
        }
      }
    }
  }

  private static Read read(long number, byte[] bytes, String endpoint) {
    JsonNode json;
    try {
      json = Json.parse(bytes, 0, bytes.length);
    } catch (JacksonException broken) {
      return fault("invalid_json_line", "The line is not valid JSON.", "", number);
    }
    if (!json.isObject()) {
      return fault("invalid_json_line", "The line is not a JSON object.", "", number);
    }
    var faults = new ArrayList<Batch.Fault>();
    String id = json.path("custom_id").asString("");
    if (!json.path("custom_id").isString() || id.isEmpty() || id.length() > LONGEST_ID) {
      faults.add(
          new Batch.Fault(
              "missing_required_parameter",
              "'custom_id' must be a string of 1 to " + LONGEST_ID + " characters.",
              "custom_id",
              number));
    }
    if (!json.path("method").asString("").equals("POST")) {
      faults.add(new Batch.Fault("invalid_method", "'method' must be POST.", "method", number));
    }
    if (!json.path("url").asString("").equals(endpoint)) {
      faults.add(
          new Batch.Fault(
              "invalid_url",
              "'url' must be " + endpoint + ", the endpoint of this batch.",
              "url",
              number));
    }
    JsonNode body = json.path("body");
    if (!body.isObject()) {
      faults.add(
          new Batch.Fault(
              "missing_required_parameter", "'body' must be an object.", "body", number));
    } else if (body.path("stream").asBoolean(false)) {
      faults.add(
          new Batch.Fault(
              "invalid_request",
              "A batch cannot stream: leave 'stream' out.",
              "body.stream",
              number));
    }
    return faults.isEmpty()
        ? new Read(Optional.of(new Line(number, id, Json.bytes(body))), List.of())
        : new Read(Optional.empty(), faults);
  }

  private static Read fault(String code, String message, String param, long number) {
    return new Read(Optional.empty(), List.of(new Batch.Fault(code, message, param, number)));
  }
}
