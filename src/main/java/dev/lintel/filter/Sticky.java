package dev.lintel.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Extent;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Marks;
import dev.lintel.Model;
import dev.lintel.Ranking;
import dev.lintel.Routing;
import dev.lintel.Sink;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a session stay where it was, for its provider's cache of prompts: the target that answered
 * its last call is asked first, whatever the model's strategy finds, while it is well. Where
 * another had to answer, the session is there from then on.
 *
 * <p>Outlives reloads. Every tenant's sessions are apart, and each model's.
 */
public final class Sticky implements Filter {
  /** Some 20 MB. Who was not asked for longest is forgotten first. */
  private static final long MOST_SESSIONS = 100_000;

  /** Of a session's name, which may be long: half of its SHA-256. */
  private record Key(long high, long low) {}

  /**
   * Where a session is.
   *
   * @param target its name
   * @param nanos how long it is remembered after a call
   */
  private record Place(String target, long nanos) {}

  private final Cache<Key, Place> places;

  public Sticky() {
    this(CallThread::nanoTime);
  }

  /**
   * @param clock counts nanoseconds
   */
  Sticky(LongSupplier clock) {
    this.places =
        Caffeine.newBuilder()
            .maximumSize(MOST_SESSIONS)
            .expireAfter(Expiry.<Key, Place>writing((key, place) -> Duration.ofNanos(place.nanos)))
            .ticker(clock::getAsLong)
            .executor(Runnable::run)
            .build();
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Routing.Sticky> sticky = call.resolved().routing().sticky();
    Key key = sticky.isEmpty() || call.ownKey().isPresent() ? null : key(call, sticky.get().on());
    if (key == null) {
      next.handle(call, sink);
      return;
    }
    Place place = places.getIfPresent(key);
    if (place == null) {
      next.handle(call, sink);
    } else {
      call.trail().decision().session(place.target);
      next.handle(call.with(staying(call.resolved(), place.target)), sink);
    }
    answered(call, key, place, sticky.get());
  }

  /** The session's target first, the others as they would have been. */
  private static Model staying(Model model, String at) {
    Strategy strategy = model.strategy();
    return model.by((call, targets) -> {
      Ranking ranking = strategy.rank(call, targets);
      for (int i = 0; i < targets.size(); i++) {
        Target target = targets.get(i);
        if (target.named(at)) {
          return target.standing().well() ? ranking.beginningWith(i) : ranking;
        }
      }
      return ranking;
    });
  }

  private void answered(Call call, Key key, @Nullable Place place, Routing.Sticky sticky) {
    Target target = call.trail().target().orElse(null);
    if (target == null
        || call.trail().supposed()
        || call.trail().tries() == 0
        || call.trail().status() >= 400) {
      return;
    }
    if (place != null && target.named(place.target)) {
      // Another call of the session may have had to move it meanwhile: then it stays there.
      if (!places.asMap().replace(key, place, place)) {
        places.asMap().putIfAbsent(key, place);
      }
      return;
    }
    places.put(key, new Place(target.name(), sticky.time().toNanos()));
    if (place != null) {
      call.trail().decision().sessionMoved(lost(call, place.target));
    }
  }

  /**
   * What the call pays for reading a prompt that the target where the session was may have cached,
   * in USD as that one asks; empty where nobody knows, or it would have saved nothing.
   */
  private static Optional<BigDecimal> lost(Call call, String at) {
    for (Target target : call.resolved().targets()) {
      if (target.named(at)) {
        long prompt = Extent.inputTokens(call.request());
        double lost =
            prompt < target.traits().cacheMinimum()
                ? 0
                : target.price().about(prompt, 0, 0) - target.price().about(0, prompt, 0);
        return lost > 0
            ? Optional.of(new BigDecimal(lost).round(new MathContext(2)))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Of the first mark that the call has; {@code null} where it has none. */
  private static @Nullable Key key(Call call, List<String> on) {
    for (String name : on) {
      String mark = Marks.of(call, name);
      if (!mark.isEmpty()) {
        return hashed(
            String.join("\n", call.resolved().name(), call.caller().tenant(), name, mark));
      }
    }
    return null;
  }

  private static Key hashed(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      var bytes = ByteBuffer.wrap(hash);
      return new Key(bytes.getLong(), bytes.getLong());
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
