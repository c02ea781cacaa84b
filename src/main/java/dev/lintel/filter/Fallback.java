package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Routing.Cause;
import dev.lintel.Sink;
import dev.lintel.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Asks other configured models where one fails before its first content, by why it failed.
 *
 * <p>Each is asked as if it had been asked for, with its own targets, strategy, timeouts and tries,
 * but within the call's own time; where it fails, its own fallbacks come before the next in the
 * list. No model is asked twice. Where all fail, the caller learns why the first one did.
 *
 * <p>A model whose providers all rest is passed over while another may be asked; where all of those
 * fail, its least bad target is asked after all, if the model insists.
 */
public final class Fallback implements Filter {
  private final Function<String, Optional<Model>> models;
  private final Listener listener;

  /**
   * @param models by their names
   */
  public Fallback(Function<String, Optional<Model>> models) {
    this(models, (trail, event) -> {});
  }

  /**
   * The same.
   *
   * @param listener is told which model is asked in which one's place
   */
  public Fallback(Function<String, Optional<Model>> models, Listener listener) {
    this.models = models;
    this.listener = listener;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (call.resolved().routing().fallback().isEmpty()
        && call.trail().admission().downgrade().isEmpty()) {
      next.handle(call, sink);
      return;
    }
    new Search(call, sink, next).run();
  }

  /**
   * Which list a failure leads to; empty where no other model would do better: the request itself
   * is wrong, the caller may not ask or has left, or the call's time is over.
   */
  static Optional<Cause> cause(Failure failure, Request request) {
    return switch (failure.kind()) {
      case CONTEXT_LENGTH_EXCEEDED -> again(request, Cause.CONTEXT_LENGTH);
      case CONTENT_BLOCKED -> again(request, Cause.CONTENT_POLICY);
      // More than a provider takes: where it is the gateway that refuses, nobody is asked at all.
      case PAYLOAD_TOO_LARGE ->
          failure.upstreamStatus() == 0 ? Optional.empty() : again(request, Cause.CONTEXT_LENGTH);
      case BUDGET_EXCEEDED -> Optional.of(Cause.BUDGET);
      case UPSTREAM_RATE_LIMITED, UPSTREAM_OVERLOADED -> elsewhere(failure, Cause.OVERLOADED);
      // A call whose own time is over says so by being of no use anywhere, as one does whose upload
      // is gone.
      case NOT_FOUND, UPSTREAM_UNAVAILABLE, UPSTREAM_ERROR -> elsewhere(failure, Cause.ANY);
      case TIMEOUT -> elsewhere(failure, behind(failure, request));
      case UNAVAILABLE -> Optional.of(behind(failure, request));
      case INVALID_REQUEST, AUTHENTICATION, PERMISSION, RATE_LIMITED, CANCELLED, INTERNAL ->
          Optional.empty();
    };
  }

  private static Cause behind(Failure failure, Request request) {
    return failure.getCause() instanceof Failure behind
        ? cause(behind, request).filter(Cause.OVERLOADED::equals).orElse(Cause.ANY)
        : Cause.ANY;
  }

  private static Optional<Cause> elsewhere(Failure failure, Cause cause) {
    return failure.again() == Failure.Again.NOWHERE ? Optional.empty() : Optional.of(cause);
  }

  /** An upload that went to one target may be gone. */
  private static Optional<Cause> again(Request request, Cause cause) {
    return request instanceof Relay relay && !(relay.content() instanceof Relay.Content.Json)
        ? Optional.empty()
        : Optional.of(cause);
  }

  /** The models of one call that are asked one after the other. */
  private final class Search {
    private final Call call;
    private final Handler next;
    private final Sink sink;
    private final Set<String> asked = new HashSet<>();
    private final List<Failure> failures = new ArrayList<>(2);

    /** Models of which nobody was asked, for all were in trouble. */
    private List<Model> spared = List.of();

    private boolean over;

    Search(Call call, Sink sink, Handler next) {
      this.call = call;
      this.sink = sink;
      this.next = next;
    }

    void run() {
      if (!answered(call.resolved()) && !insisted()) {
        throw over ? failures.getLast() : told();
      }
    }

    /** Asks those in trouble after all, since nobody else is left. */
    private boolean insisted() {
      for (Model model : spared) {
        if (over) {
          return false;
        }
        if (tried(model)) {
          return true;
        }
      }
      return false;
    }

    private boolean answered(Model model) {
      asked.add(model.name());
      Map<Cause, List<String>> lists = model.routing().fallback();
      List<String> any = lists.getOrDefault(Cause.ANY, List.of());
      // Who does not answer is left alone while somebody else may be asked.
      boolean spares =
          model.routing().insists()
              && (left(any) || left(lists.getOrDefault(Cause.OVERLOADED, List.of())));
      if (tried(spares ? model.with(model.routing().insisting(false)) : model)) {
        return true;
      }
      if (!over && spares && rests(failures.getLast())) {
        if (isKeys(failures.getLast())) {
          // It costs no time, and says what is wrong with this call.
          if (tried(model)) {
            return true;
          }
        } else {
          spared = spared.isEmpty() ? new ArrayList<>(2) : spared;
          spared.add(model);
        }
      }
      return !over && elsewhere(lists, failures.getLast());
    }

