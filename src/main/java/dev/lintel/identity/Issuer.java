package dev.lintel.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.SignedJWT;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Somebody who says in signed tokens who somebody is (OpenID Connect Core 1.0, Discovery 1.0; RFC
 * 7519, 8725). Its keys are fetched when a token comes that needs them, and kept.
 */
public final class Issuer {
  /** Asymmetric ones alone: a key that everybody can fetch proves nothing by an HMAC. */
  public static final Set<String> ALGORITHMS =
      Set.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration KEEP = Duration.ofMinutes(10);

  /** However many tokens name keys that nobody knows, it is asked no more often. */
  private static final Duration PAUSE = Duration.ofSeconds(10);

  private static final long LEEWAY_SECONDS = 60;
  private static final int LONGEST_TOKEN = 16_384;

  /**
   * Whom to believe, and what.
   *
   * @param issuer as its tokens call it, below which it describes itself
   * @param audiences one of which a token must be for
   * @param algorithms by which tokens may be signed; of {@link #ALGORITHMS}
   * @param keys where its keys are; empty where its description says it
   */
  public record Setting(
      URI issuer, Set<String> audiences, Set<String> algorithms, Optional<URI> keys) {
    public Setting {
      audiences = Set.copyOf(audiences);
      algorithms = Set.copyOf(algorithms);
      if (audiences.isEmpty() || algorithms.isEmpty() || !ALGORITHMS.containsAll(algorithms)) {
        throw new IllegalArgumentException("an issuer needs audiences and asymmetric algorithms");
      }
    }
  }

  /** Where it lets people log in. */
  public record Doors(URI authorization, URI token) {}

  private record Known(JWKSet keys, long when) {}

  private final Setting setting;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private volatile @Nullable JsonNode description;
  private volatile @Nullable Known known;
  private volatile long asked;
  private volatile boolean everAsked;

  /**
   * @param nanos counts nanoseconds
   */
  public Issuer(Setting setting, LongSupplier nanos, InstantSource clock) {
    this.setting = setting;
    this.nanos = nanos;
    this.clock = clock;
  }

  /**
   * What a token says, once it is proved. Throws {@link Failure} {@code AUTHENTICATION} that says
   * what is wrong with it, {@code UNAVAILABLE} where the issuer's keys cannot be had.
   */
  public JsonNode claims(String token) {
    SignedJWT jwt = parsed(token);
    JWSHeader header = jwt.getHeader();
    if (!setting.algorithms.contains(header.getAlgorithm().getName())) {
      throw refused("is signed by an algorithm that is not allowed");
    }
    if (header.getCriticalParams() != null && !header.getCriticalParams().isEmpty()) {
      throw refused("has critical parameters that are not known");
    }
    if (!proved(jwt, header)) {
      throw refused("has a signature that does not hold");
    }
    JsonNode claims = Json.parse(jwt.getPayload().toBytes());
    check(claims);
    return claims;
  }

  private static SignedJWT parsed(String token) {
    if (token.length() > LONGEST_TOKEN) {
      throw refused("is too long");
    }
    try {
      return SignedJWT.parse(token);
    } catch (ParseException noToken) {
      throw refused("is no signed token");
    }
  }

  private boolean proved(SignedJWT jwt, JWSHeader header) {
    String id = header.getKeyID();
    JWK key = find(keys(false), id, header.getAlgorithm());
    if (key == null) {
      key = find(keys(true), id, header.getAlgorithm());
    }
    if (!(key instanceof AsymmetricJWK asymmetric)) {
      throw refused("is signed with a key that its issuer does not have");
    }
    try {
      return jwt.verify(
          new DefaultJWSVerifierFactory().createJWSVerifier(header, asymmetric.toPublicKey()));
    } catch (JOSEException wrongKind) {
      return false;
    }
  }

  private static @Nullable JWK find(JWKSet keys, @Nullable String id, JWSAlgorithm algorithm) {
    JWK only = null;
    for (JWK key : keys.getKeys()) {
      boolean fits =
          (key.getAlgorithm() == null || key.getAlgorithm().equals(algorithm))
              && (key.getKeyUse() == null || "sig".equals(key.getKeyUse().identifier()))
              && (id == null || id.equals(key.getKeyID()));
      if (fits && only != null && id == null) {
        return null;
      }
      only = fits ? key : only;
    }
    return only;
  }

