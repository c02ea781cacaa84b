package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
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
    long[] count = {0};
    lines(
        file,
        longest,
        (number, bytes) -> {
          if (bytes.length == 0) {
            return true;
          }
          Read read = read(number, bytes, endpoint);
          faults.addAll(read.faults);
          count[0]++;
          read.line.ifPresent(line -> {
            if (!ids.add(line.customId)) {
              faults.add(
                  new Batch.Fault(
                      "duplicate_custom_id",
                      "The custom_id '" + line.customId + "' stands on an earlier line, too.",
                      "custom_id",
                      number));
            }
          });
          return faults.size() < MOST_FAULTS && count[0] <= most;
        },
        number ->
            faults.add(
                new Batch.Fault(
                    "line_too_long",
                    "The line is longer than " + longest + " bytes, the most that one may have.",
                    "",
                    number)));
    if (count[0] > most) {
      faults.add(
          new Batch.Fault(
              "too_many_tasks", "A batch may have " + most + " requests at the most.", "", 0));
    }
    if (count[0] == 0 && faults.isEmpty()) {
      faults.add(new Batch.Fault("empty_file", "The file holds no request.", "", 0));
    }
    return new Checked(count[0], faults);
  }

  /** Takes lines; false to see no more. */
  @FunctionalInterface
  interface Taking {
    boolean take(Line line);
  }

  /** Gives every request of a file that has been checked, in its order. */
  static void each(Path file, String endpoint, Taking taking) throws IOException {
    lines(
        file,
        Integer.MAX_VALUE,
        (number, bytes) ->
            bytes.length == 0
                || read(number, bytes, endpoint).line.map(taking::take).orElse(true),
        number -> {});
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
              "invalid_request", "A batch cannot stream: leave 'stream' out.", "body.stream",
              number));
    }
    return faults.isEmpty()
        ? new Read(Optional.of(new Line(number, id, Json.bytes(body))), List.of())
        : new Read(Optional.empty(), faults);
  }

  private static Read fault(String code, String message, String param, long number) {
    return new Read(Optional.empty(), List.of(new Batch.Fault(code, message, param, number)));
  }

  /** Takes the bytes of a line without its end; false to see no more. */
  @FunctionalInterface
  interface Raw {
    boolean take(long number, byte[] bytes);
  }

  /**
   * Gives the lines of a file.
   *
   * @param tooLong told of lines that are not given
   */
  static void lines(Path file, int longest, Raw taking, Consumer<Long> tooLong)
      throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      var line = new ByteArrayOutputStream();
      long number = 0;
      boolean fits = true;
      for (int next = in.read(); next >= 0 || line.size() > 0; next = in.read()) {
        if (next >= 0 && next != '\n') {
          if (line.size() == longest) {
            fits = false;
          } else if (next != '\r') {
            line.write(next);
          }
          continue;
        }
        number++;
        if (!fits) {
          tooLong.accept(number);
        } else if (!taking.take(number, line.toByteArray())) {
          return;
        }
        fits = true;
        line.reset();
      }
    }
  }

}
