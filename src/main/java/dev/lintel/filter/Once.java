package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Keeper;
import dev.lintel.RawRequest;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Serves a request that comes again under the same {@code Idempotency-Key} with the reply that it
 * got before. Stands before the request is read, for what is the same need not be.
 */
public final class Once implements Filter {
  private static final int LONGEST = 255;
  private static final Duration SHORTLY = Duration.ofSeconds(1);

  private final Supplier<Replays> replays;
  private final long largest;

  /**
   * @param replays asked for only where a call has a key
   * @param largest the most bytes of a reply that is kept
   */
  public Once(Supplier<Replays> replays, long largest) {
    this.replays = replays;
    this.largest = largest;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Trail.Keyed> keyed = call.trail().keyed();
    if (keyed.isEmpty() || !(call.request() instanceof Request.Unread(var _, RawRequest raw))) {
      next.handle(call, sink);
      return;
    }
    var key =
        new Replays.Key(call.caller().tenant(), call.caller().app(), checked(keyed.get().name()));
    Replays kept = replays.get();
    switch (kept.take(key, question(keyed.get().path(), raw), call.id())) {
      case Replays.Found.Free() -> {
        call.trail().keptBy(new Holding(kept, key, call.id(), largest));
        next.handle(call, sink);
      }
      case Replays.Found.Kept(Replay reply) -> {
        call.trail().said(Terms.read(raw.headers(), Optional.empty()));
        call.trail().replayed(reply);
      }
      case Replays.Found.Running() ->
          throw refused(409, "The first call with this 'Idempotency-Key' is still running.")
              .retryAfter(Optional.of(SHORTLY));
      case Replays.Found.Other() ->
          throw refused(422, "This 'Idempotency-Key' was used for another request before.");
    }
  }

  private record Holding(Replays replays, Replays.Key key, String callId, long largest)
      implements Keeper {
    @Override
    public void keep(Replay reply) {
      replays.keep(key, reply);
    }

    @Override
    public void drop() {
      replays.free(key, callId);
    }
  }

  private static Failure refused(int status, String message) {
    return Failure.invalid(message).status(status).at("Idempotency-Key");
  }

  private static String checked(String name) {
    String known = name.strip();
    if (known.isEmpty() || known.length() > LONGEST || !known.chars().allMatch(Once::visible)) {
      throw Failure.invalid(
              "The header 'Idempotency-Key' must have 1 to "
                  + LONGEST
                  + " characters, and none that control.")
          .at("Idempotency-Key");
    }
    return known;
  }

  private static boolean visible(int c) {
    return c >= ' ' && c != 127 && !Character.isISOControl(c);
  }

  /**
   * The path, the query without the caller's key, and the body; of one that is taken as it comes
   * its length stands for it, for it is not there yet.
   */
  private static byte[] question(String path, RawRequest raw) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      var query = new TreeMap<>(raw.query());
      query.remove("key");
      String length = raw.body().length > 0 ? "" : raw.headers().get("content-length").orElse("");
      if (raw.body().length == 0
          && length.isEmpty()
          && raw.headers().get("content-type").isPresent()) {
        throw Failure.invalid("An upload with an 'Idempotency-Key' needs a 'content-length'.")
            .at("content-length");
      }
      hash.update((path + '\n' + query + '\n' + length + '\n').getBytes(StandardCharsets.UTF_8));
      return hash.digest(raw.body());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
