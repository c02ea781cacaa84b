package dev.lintel.filter;

import dev.lintel.Failure;
import dev.lintel.Json;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** How the callers of a model fared beside their shadows, as far as both were asked. */
final class Comparison {
  private final Tally callers = new Tally();
  private final Tally shadows = new Tally();
  private final LongAdder compared = new LongAdder();
  private final LongAdder same = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  /**
   * How one of the two ended.
   *
   * @param text all that it said; empty where that is too long to be kept, or it failed
   */
  record Outcome(
      Optional<Failure.Kind> failure,
      Optional<BigDecimal> cost,
      long nanos,
      Optional<String> text) {}

  /** A shadow was not asked, because too many were under way. */
  void dropped() {
    dropped.increment();
  }

  Pair pair() {
    return new Pair();
  }

  ObjectNode json() {
    ObjectNode node = Json.object();
    put(node.putObject("callers"), callers);
    put(node.putObject("shadows"), shadows);
    return node.put("compared", compared.sum())
        .put("same", same.sum())
        .put("dropped", dropped.sum());
  }

  /** A call and its shadow, of which either may end first. */
  final class Pair {
    private final AtomicReference<@Nullable Optional<String>> first = new AtomicReference<>();

    void caller(Outcome outcome) {
      ended(callers, outcome);
    }

    void shadow(Outcome outcome) {
      ended(shadows, outcome);
    }

    private void ended(Tally side, Outcome outcome) {
      // Who left says nothing of who was asked.
      if (outcome.failure.filter(Failure.Kind.CANCELLED::equals).isEmpty()) {
        count(side, outcome);
      }
      Optional<String> other = first.compareAndExchange(null, outcome.text);
      if (other != null && other.isPresent() && outcome.text.isPresent()) {
        compared.increment();
        if (other.equals(outcome.text)) {
          same.increment();
        }
      }
    }
  }

  private static void count(Tally side, Outcome outcome) {
    if (outcome.failure.isPresent()) {
      side.failed(true);
    } else {
      side.answered(outcome.nanos, -1);
    }
    side.paid(outcome.cost);
  }

  private static void put(ObjectNode node, Tally side) {
    node.put("calls", side.calls.sum())
        .put("errors", side.errors.sum())
        .put("cost_usd", side.cost().toPlainString());
    put(node, "p50_ms", side.latencyMillis(0.5));
    put(node, "p95_ms", side.latencyMillis(0.95));
  }

  private static void put(ObjectNode node, String name, OptionalLong millis) {
    if (millis.isPresent()) {
      node.put(name, millis.getAsLong());
    } else {
      node.putNull(name);
    }
  }
}