  private void check(JsonNode claims) {
    if (!claims.path("iss").asString("").equals(setting.issuer.toString())) {
      throw refused("is of another issuer");
    }
    JsonNode audience = claims.path("aud");
    boolean forUs =
        audience.isArray()
            ? audience.valueStream().anyMatch(one -> setting.audiences.contains(one.asString("")))
            : setting.audiences.contains(audience.asString(""));
    if (!forUs) {
      throw refused("is for another audience");
    }
    long now = clock.instant().getEpochSecond();
    if (!claims.path("exp").isNumber() || claims.path("exp").asLong() + LEEWAY_SECONDS <= now) {
      throw refused("has expired");
    }
    if (claims.path("nbf").isNumber() && claims.path("nbf").asLong() - LEEWAY_SECONDS > now) {
      throw refused("is not valid yet");
    }
  }

  /**
   * @param anew where a key is missing in what is known
   */
  private JWKSet keys(boolean anew) {
    Known now = known;
    long time = nanos.getAsLong();
    boolean fresh = now != null && time - now.when < KEEP.toNanos();
    boolean lately = everAsked && time - asked < PAUSE.toNanos();
    if (now != null && ((fresh && !anew) || lately)) {
      return now.keys;
    }
    if (lately) {
      throw away(new IllegalStateException("it did not answer a moment ago"));
    }
    asked = time;
    everAsked = true;
    try {
      URI from =
          setting.keys.orElseGet(() -> URI.create(described().path("jwks_uri").asString("")));
      JWKSet keys = JWKSet.parse(get(from));
      known = new Known(keys, time);
      return keys;
    } catch (ParseException | IllegalArgumentException | Unanswered notNow) {
      if (now != null) {
        return now.keys;
      }
      throw away(notNow);
    }
  }

  /** Throws {@link Failure} {@code UNAVAILABLE} where it does not say. */
  public Doors doors() {
    try {
      JsonNode said = described();
      return new Doors(
          URI.create(said.path("authorization_endpoint").asString("")),
          URI.create(said.path("token_endpoint").asString("")));
    } catch (IllegalArgumentException | Unanswered notNow) {
      throw away(notNow);
    }
  }

  private JsonNode described() {
    JsonNode said = description;
    if (said == null) {
      String base = setting.issuer.toString();
      String whole = base.endsWith("/") ? base : base + "/";
      said = json(get(URI.create(whole + ".well-known/openid-configuration")));
      if (!said.path("issuer").asString("").equals(base)) {
        throw new IllegalArgumentException("it calls itself otherwise");
      }
      description = said;
    }
    return said;
  }

  /** The provider gave no answer that is of use. */
  private static final class Unanswered extends RuntimeException {
    Unanswered(String why, @Nullable Throwable cause) {
      super(why, cause, false, false);
    }
  }

  private String get(URI uri) {
    HttpResponse<String> answer = send(HttpRequest.newBuilder(uri).GET());
    if (answer.statusCode() != 200) {
      throw new Unanswered("status " + answer.statusCode(), null);
    }
    return answer.body();
  }

  /** What it answers to a form; an empty object where that is no JSON. */
  JsonNode posted(URI uri, String form, String authorization) {
    var request =
        HttpRequest.newBuilder(uri)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(form));
    if (!authorization.isEmpty()) {
      request.header("authorization", authorization);
    }
    try {
      return json(send(request).body());
    } catch (Unanswered notNow) {
      throw away(notNow);
    }
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return CallThread.await(
          http.sendAsync(request.timeout(PATIENCE).build(), BodyHandlers.ofString())
              .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (Failure left) {
      throw left;
    } catch (RuntimeException failed) {
      throw new Unanswered("no answer", failed);
    }
  }

  private static JsonNode json(String text) {
    try {
      return Json.parse(text);
    } catch (JacksonException noJson) {
      return Json.object();
    }
  }

  private Failure away(Throwable why) {
    return Failure.of(
            Failure.Kind.UNAVAILABLE,
            "The issuer of tokens " + setting.issuer + " cannot be asked at the moment.",
            why)
        .retryAfter(Optional.of(Duration.ofSeconds(1)));
  }

  private static Failure refused(String why) {
    return Failure.of(Failure.Kind.AUTHENTICATION, "The token " + why + ".");
  }
}
