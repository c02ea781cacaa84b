package dev.lintel.filter;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Failure.Again;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Health;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Walks over a model's targets, in the order of its strategy, until one answers.
 *
 * <p>The commit point is the first content: until it reaches the caller another target may be
 * asked, after it a failure can only be reported. A failure moves on to the next target or key; the
 * same one is asked again, after a wait, once all others have been. Targets that rest are passed
 * over while there are others; when all rest, the one that rests least is asked rather than nobody.
 */
public final class Failover implements Filter {
  private final Health health;
  private final Listener listener;
  private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();

  public Failover(Health health, Listener listener) {
    this.health = health;
    this.listener = listener;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Model model = call.resolved();
    List<Candidate> candidates = candidates(call, model.strategy().rank(call, model.targets()));
    Failure last =
        Failure.of(Failure.Kind.UNAVAILABLE, "No target of '" + model.name() + "' may be asked.");
    for (int tries = 0; tries < model.retry().attempts(); tries++) {
      Candidate candidate = pick(candidates);
      if (candidate == null) {
        break;
      }
      if (candidate.tries > 0 && !pause(call, candidate, model)) {
        candidates.remove(candidate);
        tries--;
        continue;
      }
      var gate = new Gate(sink);
      Failure failure = attempt(call, candidate, gate, next);
      if (failure == null) {
        return;
      }
      last = failure;
      candidate.failed(failure);
      if (gate.open
          || failure.again() == Again.NOWHERE
          || System.nanoTime() - call.deadline() >= 0) {
        break;
      }
      if (failure.again() == Again.ELSEWHERE) {
        candidates.removeIf(other -> other.sharesFateWith(candidate, failure));
      }
    }
    throw last;
  }

  /** Every target with every key of its provider, each provider's keys in turn. */
  private List<Candidate> candidates(Call call, List<Target> ranked) {
    var list = new ArrayList<Candidate>(ranked.size());
    for (Target target : ranked) {
      if (call.ownKey().isPresent()) {
        list.add(new Candidate(target, call.ownKey().get()));
        continue;
      }
      List<Credential> keys = target.provider().credentials();
      int first = keys.size() == 1 ? 0 : turn(target.provider().name(), keys.size());
      for (int i = 0; i < keys.size(); i++) {
        list.add(new Candidate(target, keys.get((first + i) % keys.size())));
      }
    }
    return list;
  }

  private int turn(String provider, int keys) {
    return Math.floorMod(
        turns.computeIfAbsent(provider, name -> new AtomicInteger()).getAndIncrement(), keys);
  }

  /**
   * The next to ask: the first that was asked least and is well; where none is well, the one that
   * rests least.
   */
  private @Nullable Candidate pick(List<Candidate> candidates) {
    Candidate least = null;
    Duration shortest = null;
    int round = Integer.MAX_VALUE;
    for (Candidate candidate : candidates) {
      round = Math.min(round, candidate.tries);
    }
    for (Candidate candidate : candidates) {
      if (candidate.tries > round) {
        continue;
      }
      if (candidate.own || candidate.tries > 0) {
        return candidate;
      }
      if (health.admit(candidate.target, candidate.key)) {
        return candidate;
      }
      Duration rest = health.rests(candidate.target, candidate.key).orElse(Duration.ZERO);
      if (shortest == null || rest.compareTo(shortest) < 0) {
        shortest = rest;
        least = candidate;
      }
    }
    return least;
  }

  /** Waits before a target is asked again. False where the wait would outlast the call. */
  private boolean pause(Call call, Candidate candidate, Model model) {
    long backoff = model.retry().least().toNanos() << Math.min(candidate.tries - 1, 20);
    backoff = Math.min(backoff, model.retry().most().toNanos());
    // Full jitter would allow no wait at all; half of it keeps callers apart without that.
    backoff = backoff / 2 + ThreadLocalRandom.current().nextLong(backoff / 2 + 1);
    long asked = candidate.retryAfter.map(Duration::toNanos).orElse(0L);
    long until = System.nanoTime() + Math.max(backoff, asked);
    if (until - call.deadline() >= 0) {
      return false;
    }
    CallThread.current().await(() -> false, until);
    return true;
  }

  /** One try; its failure, or {@code null} where the reply is complete. */
  private @Nullable Failure attempt(Call call, Candidate candidate, Gate gate, Handler next) {
    long began = System.nanoTime();
    Target target = candidate.target;
    call.trail().asking(target, candidate.key);
    try {
      next.handle(call.to(target, candidate.key), gate);
      gate.close();
      note(call, candidate, Optional.empty(), began);
      return null;
    } catch (Failure failure) {
      note(call, candidate, Optional.of(failure), began);
      return failure;
    } catch (RuntimeException | StackOverflowError bug) {
      // A fault of the gateway: the attempt stays on the record, and a probe is given back.
      note(call, candidate, Optional.of(Failure.internal()), began);
      throw bug;
    }
  }

  private void note(Call call, Candidate candidate, Optional<Failure> failure, long began) {
    if (!candidate.own) {
      if (failure.isEmpty() && call.trail().status() < 400) {
        health.succeeded(candidate.target, candidate.key);
      } else if (failure.isEmpty()) {
        // A refusal that was handed on as it is says nothing of the models.
        health.left(candidate.target, candidate.key);
      } else if (failure.get().blame() == Failure.Blame.NOBODY) {
        health.left(candidate.target, candidate.key);
      } else {
        health.failed(candidate.target, candidate.key, failure.get());
      }
    }
    var attempt =
        new Attempt(
            candidate.target.name(),
            failure.map(Failure::upstreamStatus).orElse(call.trail().status()),
            failure.map(Failure::kind),
            failure.map(Failure::message).orElse(""),
            (System.nanoTime() - began) / 1_000_000);
    call.trail().attempted(attempt);
    listener.on(call.trail(), new Event.Attempted(attempt, candidate.target));
  }

  /** A target with a key, and how it fared in this call. */
  private static final class Candidate {
    private final Target target;
    private final Credential key;
    private final boolean own;
    private int tries;
    private Optional<Duration> retryAfter = Optional.empty();

    Candidate(Target target, Credential key) {
      this.target = target;
      this.key = key;
      this.own = key.id().equals("own");
    }

    void failed(Failure failure) {
      tries++;
      retryAfter = failure.retryAfter();
    }

    /**
     * A refused key is refused for every model of its provider; a missing model is missing for
     * every key.
     */
    boolean sharesFateWith(Candidate failed, Failure failure) {
      boolean sameProvider = target.provider().equals(failed.target.provider());
      return sameProvider
          && switch (failure.blame()) {
            case KEY -> key.equals(failed.key);
            case MODEL, NOBODY -> target.model().equals(failed.target.model());
          };
    }
  }

  /** Holds chunks back until one of them says something. */
  private static final class Gate implements Sink {
    private final Sink sink;
    private List<Chunk> held = List.of();
    private boolean open;

    Gate(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void emit(Chunk chunk) {
      if (!open) {
        if (!chunk.content()) {
          if (held.isEmpty()) {
            held = new ArrayList<>(2);
          }
          held.add(chunk);
          return;
        }
        open = true;
        held.forEach(sink::emit);
        held = List.of();
      }
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      if (open) {
        sink.flush();
      }
    }

    /** The reply is complete: what was held back is all there is. */
    void close() {
      if (!open) {
        throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider's reply was empty.")
            .upstream(200);
      }
    }
  }
}
