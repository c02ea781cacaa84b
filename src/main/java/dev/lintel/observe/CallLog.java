package dev.lintel.observe;

import dev.lintel.Body;
import dev.lintel.Json;
import dev.lintel.TraceContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Writes one line of JSON for every call that has ended, or for a share of those that were
 * answered. For one thread, but for the share.
 */
public final class CallLog {
  /** So many targets a line names; more would make lines that nobody can read. */
  private static final int MOST_TARGETS = 20;

  /** Shorter than any record of more than those. */
  private static final int MANY_TARGETS = MOST_TARGETS * 50;

  private static final int SOON = 1 << 16;
  private static final byte[] EVENT = ",\"event\":\"call\"}\n".getBytes(StandardCharsets.UTF_8);

  private final OutputStream out;
  private final UnaryOperator<String> redaction;
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream(1 << 14);
  private volatile double share = 1;
  private boolean deaf;

  /**
   * @param redaction takes secrets out of a text
   */
  public CallLog(OutputStream out, UnaryOperator<String> redaction) {
    this.out = out;
    this.redaction = redaction;
  }

  /**
   * From now on that share of the answered calls has lines, and all that failed. Drawn by the
   * trace, as traces are: what belongs together is told together.
   *
   * @param wanted from 0 to 1
   */
  public void share(double wanted) {
    share = wanted;
  }

  /**
   * @param record as {@link dev.lintel.CallRecord} writes it
   */
  public void add(byte[] record) {
    if (share < 1 && isLeftOut(record)) {
      return;
    }
    byte[] shown = record.length > MANY_TARGETS ? shortened(record) : record;
    Harmless.Look look = Harmless.Look.at(shown);
    if (look.secret()) {
      shown = Json.bytes(redacted(Json.parse(shown)));
    }
    if (look.control()) {
      shown = Harmless.json(shown);
    }
    lines.write(shown, 0, shown.length - 1);
    lines.write(EVENT, 0, EVENT.length);
    if (lines.size() > SOON) {
      flush();
    }
  }

  private boolean isLeftOut(byte[] record) {
    Body body = Body.scan(record);
    return !body.isText("kind")
        && body.text("trace_id").map(TraceContext::lot).orElse(0.0) >= share;
  }

  private JsonNode redacted(JsonNode node) {
    return switch (node) {
      case ObjectNode object -> {
        for (String name : List.copyOf(object.propertyNames())) {
          object.set(name, redacted(object.get(name)));
        }
        yield object;
      }
      case ArrayNode array -> {
        for (int i = 0; i < array.size(); i++) {
          array.set(i, redacted(array.get(i)));
        }
        yield array;
      }
      default -> node.isString() ? StringNode.valueOf(redaction.apply(node.asString())) : node;
    };
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
