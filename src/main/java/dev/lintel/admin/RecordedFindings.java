package dev.lintel.admin;

import dev.lintel.CallRecords;
import dev.lintel.Findings.Row;
import dev.lintel.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** What rules have to say, found in the records of calls one after the other. */
final class RecordedFindings {
  /** Further back nobody looks, which the answer says. */
  static final int MOST = 200_000;

  private static final int PAGE = 1000;

  private RecordedFindings() {}

  /**
   * The records of that time, the newest first; holds its thread.
   *
   * @return whether those were all
   */
  static boolean each(
      CallRecords records,
      Instant from,
      Instant to,
      Optional<String> tenant,
      Consumer<JsonNode> taking) {
    Optional<String> cursor = Optional.empty();
    int seen = 0;
    do {
      var page = records.list(new CallRecords.Question(from, tenant, cursor, PAGE));
      List<JsonNode> calls = page.records().stream().map(Json::parse).toList();
      for (JsonNode call : calls) {
        if (Past.time(call).isBefore(to)) {
          taking.accept(call);
        }
      }
      seen += calls.size();
      cursor = page.next();
    } while (cursor.isPresent() && seen < MOST);
    return cursor.isEmpty();
  }

  /** Rows in the making. */
  static final class Sums {
    private static final int EXAMPLES = 3;

    private record Key(String rule, String mode, String kind, String tenant, String app) {}

    private static final class Sum {
      private final List<String> examples = new ArrayList<>(EXAMPLES);
      private final String message;
      private long calls;
      private Instant first;
      private Instant last;

      Sum(String message, Instant time) {
        this.message = message;
        this.first = time;
        this.last = time;
      }
    }

    private final Map<Key, Sum> sums = new LinkedHashMap<>();
    long calls;

    /**
     * @param finding as it stands in a record
     */
    void add(JsonNode call, JsonNode finding) {
      var key =
          new Key(
              finding.path("rule").asString(""),
              finding.path("mode").asString(""),
              finding.path("kind").asString(""),
              call.path("tenant").asString(""),
              call.path("app").asString(""));
      Instant time = Past.time(call);
      Sum sum =
          sums.computeIfAbsent(key, fresh -> new Sum(finding.path("message").asString(""), time));
      sum.calls++;
      sum.first = time.isBefore(sum.first) ? time : sum.first;
      sum.last = time.isAfter(sum.last) ? time : sum.last;
      if (sum.examples.size() < EXAMPLES) {
        sum.examples.add(call.path("request_id").asString(""));
      }
    }

    List<Row> rows() {
      var rows = new ArrayList<Row>();
      sums.forEach((key, sum) ->
          rows.add(
              new Row(
                  key.rule,
                  key.mode,
                  key.kind,
                  key.tenant,
                  key.app,
                  sum.calls,
                  sum.first,
                  sum.last,
                  sum.message,
                  sum.examples)));
      return rows;
    }
  }
}
