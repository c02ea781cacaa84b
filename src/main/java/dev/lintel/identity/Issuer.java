package dev.lintel.identity;

import dev.lintel.Failure;
import dev.lintel.Json;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Where admins log in (OpenID Connect Core 1.0): its tokens say who they are, and its doors let
 * browsers in.
 */
public final class Issuer {
  /** Asymmetric ones alone: a key that everybody can fetch proves nothing by an HMAC. */
  private static final Set<String> ALGORITHMS =
      Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

  /** Where it lets people log in. */
  record Doors(URI authorization, URI token) {}

  private final Believed believed;
  private final PublicFetch fetch;
  private final InstantSource clock;
  private volatile @Nullable Doors doors;

  /**
   * @param name as its tokens call it, below which it describes itself
   * @param audiences one of which a token must be for
   * @param keys where its keys are; empty where its description says it. Where they are asked for
   *     without TLS, the rest may be, too
   */
  public Issuer(
      URI name, Set<String> audiences, Optional<URI> keys, Issuers issuers, InstantSource clock) {
    boolean plain = "http".equals(keys.orElse(name).getScheme());
    this.believed =
        new Believed(
            name.toString(),
            Set.copyOf(audiences),
            ALGORITHMS,
            issuers.of(new Jwks.Place(name.toString(), keys, plain)));
    this.fetch = new PublicFetch(plain);
    this.clock = clock;
  }

  /**
   * What a token says, once it is proved. Throws {@link Failure} {@code AUTHENTICATION} that says
   * what is wrong with it, {@code UNAVAILABLE} where the issuer's keys cannot be had.
   */
  JsonNode claims(String text) {
    var token = Believed.Token.read(text);
    believed.prove(token, clock.millis());
    return Json.parse(token.signed().getPayload().toBytes());
  }

  /** Throws {@link Failure} {@code UNAVAILABLE} where it does not say. */
  Doors doors() {
    Doors known = doors;
    if (known == null) {
      try {
        JsonNode said = believed.keys().description();
        known =
            new Doors(
                URI.create(said.path("authorization_endpoint").asString("")),
                URI.create(said.path("token_endpoint").asString("")));
      } catch (IllegalArgumentException | IllegalStateException notNow) {
        throw away(notNow);
      }
      doors = known;
    }
    return known;
  }

  /**
   * What the token's door answers to a form; an empty object where that is no JSON. Throws {@link
   * Failure} {@code UNAVAILABLE} where it does not answer.
   */
  JsonNode token(String form, String authorization) {
    URI door = doors().token();
    try {
      return Json.parse(new String(fetch.post(door, form, authorization), StandardCharsets.UTF_8));
    } catch (JacksonException noJson) {
      return Json.object();
    } catch (IllegalStateException notNow) {
      throw away(notNow);
    }
  }

  private Failure away(Throwable why) {
    return Failure.of(
            Failure.Kind.UNAVAILABLE,
            "The issuer of tokens " + believed.name() + " cannot be asked at the moment.",
            why)
        .retryAfter(Optional.of(Duration.ofSeconds(1)));
  }
}
