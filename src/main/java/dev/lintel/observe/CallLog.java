package dev.lintel.observe;

import dev.lintel.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes one line of JSON for every call that has ended. For one thread. */
public final class CallLog {
  /** So many targets a line names; more would make lines that nobody can read. */
  private static final int MOST_TARGETS = 20;

  /** Shorter than any record of more than those. */
  private static final int MANY_TARGETS = MOST_TARGETS * 50;

  private static final int SOON = 1 << 16;
  private static final byte[] EVENT = ",\"event\":\"call\"}\n".getBytes(StandardCharsets.UTF_8);

  private final OutputStream out;
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream(1 << 14);
  private boolean deaf;

  public CallLog(OutputStream out) {
    this.out = out;
  }

  /**
   * @param record as {@link dev.lintel.CallRecord} writes it
   */
  public void add(byte[] record) {
    byte[] shown = record.length > MANY_TARGETS ? shortened(record) : record;
    lines.write(shown, 0, shown.length - 1);
    lines.write(EVENT, 0, EVENT.length);
    if (lines.size() > SOON) {
      flush();
    }
  }

  private static byte[] shortened(byte[] record) {
    JsonNode whole = Json.parse(record);
    int left = whole.path("decision").size() - MOST_TARGETS;
    if (left <= 0) {
      return record;
    }
    ObjectNode shown = Json.object();
    for (var one : whole.properties()) {
      if (one.getKey().equals("decision")) {
        var first = shown.putArray("decision");
        for (int i = 0; i < MOST_TARGETS; i++) {
          first.add(one.getValue().get(i));
        }
        shown.put("decision_left_out", left);
      } else {
        shown.set(one.getKey(), one.getValue());
      }
    }
    return Json.bytes(shown);
  }

  /** Lets go what has been added. */
  public void flush() {
    if (!deaf && lines.size() > 0) {
      try {
        lines.writeTo(out);
        out.flush();
      } catch (IOException nobodyReads) {
        // Standard output has been closed: calls go on without their lines.
        deaf = true;
      }
    }
    lines.reset();
  }
}
