package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Makes what is asked under an {@code Idempotency-Key} once, and gives the same answer again. What
 * failed is not kept. Not for answers that hold a secret: they would lie in the store.
 */
public final class Repeated {
  private static final int LONGEST = 255;

  private final Supplier<Replays> replays;

  public Repeated(Supplier<Replays> replays) {
    this.replays = replays;
  }

  /** The same, once under each key. */
  public BiFunction<Exchange, Trail, Answer> once(BiFunction<Exchange, Trail, Answer> making) {
    return (exchange, trail) -> {
      Optional<String> name = exchange.request().headers().get("idempotency-key");
      return name.isEmpty()
          ? making.apply(exchange, trail)
          : answer(exchange, trail, name.get().strip(), making);
    };
  }

  private Answer answer(
      Exchange exchange, Trail trail, String name, BiFunction<Exchange, Trail, Answer> making) {
    if (name.isEmpty() || name.length() > LONGEST) {
      throw Failure.invalid("'Idempotency-Key' must have 1 to " + LONGEST + " characters.")
          .at("Idempotency-Key");
    }
    // No tenant has an empty name.
    var key = new Replays.Key("", "admin", name);
    return switch (replays.get().take(key, question(exchange), trail.id())) {
      case Replays.Found.Free() -> made(exchange, trail, key, making);
      case Replays.Found.Running() ->
          throw Failure.invalid("The same request, by its 'Idempotency-Key', is still under way.")
              .status(409)
              .at("Idempotency-Key")
              .retryAfter(Optional.of(Duration.ofSeconds(1)));
      case Replays.Found.Other() ->
          throw Failure.invalid("The 'Idempotency-Key' was used for another request.")
              .status(422)
              .at("Idempotency-Key");
      case Replays.Found.Kept(Replay kept) -> {
        var headers = new HashMap<>(kept.headers());
        headers.put("x-lintel-replayed", "true");
        yield new Answer(kept.status(), kept.contentType(), kept.body(), Map.copyOf(headers));
      }
    };
  }

  private Answer made(
      Exchange exchange, Trail trail, Replays.Key key, BiFunction<Exchange, Trail, Answer> making) {
    boolean kept = false;
    try {
      Answer answer = making.apply(exchange, trail);
      replays
          .get()
          .keep(
              key,
              new Replay(
                  answer.status(),
                  answer.contentType(),
                  answer.headers(),
                  answer.body(),
                  false,
                  trail.id()));
      kept = true;
      return answer;
    } finally {
      if (!kept) {
        replays.get().free(key, trail.id());
      }
    }
  }

  private static byte[] question(Exchange exchange) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      hash.update((exchange.method() + " " + exchange.path()).getBytes(StandardCharsets.UTF_8));
      hash.update((byte) 0);
      return hash.digest(exchange.request().body());
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
