package dev.lintel.identity;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * An issuer's public keys (RFC 7517). They are fetched on threads of their own: a call waits for
 * them only where there are none yet, or its token names one that is new; while the issuer cannot
 * be asked, those that are known go on.
 */
final class Jwks {
  private static final Logger LOG = LoggerFactory.getLogger(Jwks.class);
  private static final long OLD = Duration.ofMinutes(10).toNanos();

  /** Strangers can name keys as they like, and must not make anybody ask for them as often. */
  private static final long PAUSE = Duration.ofSeconds(30).toNanos();

  /** The same while none is known. */
  private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();

  private static final Duration PATIENCE = Duration.ofSeconds(8);

  /**
   * Where they are.
   *
   * @param issuer what stands in its tokens' claim {@code iss}
   * @param keys empty where the issuer says so itself (OpenID Connect Discovery)
   * @param plain whether they may be asked for without TLS
   */
  record Place(String issuer, Optional<URI> keys, boolean plain) {}

  /**
   * @param at when it was fetched
   */
  private record Known(Map<String, JWK> byId, List<JWK> all, long at) {}

  private final Place place;
  private final Function<URI, byte[]> fetch;
  private final LongSupplier clock;
  private volatile @Nullable Known known;
  private @Nullable CompletableFuture<Boolean> fetching;
  private long asked;
  private boolean askedOnce;

  /**
   * @param fetch waits; throws {@link IllegalStateException} that says why there is nothing
   * @param clock counts nanoseconds
   */
  Jwks(Place place, Function<URI, byte[]> fetch, LongSupplier clock) {
    this.place = place;
    this.fetch = fetch;
    this.clock = clock;
  }

  /** Whether there is still a key of that id, as far as is known; does not wait. */
  boolean has(String id) {
    Known now = known;
    return now != null && (id.isEmpty() || now.byId.containsKey(id));
  }

  /**
   * The keys with which a token may be signed that names that one, or none. Waits where it must;
   * throws {@link Failure} {@code UNAVAILABLE} where no key is known at all.
   *
   * @param id empty where the token names none
   */
  List<JWK> keys(String id) {
    Known now = known;
    if (now == null || (!id.isEmpty() && !now.byId.containsKey(id))) {
      CompletableFuture<Boolean> answer = refresh(now == null ? FIRST_PAUSE : PAUSE);
      if (answer != null) {
        var _ =
            CallThread.await(
                answer.copy().completeOnTimeout(false, PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
      }
      now = known;
    } else if (clock.getAsLong() - now.at > OLD) {
      var _ = refresh(PAUSE);
    }
    if (now == null) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "The token cannot be checked at the moment: its issuer's keys cannot be had.")
          .retryAfter(Optional.of(Duration.ofSeconds(1)));
    }
    if (id.isEmpty()) {
      return now.all;
    }
    JWK key = now.byId.get(id);
    return key == null ? List.of() : List.of(key);
  }

  /** What is under way; {@code null} where somebody has asked lately. */
  private synchronized @Nullable CompletableFuture<Boolean> refresh(long pause) {
    CompletableFuture<Boolean> running = fetching;
    if (running != null && !running.isDone()) {
      return running;
    }
    long now = clock.getAsLong();
    if (askedOnce && now - asked < pause) {
      return null;
    }
    askedOnce = true;
    asked = now;
    var answer = new CompletableFuture<Boolean>();
    fetching = answer;
    Thread.ofVirtual().name("lintel-jwks").start(() -> answer.complete(fetched()));
    return answer;
  }

  private boolean fetched() {
    try {
      URI at = place.keys.orElseGet(this::discovered);
      JWKSet set = JWKSet.parse(new String(fetch.apply(at), StandardCharsets.UTF_8));
      var byId = new LinkedHashMap<String, JWK>();
      for (JWK key : set.getKeys()) {
        byId.put(key.getKeyID() == null ? "" : key.getKeyID(), key);
      }
      known = new Known(byId, List.copyOf(set.getKeys()), clock.getAsLong());
      return true;
    } catch (IllegalStateException | ParseException failed) {
      LOG.warn("the keys of the issuer {} cannot be had: {}", place.issuer, failed.getMessage());
      return false;
    }
  }

  private URI discovered() {
    try {
      return URI.create(description().path("jwks_uri").asString(""));
    } catch (IllegalArgumentException noAddress) {
      throw new IllegalStateException("its own description names no jwks_uri", noAddress);
    }
  }

  /**
   * What the issuer says of itself (OpenID Connect Discovery 1.0 §4). Waits; throws {@link
   * IllegalStateException} that says why there is nothing.
   */
  JsonNode description() {
    String base = place.issuer.endsWith("/") ? place.issuer : place.issuer + "/";
    byte[] body = fetch.apply(URI.create(base + ".well-known/openid-configuration"));
    JsonNode document;
    try {
      document = Json.parse(body, 0, body.length);
    } catch (JacksonException noJson) {
      throw new IllegalStateException("its own description is no JSON", noJson);
    }
    if (!document.path("issuer").asString("").equals(place.issuer)) {
      throw new IllegalStateException("its own description names another issuer");
    }
    return document;
  }
}