    /** Nobody was asked, for all were in trouble: neither busy nor spent, nor kept out by terms. */
    private static boolean rests(Failure failure) {
      return failure.kind() == Failure.Kind.UNAVAILABLE
          && failure.retryable()
          && !Refusal.isBounded(failure);
    }

    private static boolean isKeys(Failure refusal) {
      return refusal.getCause() instanceof Failure behind && behind.blame() == Failure.Blame.KEY;
    }

    private boolean tried(Model model) {
      Map<Cause, List<String>> lists = model.routing().fallback();
      boolean refusable = left(lists.getOrDefault(Cause.CONTENT_POLICY, List.of()));
      var watched = new Watched(call, sink, refusable);
      try {
        next.handle(call.with(model), watched);
        return true;
      } catch (Failure failure) {
        failures.add(failure);
        if (watched.refused) {
          // What was refused was paid for all the same.
          call.trail().spentBeside(call.trail().answerCost());
        }
        over = watched.begun || isOver(failure);
        return false;
      }
    }

    private boolean elsewhere(Map<Cause, List<String>> lists, Failure failure) {
      List<String> any = lists.getOrDefault(Cause.ANY, List.of());
      Optional<Cause> cause = cause(failure, call.request());
      List<String> names = cause.map(known -> lists.getOrDefault(known, any)).orElse(List.of());
      if (cause.equals(Optional.of(Cause.BUDGET))) {
        // What the policy says of its budget comes before what the model says of any.
        names =
            Stream.concat(call.trail().admission().downgrade().stream(), names.stream()).toList();
      }
      for (String name : names) {
        Optional<Model> other =
            asked.contains(name) || !Obey.leads(call, name) ? Optional.empty() : models.apply(name);
        if (other.isPresent()) {
          tell(name, cause.orElse(Cause.ANY));
          if (answered(other.get())) {
            return true;
          }
        }
        if (over) {
          return false;
        }
      }
      return false;
    }

    private void tell(String name, Cause cause) {
      if (!call.trail().supposed()) {
        listener.on(call.trail(), new Event.FellBack(call.resolved().name(), name, cause));
      }
    }

    private boolean left(List<String> names) {
      return names.stream()
          .anyMatch(name -> !asked.contains(name) && !call.trail().policy().forbids(name));
    }

    private boolean isOver(Failure failure) {
      return failure.kind() == Failure.Kind.CANCELLED
          || failure.kind() == Failure.Kind.INTERNAL
          || CallThread.nanoTime() - call.deadline() >= 0;
    }

    /**
     * Of all that failed what tells most: why the model that was asked for did, unless nobody of it
     * could be asked at all.
     */
    private Failure told() {
      Failure first = failures.getFirst();
      Failure told =
          first.kind() != Failure.Kind.UNAVAILABLE
              ? first
              : failures.stream()
                  .filter(one -> one.blame() != Failure.Blame.NOBODY)
                  .findFirst()
                  .orElse(first);
      if (told.retryable()) {
        Optional<Duration> least =
            failures.stream()
                .flatMap(one -> one.retryAfter().stream())
                .min(Comparator.naturalOrder());
        told.retryAfter(least);
      }
      return told;
    }
  }

  /** Knows whether anything has reached the caller; a refusal does not while it may be mended. */
  private static final class Watched implements Sink {
    private final Call call;
    private final Sink sink;
    private final boolean refusable;
    private List<Chunk> held = List.of();
    private boolean begun;

    /** A refusal was thrown away that the provider counted. */
    private boolean refused;

    Watched(Call call, Sink sink, boolean refusable) {
      this.call = call;
      this.sink = sink;
      this.refusable = refusable;
    }

    @Override
    public void emit(Chunk chunk) {
      if (refusable && !begun) {
        if (!chunk.content()) {
          held = held.isEmpty() ? new ArrayList<>(2) : held;
          held.add(chunk);
          return;
        }
        refuse(chunk);
        begun = true;
        held.forEach(sink::emit);
        held = List.of();
      }
      begun = true;
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      if (begun) {
        sink.flush();
      }
    }

    /** Throws where the reply's first content is that there will be none. */
    private void refuse(Chunk chunk) {
      String words = "";
      String code = "";
      boolean refusal = false;
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Refusal said) {
          refusal = true;
          words = said.text();
        } else if (part instanceof Part.Stop stop && isRefusal(stop)) {
          refusal = true;
          code = stop.word();
          words = words.isEmpty() ? stop.detail() : words;
        } else if (part.content()) {
          return;
        }
      }
      if (!refusal) {
        return;
      }
      noteUsage(chunk);
      refused = call.trail().usage().source() != Usage.Source.NONE;
      throw Failure.of(
              Failure.Kind.CONTENT_BLOCKED,
              words.isBlank() ? "The provider's filter left nothing of the reply." : words)
          .code(code.isEmpty() ? "refusal" : code)
          .upstream(200);
    }

    private static boolean isRefusal(Part.Stop stop) {
      return stop.reason() == Part.Stop.Reason.CONTENT_FILTER
          || stop.reason() == Part.Stop.Reason.REFUSAL;
    }

    private void noteUsage(Chunk last) {
      Usage told = Usage.UNKNOWN;
      for (Chunk chunk : held) {
        told = chunk.usageOr(told);
      }
      told = last.usageOr(told);
      if (told.source() != Usage.Source.NONE) {
        call.trail().used(told);
      }
    }
  }
}
