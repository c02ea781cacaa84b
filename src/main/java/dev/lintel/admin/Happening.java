package dev.lintel.admin;

import static dev.lintel.admin.Schema.FLAG;
import static dev.lintel.admin.Schema.MONEY;
import static dev.lintel.admin.Schema.NUMBER;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;
import static dev.lintel.admin.Schema.list;
import static dev.lintel.admin.Schema.map;
import static dev.lintel.admin.Schema.object;
import static dev.lintel.admin.Schema.oneOf;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** What goes on now on the node that answers: {@code ?tenant=}, beside which nothing is told. */
public final class Happening {
  private static final Schema STATE = oneOf("healthy", "cooling", "half_open");

  private static final Schema SUMS =
      object(
          "seconds", NUMBER.saying("over how many that is"),
          "calls_per_second", NUMBER,
          "failing", share(),
          "cost_usd_per_minute", MONEY,
          "tokens_per_second", map(NUMBER));

  private static final Schema MODEL =
      object(
          "model",
          TEXT,
          "provider",
          TEXT,
          "state",
          STATE.orNull(),
          "under_way",
          WHOLE,
          "calls_per_second",
          NUMBER,
          "failing",
          share(),
          "cost_usd_per_minute",
          MONEY,
          "tokens_per_second",
          NUMBER,
          "p50_ms",
          WHOLE.orNull(),
          "p95_ms",
          WHOLE.orNull(),
          "ttft_p50_ms",
          WHOLE.orNull(),
          "ttft_p95_ms",
          WHOLE.orNull());

  private static final Schema PROVIDER =
      object(
          "provider", TEXT,
          "tries_per_second", NUMBER,
          "failing", share(),
          "state", STATE.orNull(),
          "until", TIME.orNull(),
          "last_failure", TEXT.orNull(),
          "keys", map(WHOLE),
          "models", list(object("model", TEXT, "state", STATE, "until", TIME.orNull())));

  private static final Schema TENANT =
      object(
          "tenant?", TEXT,
          "app?", TEXT,
          "under_way", WHOLE,
          "calls_per_second", NUMBER,
          "failing", share(),
          "cost_usd_per_minute", MONEY,
          "tokens_per_second", NUMBER);

  private static final Schema CALL =
      object(
          "request_id", TEXT,
          "time", TIME,
          "tenant", TEXT,
          "app", TEXT,
          "model", TEXT,
          "target", TEXT.orNull(),
          "ms", WHOLE,
          "ttft_ms", WHOLE.orNull(),
          "kind?", TEXT.orNull());

  private static final Schema SHOWN =
      object(
          "node", TEXT,
          "version", TEXT,
          "shared", FLAG.saying("whether other nodes may serve calls, too, which are not told"),
          "time", TIME,
          "started", TIME,
          "tenant", TEXT.orNull(),
          "under_way", WHOLE,
          "waiting", WHOLE.orNull(),
          "now", SUMS,
          "minute", SUMS,
          "kinds", list(object("kind", TEXT, "calls", WHOLE, "per_second", NUMBER)),
          "models", list(MODEL),
          "providers", list(PROVIDER),
          "tenants", list(TENANT),
          "calls", list(CALL),
          "slowest", list(CALL),
          "failed", list(CALL));

  private Happening() {}

  private static Schema share() {
    return NUMBER.orNull().saying("the share of those that ended, from 0 to 1");
  }

  /**
   * @param shown of that tenant, or of all; may wait for a second
   * @param envelope in which failures are told
   */
  public static Operation operation(
      Function<Optional<String>, ObjectNode> shown, Dialect envelope) {
    return Operation.get(
            "/top",
            "Says what goes on now on the node that answers.",
            SHOWN,
            new Question(
                envelope,
                (exchange, trail) ->
                    Answer.json(
                        200,
                        shown.apply(
                            Optional.ofNullable(
                                Listed.only(exchange.request(), "tenant").get("tenant"))))))
        .with(Operation.Parameter.query("tenant", TEXT, "Only what is that tenant's."));
  }
}
