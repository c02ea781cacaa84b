package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Extent;
import dev.lintel.Live;
import dev.lintel.Measure;
import dev.lintel.Model;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Tells before a call what it may use: by its own words, and by what calls of the same app, model
 * and size have really used lately. Of a kind of which none has ended yet it supposes much, so that
 * many who begin at once do not use more than there is.
 */
final class Foresight {
  private static final long MOST = Measure.MOST;

  /** What an answer is supposed to have at the most where neither call nor catalogue says it. */
  private static final long ANSWER = 4096;

  /** What a prompt or an answer of a kind of which nothing is known may turn out to have. */
  private static final long CAUTION = 32_768;

  /** A guess at a prompt's tokens by its length is wrong by no more. */
  private static final long WRONG = 4;

  /** More kinds than that are made by callers who make up names of models. */
  private static final int KINDS = 50_000;

  /** By how many sizes another kind may differ that is asked where nothing is known of one. */
  private static final int NEAR = 3;

  /**
   * Calls that are alike.
   *
   * @param size of the prompt, as a power of four
   * @param most of the answer, the same; 0 where the call does not say
   */
  private record Kind(String tenant, String app, String model, int size, int most) {
    Kind sized(int other) {
      return new Kind(tenant, app, model, other, most);
    }
  }

  /** The highest of what calls have used: of the last hundred or so. */
  private static final class Highest {
    private static final int HALF = 64;

    private record State(
        long input, long output, long tokens, long pico, @Nullable State before, int calls) {}

    private static final AtomicReferenceFieldUpdater<Highest, State> STATE =
        AtomicReferenceFieldUpdater.newUpdater(Highest.class, State.class, "state");

    private volatile State state = new State(0, 0, 0, 0, null, 0);

    void add(long input, long output, long pico) {
      while (true) {
        State known = state;
        State next =
            known.calls == HALF
                ? new State(
                    input,
                    output,
                    input + output,
                    pico,
                    new State(known.input, known.output, known.tokens, known.pico, null, HALF),
                    1)
                : new State(
                    Math.max(known.input, input),
                    Math.max(known.output, output),
                    Math.max(known.tokens, input + output),
                    Math.max(known.pico, pico),
                    known.before,
                    known.calls + 1);
        if (STATE.compareAndSet(this, known, next)) {
          return;
        }
      }
    }

    Seen seen() {
      State now = state;
      State before = now.before;
      return before == null
          ? new Seen(now.input, now.output, now.tokens, now.pico)
          : new Seen(
              Math.max(now.input, before.input),
              Math.max(now.output, before.output),
              Math.max(now.tokens, before.tokens),
              Math.max(now.pico, before.pico));
    }
  }

  private record Seen(long input, long output, long tokens, long pico) {
    Seen times(long factor) {
      return new Seen(input * factor, output, input * factor + output, pico * factor);
    }
  }

  private final Map<Kind, Highest> known = new ConcurrentHashMap<>();

  /** What one call may use. */
  final class View {
    private final Call call;
    private final Kind kind;
    private final long input;
    private final long asked;

    /** What such calls used; {@code null} where none is known. */
    private final @Nullable Seen seen;

    View(Call call) {
      this.call = call;
      Request request = call.request();
      boolean answered = answered(request);
      this.input = answered ? input(request) : 0;
      this.asked = answered ? Extent.maxTokens(request) : 0;
      this.kind =
          new Kind(
              call.caller().tenant(),
              call.caller().app(),
              call.resolved().name(),
              size(input),
              asked == 0 ? 0 : 1 + size(asked));
      this.seen = answered ? find(kind) : new Seen(0, 0, 0, 0);
    }

    /** The same by what is known now. */
    View again() {
      return new View(call);
    }

    /** Whether no such call has ended yet. */
    boolean unknown() {
      return seen == null;
    }

    /** Of a limit: what is wrong with it is corrected when the call has ended. */
    Outlay tokens() {
      Seen lately = seen;
      if (lately == null) {
        return new Outlay(sum(input, asked > 0 ? asked : answer(ANSWER)), sum(input, asked));
      }
      long bound = sum(Math.max(input, lately.input), Math.max(asked, lately.output));
      return new Outlay(bound, Math.min(bound, lately.tokens));
    }

    /**
     * Of a budget.
     *
     * @param cautious whether much is supposed where nothing is known
     */
    Outlay budgetTokens(boolean cautious) {
      return seen != null || !cautious
          ? tokens()
          : new Outlay(sum(cautiousInput(), cautiousAnswer()), Math.max(1, sum(input, asked)));
    }

