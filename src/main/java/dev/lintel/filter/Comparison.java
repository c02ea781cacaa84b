package dev.lintel.filter;

import dev.lintel.Failure;
import dev.lintel.Json;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** How the callers of a model fared beside their shadows, as far as both were asked. */
final class Comparison {
  /** Of how many recent calls the latencies are told. */
  private static final int RECENT = 1000;

  private final Side callers = new Side();
  private final Side shadows = new Side();
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
    callers.put(node.putObject("callers"));
    shadows.put(node.putObject("shadows"));
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

    private void ended(Side side, Outcome outcome) {
      // Who left says nothing of who was asked.
      if (outcome.failure.filter(Failure.Kind.CANCELLED::equals).isEmpty()) {
        side.count(outcome);
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

  private static final class Side {
    private final LongAdder calls = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final AtomicReference<BigDecimal> cost = new AtomicReference<>(BigDecimal.ZERO);
    private final AtomicIntegerArray millis = new AtomicIntegerArray(RECENT);
    private final AtomicInteger measured = new AtomicInteger();

    void count(Outcome outcome) {
      calls.increment();
      outcome.cost.ifPresent(usd -> cost.accumulateAndGet(usd, BigDecimal::add));
      if (outcome.failure.isPresent()) {
        errors.increment();
        return;
      }
      int at = measured.getAndUpdate(n -> n + 1 == 2 * RECENT ? RECENT : n + 1);
      millis.set(at % RECENT, (int) Math.min(Integer.MAX_VALUE, outcome.nanos / 1_000_000));
    }

    void put(ObjectNode node) {
      int[] sorted = new int[Math.min(RECENT, measured.get())];
      Arrays.setAll(sorted, millis::get);
      Arrays.sort(sorted);
      node.put("calls", calls.sum())
          .put("errors", errors.sum())
          .put("cost_usd", Objects.requireNonNull(cost.get()).toPlainString());
      put(node, "p50_ms", sorted, 50);
      put(node, "p95_ms", sorted, 95);
    }

    /** Of answers alone: a failure may be quick. */
    private static void put(ObjectNode node, String name, int[] sorted, int percent) {
      if (sorted.length == 0) {
        node.putNull(name);
      } else {
        node.put(name, sorted[(sorted.length * percent + 99) / 100 - 1]);
      }
    }
  }
}
