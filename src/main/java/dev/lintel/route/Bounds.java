package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Credential;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Leave;
import dev.lintel.Limits;
import dev.lintel.Provider;
import dev.lintel.Rate;
import dev.lintel.Standing;
import dev.lintel.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * How much may be asked of a target at once, and of its provider's account in a time: what would
 * pass a bound is not sent. Where nothing is bounded a call costs some comparisons; nobody waits.
 *
 * <p>A try that a provider has seen counts as a request, however it ended. Its tokens are what the
 * prompt seems to have and the most that the answer may have, until the provider's own count is
 * there; a try that was refused used none.
 */
final class Bounds {
  /** So many calls at once. */
  private record Cap(Slots slots, int most) {
    Leave.Bar bar() {
      return new Leave.Bar(Leave.Why.BUSY, slots.rest(most), Optional.empty());
    }
  }

  /** So much within a time. */
  private record Quota(Window window, long most) {
    /** What was taken as one thing turned out to be another. */
    void correct(long was, long is, long taken, long now) {
      window.correct(is - Math.min(was, most), taken, now);
    }
  }

  private final Account account;
  private final List<Credential> keys;
  private final List<Cap> shared;
  private final int mostPerKey;
  private final List<Quota> requests;
  private final List<Quota> tokens;
  private final boolean bounded;

  /**
   * @param concurrent the most calls of the model at once; 0 where any number may be
   */
  Bounds(Account account, Provider provider, String model, int concurrent) {
    Limits limits = provider.limits();
    this.account = account;
    this.keys = provider.credentials();
    var caps = new ArrayList<Cap>(2);
    if (concurrent > 0) {
      caps.add(new Cap(account.model(model), concurrent));
    }
    if (limits.concurrent() > 0) {
      caps.add(new Cap(account.calls(), limits.concurrent()));
    }
    this.shared = List.copyOf(caps);
    this.mostPerKey = limits.concurrentPerKey();
    this.requests = quotas(limits.requests(), account::requests);
    this.tokens = quotas(limits.tokens(), account::tokens);
    this.bounded = !caps.isEmpty() || !limits.equals(Limits.NONE);
  }

  private static List<Quota> quotas(List<Rate> rates, Function<Duration, Window> windows) {
    return rates.stream()
        .map(rate -> new Quota(windows.apply(rate.window()), rate.count()))
        .toList();
  }

  /** A pass with which everything is given back, or a bar where nothing was taken. */
  Leave ask(Call call, Credential key) {
    long wait = account.spent(key);
    if (wait > 0) {
      return spent(wait);
    }
    if (!bounded) {
      return Standing.UNWATCHED.ask(call, key);
    }
    List<Cap> caps = caps(key);
    for (int i = 0; i < caps.size(); i++) {
      if (!caps.get(i).slots.take(caps.get(i).most)) {
        caps.subList(0, i).forEach(cap -> cap.slots.putBack());
        return caps.get(i).bar();
      }
    }
    var place = new Place(caps, account.now(), tokens.isEmpty() ? 0 : estimate(call));
    wait = place.spend();
    if (wait > 0) {
      caps.forEach(cap -> cap.slots.giveBack());
      return spent(wait);
    }
    return place;
  }

  /**
   * What a call with the best key would be told, while nothing is taken: whether it may ask. One
   * key has to be good in every way: one that is well and another that has room are none.
   */
  boolean open(KeyRests rests) {
    if (bounded) {
      for (Cap cap : shared) {
        if (cap.slots.full(cap.most)) {
          return false;
        }
      }
      if (isSpent(requests) || isSpent(tokens)) {
        return false;
      }
    }
    for (Credential key : keys) {
      if (rests.left(key) == 0
          && account.spent(key) == 0
          && (mostPerKey == 0 || !account.key(key).full(mostPerKey))) {
        return true;
      }
    }
    return false;
  }

  private boolean isSpent(List<Quota> quotas) {
    for (Quota quota : quotas) {
      if (quota.window.left(1, quota.most, account.now()) > 0) {
        return true;
      }
    }
    return false;
  }

  void hear(Runnable room) {
    everyCap().forEach(cap -> cap.slots.hear(room));
  }

  void unhear(Runnable room) {
    everyCap().forEach(cap -> cap.slots.unhear(room));
  }

  private List<Cap> caps(Credential key) {
    if (mostPerKey == 0) {
      return shared;
    }
    var caps = new ArrayList<>(shared);
    caps.add(new Cap(account.key(key), mostPerKey));
    return caps;
  }

  private List<Cap> everyCap() {
    var caps = new ArrayList<>(shared);
    if (mostPerKey > 0) {
      keys.forEach(key -> caps.add(new Cap(account.key(key), mostPerKey)));
    }
    return caps;
  }

  private static long estimate(Call call) {
    return Extent.inputTokens(call.request()) + Extent.maxTokens(call.request());
  }

  private static Leave.Bar spent(long nanos) {
    return new Leave.Bar(Leave.Why.SPENT, Duration.ofNanos(nanos), Optional.empty());
  }

  /** Room that a call has taken, to be given back once; what comes after that is not heard. */
  private final class Place implements Leave.Pass {
    private final List<Cap> caps;
    private final long began;
    private final long estimated;
    private final AtomicBoolean over = new AtomicBoolean();

    Place(List<Cap> caps, long began, long estimated) {
      this.caps = caps;
      this.began = began;
      this.estimated = estimated;
    }

    /** 0 where there is enough for it in every window; else the time until there is in one. */
    long spend() {
      long wait = spend(requests, 1);
      if (wait == 0) {
        wait = spend(tokens, estimated);
        if (wait > 0) {
          correct(requests, 1, 0);
        }
      }
      return wait;
    }

    private long spend(List<Quota> quotas, long amount) {
      for (int i = 0; i < quotas.size(); i++) {
        Quota quota = quotas.get(i);
        long wait = quota.window.take(amount, quota.most, began);
        if (wait > 0) {
          correct(quotas.subList(0, i), amount, 0);
          return wait;
        }
      }
      return 0;
    }

    private void correct(List<Quota> quotas, long was, long is) {
      for (Quota quota : quotas) {
        quota.correct(was, is, began, account.now());
      }
    }

    @Override
    public void answered(long firstContentNanos, long nanos, Usage usage) {
      end(usage.source() == Usage.Source.NONE ? estimated : usage.total());
    }

    @Override
    public void failed(Failure failure) {
      // Nobody knows what was made of an answer that broke off; a refusal makes none.
      end(failure.upstreamStatus() >= 400 ? 0 : estimated);
    }

    @Override
    public void left() {
      end(estimated);
    }

    @Override
    public void unused() {
      if (over.compareAndSet(false, true)) {
        correct(requests, 1, 0);
        correct(tokens, estimated, 0);
        caps.forEach(cap -> cap.slots.giveBack());
      }
    }

    private void end(long used) {
      if (over.compareAndSet(false, true)) {
        correct(tokens, estimated, used);
        long nanos = account.now() - began;
        caps.forEach(cap -> cap.slots.ended(nanos));
      }
    }
  }
}