    /** In pico USD; the same. */
    Outlay money(boolean cautious) {
      Seen lately = seen;
      if (lately == null) {
        long bound =
            cautious
                ? cost(cautiousInput(), cautiousAnswer())
                : cost(input, asked > 0 ? asked : answer(ANSWER));
        // A first call costs little at the least, but never nothing: what is spent stays spent.
        return new Outlay(bound, Math.min(bound, Math.max(1, cost(input, asked))));
      }
      long bound =
          Math.max(
              lately.pico, cost(Math.max(input, lately.input), Math.max(asked, lately.output)));
      return new Outlay(bound, Math.min(bound, lately.pico));
    }

    private long cautiousInput() {
      return answers(call.request()) ? Math.max(WRONG * input, CAUTION) : WRONG * input;
    }

    private long cautiousAnswer() {
      return Math.max(asked, answer(CAUTION));
    }

    /** The most that an answer may have, where the catalogue knows it; else that. */
    private long answer(long unknown) {
      if (!answers(call.request())) {
        return 0;
      }
      long most = 0;
      for (Target target : call.resolved().targets()) {
        most = Math.max(most, target.traits().maxOutput());
      }
      return most == 0 ? unknown : most;
    }

    /** At the dearest of all whom the call may ask; what it may cost where a price is unknown. */
    private long cost(long in, long out) {
      Model model = call.resolved();
      Map<Usage.Unit, BigDecimal> pieces = Extent.pieces(call.request());
      long most = 0;
      for (Target target : model.targets()) {
        most = Math.max(most, cost(target, in, out, pieces));
      }
      if (!model.routing().rules().isEmpty() || model.routing().split().isPresent()) {
        most =
            Math.max(
                most,
                model
                    .everywhere()
                    .mapToLong(target -> cost(target, in, out, pieces))
                    .max()
                    .orElse(0));
      }
      return most;
    }

    private long cost(Target target, long in, long out, Map<Usage.Unit, BigDecimal> pieces) {
      if (!pieces.isEmpty()) {
        return target
            .price()
            .cost(Usage.of(in, out, Usage.Source.ESTIMATE).units(pieces))
            .map(Measure::pico)
            .orElseGet(() -> allowed(call));
      }
      double usd = target.price().about(in, 0, out);
      return Double.isNaN(usd) ? allowed(call) : (long) Math.min(MOST, Math.rint(usd * 1e12));
    }

    /** What the call has really used. */
    void learn(Usage usage, long pico) {
      if (answered(call.request()) && usage.source() != Usage.Source.NONE) {
        if (known.size() >= KINDS) {
          known.clear();
        }
        known
            .computeIfAbsent(kind, fresh -> new Highest())
            .add(usage.prompt(), usage.output(), pico);
      }
    }
  }

  /** Of what goes through as it is nobody knows more than its length; it surely is not free. */
  private static long input(Request request) {
    return switch (request) {
      case Relay relay ->
          switch (relay.content()) {
            case Relay.Content.Json json -> 1 + json.body().bytes().length / 4;
            case Relay.Content.Parts parts -> 1;
            case Relay.Content.Opaque opaque ->
                opaque.body().small() ? 1 + opaque.body().length() / 4 : 1;
          };
      case Live live -> 1;
      case Chat chat -> Extent.inputTokens(chat);
      case Embed embed -> Extent.inputTokens(embed);
      case Rerank rerank -> Extent.inputTokens(rerank);
      case Stored stored -> 0;
      case Request.Count count -> 0;
      case Request.Unread unread -> 0;
    };
  }

  /** Whether what comes back may be long. */
  private static boolean answers(Request request) {
    return request instanceof Chat || request instanceof Relay || request instanceof Live;
  }

  /** Whether anything of a model is used by it. */
  private static boolean answered(Request request) {
    return !(request instanceof Stored) && !(request instanceof Request.Count);
  }

  private @Nullable Seen find(Kind kind) {
    Highest exact = known.get(kind);
    if (exact != null) {
      return exact.seen();
    }
    for (int apart = 1; apart <= NEAR; apart++) {
      Highest smaller = known.get(kind.sized(kind.size - apart));
      if (smaller != null) {
        return smaller.seen().times(1L << (2 * apart));
      }
      Highest larger = known.get(kind.sized(kind.size + apart));
      if (larger != null) {
        return larger.seen();
      }
    }
    return null;
  }

  private static int size(long tokens) {
    return (Long.SIZE - Long.numberOfLeadingZeros(tokens)) / 2;
  }

  private static long sum(long one, long other) {
    return Math.min(MOST, Math.min(MOST, one) + Math.min(MOST, other));
  }

  /** What a call whose price nobody knows counts as: the most that it may cost. */
  static long allowed(Call call) {
    return call.terms().values().isEmpty()
        ? 0
        : call.terms().maxCostUsd().map(Measure::pico).orElse(0L);
  }
}
