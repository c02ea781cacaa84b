package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Leave;
import dev.lintel.Provider;
import dev.lintel.Regard;
import dev.lintel.Standing;
import dev.lintel.Usage;
import dev.lintel.route.Breaker.Ticket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The standing of a model at a provider. */
final class Watched implements Standing {
  private final Site site;
  private final Spot spot;
  private final Bounds bounds;
  private final String name;
  private final Provider provider;
  private final Supplier<Scores> scores;

  Watched(
      Site site,
      Spot spot,
      Provider provider,
      String model,
      int concurrent,
      Supplier<Scores> scores) {
    this.provider = provider;
    this.scores = scores;
    this.site = site;
    this.spot = spot;
    this.name = model;
    this.bounds = new Bounds(site.account, provider, model, concurrent);
  }

  @Override
  public Leave ask(Call call, Credential key) {
    Ticket provider = site.breaker.ask();
    if (provider == null) {
      return bar(Leave.Why.PROVIDER, key);
    }
    Ticket model = spot.breaker.ask();
    if (model == null) {
      site.breaker.left(provider);
      return bar(Leave.Why.MODEL, key);
    }
    var pass = new Granted(key, provider, model, null);
    if (!site.keys.admit(key, pass)) {
      site.breaker.left(provider);
      spot.breaker.left(model);
      return bar(Leave.Why.KEY, key);
    }
    return within(call, pass);
  }

  /** The last question, so that what is in trouble takes no room from what is not. */
  private Leave within(Call call, Granted pass) {
    return switch (bounds.ask(call, pass.key)) {
      case Leave.Pass room -> pass.begin(room);
      case Leave.Bar bar -> {
        pass.release(true, true, true);
        yield bar;
      }
    };
  }

  private Leave bar(Leave.Why why, Credential key) {
    Optional<Failure> last =
        switch (why) {
          case PROVIDER -> site.breaker.last();
          case MODEL -> spot.breaker.last();
          case KEY -> site.keys.of(key).map(KeyRests.Rest::failure);
          case BUSY, SPENT -> Optional.empty();
        };
    // All three have to be well.
    long rest = Math.max(site.breaker.left(), Math.max(spot.breaker.left(), site.keys.left(key)));
    return new Leave.Bar(why, Duration.ofNanos(rest), last);
  }

  @Override
  public Leave insist(Call call, Credential key) {
    return within(
        call,
        new Granted(
            key, site.breaker.insist(), spot.breaker.insist(), site.keys.of(key).orElse(null)));
  }

  @Override
  public boolean well() {
    return site.breaker.well() && spot.breaker.well() && bounds.open(site.keys);
  }

  @Override
  public void told(Credential key, Headers headers) {
    site.account.told(key, headers);
  }

  @Override
  public void hear(Runnable room) {
    bounds.hear(room);
  }

  @Override
  public void unhear(Runnable room) {
    bounds.unhear(room);
  }

  @Override
  public int underWay() {
    return spot.pace.underWay();
  }

  @Override
  public double firstContentNanos(long now) {
    return spot.pace.firstContentNanos(now);
  }

  @Override
  public double tokensPerSecond() {
    return spot.pace.tokensPerSecond();
  }

  @Override
  public double outputTokens() {
    return spot.pace.outputTokens();
  }

  @Override
  public long firstContentP95Nanos() {
    return spot.pace.firstContentP95Nanos();
  }

  @Override
  public Regard regard(String model, Regard.By by) {
    return scores.get().of(model, provider.name() + "/" + name, by);
  }

  private final class Granted implements Leave.Pass {
    private static final AtomicIntegerFieldUpdater<Granted> GIVEN =
        AtomicIntegerFieldUpdater.newUpdater(Granted.class, "given");

    private final Credential key;
    private final Ticket provider;
    private final Ticket model;
    private final KeyRests.@Nullable Rest resting;
    private Leave.@Nullable Pass room;
    private long began;
    private volatile int given;

    /**
     * @param resting the key's rest where somebody insists
     */
    Granted(Credential key, Ticket provider, Ticket model, KeyRests.@Nullable Rest resting) {
      this.key = key;
      this.provider = provider;
      this.model = model;
      this.resting = resting;
    }

    Granted begin(Leave.Pass taken) {
      room = taken;
      began = spot.pace.began();
      return this;
    }

    private boolean isFirst() {
      return GIVEN.compareAndSet(this, 0, 1);
    }

    @Override
    public void answered(long firstContentNanos, long nanos, Usage usage) {
      if (!isFirst()) {
        return;
      }
      spot.pace.answered(firstContentNanos, nanos, usage);
      site.breaker.answered(provider);
      spot.breaker.answered(model);
      if (resting == null) {
        site.keys.answered(key, this);
      } else {
        site.keys.healed(key, resting);
      }
      room().answered(firstContentNanos, nanos, usage);
    }

    @Override
    public void failed(Failure failure) {
      if (!isFirst()) {
        return;
      }
      spot.pace.failed(began);
      // Whom the failure says nothing of gets the probe back.
      switch (failure.blame()) {
        case NOBODY -> release(true, true, true);
        case PROVIDER -> {
          site.failed(failure);
          site.breaker.failed(provider, failure);
          site.tell(
              Trouble.Scope.PROVIDER, "", site.breaker.resting(), site.breaker.asked(), failure);
          release(false, true, true);
        }
        case MODEL -> {
          spot.breaker.failed(model, failure);
          site.tell(
              Trouble.Scope.MODEL, name, spot.breaker.resting(), spot.breaker.asked(), failure);
          release(true, false, true);
        }
        case KEY -> {
          site.failed(failure);
          site.keys.failed(key, failure, this);
          site.tell(Trouble.Scope.KEY, key.id(), site.keys.left(key), false, failure);
          release(true, true, false);
        }
      }
      room().failed(failure);
    }

    @Override
    public void left() {
      if (isFirst()) {
        spot.pace.left();
        release(true, true, true);
        room().left();
      }
    }

    @Override
    public void unused() {
      if (isFirst()) {
        spot.pace.left();
        release(true, true, true);
        room().unused();
      }
    }

    /**
     * Given back at last: whoever is woken by it shall see what the call has told of the target.
     */
    private Leave.Pass room() {
      return Objects.requireNonNull(room);
    }

    @Override
    public void outrun(long nanos) {
      if (isFirst()) {
        spot.pace.outrun(nanos);
        release(true, true, true);
        room().outrun(nanos);
      }
    }

    private void release(boolean ofProvider, boolean ofModel, boolean ofKey) {
      if (ofProvider) {
        site.breaker.left(provider);
      }
      if (ofModel) {
        spot.breaker.left(model);
      }
      if (ofKey) {
        site.keys.left(key, this);
      }
    }
  }
}
