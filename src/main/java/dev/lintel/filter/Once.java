package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Held;
import dev.lintel.Keeper;
import dev.lintel.RawRequest;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Spool;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.Upload;
import java.time.Duration;
import java.util.List;
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
  private final Spool spool;

  /**
   * @param replays asked for only where a call has a key
   * @param largest the most bytes of a reply that is kept
   * @param spool where uploads wait until all of them is known
   */
  public Once(Supplier<Replays> replays, long largest, Spool spool) {
    this.replays = replays;
    this.largest = largest;
    this.spool = spool;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Trail.Keyed> keyed = call.trail().keyed();
    if (keyed.isEmpty()
        || !(call.request() instanceof Request.Unread(var dialect, RawRequest raw))) {
      next.handle(call, sink);
      return;
    }
    var key =
        new Replays.Key(call.caller().tenant(), call.caller().app(), checked(keyed.get().name()));
    if (raw.upload().isEmpty()) {
      apply(call, raw, key, question(keyed.get().path(), raw, Optional.empty()), sink, next);
      return;
    }
    // Whether it is the same cannot be said before its end, so that a keyed one is kept until then.
    try (var held = new Held(raw.upload().get(), spool)) {
      byte[] question = question(keyed.get().path(), raw, Optional.of(held));
      Upload again = held.open(List.of(new Held.Slice.Own(0, Long.MAX_VALUE)));
      var known = new Request.Unread(dialect, raw.with(again));
      apply(call.with(known), raw, key, question, sink, next);
    }
  }

  private void apply(
      Call call, RawRequest raw, Replays.Key key, byte[] question, Sink sink, Handler next) {
    Replays kept = replays.get();
    switch (kept.take(key, question, call.id())) {
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

  /** The path, the query without the caller's key, and the body. */
  private static byte[] question(String path, RawRequest raw, Optional<Held> upload) {
    var query = new TreeMap<>(raw.query());
    query.remove("key");
    String type = upload.isEmpty() ? "" : raw.headers().get("content-type").orElse("");
    Asked asked = new Asked(type).line(path).line(query.toString()).body();
    asked.add(raw.body());
    if (upload.isPresent()) {
      Held body = upload.get();
      for (byte[] bytes = body.more(); bytes != null; bytes = body.more()) {
        asked.add(bytes);
      }
    }
    return asked.digest();
  }
}
