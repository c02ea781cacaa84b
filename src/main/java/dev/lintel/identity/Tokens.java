package dev.lintel.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Issuer;
import dev.lintel.Terms;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Callers by tokens of issuers (JWT). Which algorithm signs is for the configuration to say and
 * never for the token; a token that was proved is good until its time is over or its key is not its
 * issuer's any more.
 */
public final class Tokens {
  private static final long LEEWAY = 60_000;
  private static final int LONGEST = 16 << 10;

  /** As of the term that says the same. */
  private static final int LONGEST_USER = 256;

  private static final int PROVED = 1 << 13;

  /** Who calls with a token that was found good, until when. */
  private record Proved(Caller caller, long until, Jwks keys, String keyId) {}

  private final Map<String, Issuer> issuers = new HashMap<>();
  private final Issuers keys;
  private final Register.Apps apps;
  private final InstantSource clock;
  private final Memo<String, Proved> proved = new Memo<>(PROVED);

  public Tokens(List<Issuer> issuers, Issuers keys, Register.Apps apps, InstantSource clock) {
    issuers.forEach(issuer -> this.issuers.put(issuer.name(), issuer));
    this.keys = keys;
    this.apps = apps;
    this.clock = clock;
  }

  /** Whether that is meant to be a token, and somebody's tokens are believed. */
  boolean takes(String credential) {
    // What is signed begins with a JSON object in base64url.
    return !issuers.isEmpty()
        && credential.startsWith("eyJ")
        && credential.indexOf('.') != credential.lastIndexOf('.');
  }

  /** Throws {@link Failure} {@code AUTHENTICATION} that says what is wrong with it. */
  Caller caller(String token) {
    long now = clock.millis();
    Proved known = proved.get(token);
    if (known != null) {
      if (now < known.until && known.keys.has(known.keyId)) {
        return known.caller;
      }
      proved.remove(token);
    }
    if (token.length() > LONGEST) {
      throw refused("is longer than " + (LONGEST >> 10) + " KB");
    }
    Proved fresh = prove(token, now);
    proved.put(token, fresh);
    return fresh.caller;
  }

  private Proved prove(String token, long now) {
    SignedJWT signed;
    JWTClaimsSet claims;
    try {
      signed = SignedJWT.parse(token);
      claims = signed.getJWTClaimsSet();
    } catch (ParseException broken) {
      throw refused("cannot be read");
    }
    Issuer issuer = claims.getIssuer() == null ? null : issuers.get(claims.getIssuer());
    if (issuer == null) {
      throw refused("is of an issuer ('iss') that is not known here");
    }
    JWSHeader header = signed.getHeader();
    if (!issuer.algorithms().contains(header.getAlgorithm().getName())) {
      throw refused("is signed with an algorithm ('alg') that is not allowed");
    }
    if (header.getCriticalParams() != null && !header.getCriticalParams().isEmpty()) {
      throw refused("has critical headers ('crit') that are not known here");
    }
    // What costs nothing first.
    long until = checked(claims, issuer, now);
    Jwks set = keys.of(issuer);
    String keyId = header.getKeyID() == null ? "" : header.getKeyID();
    if (!verified(signed, set.keys(keyId))) {
      throw refused("has a signature ('kid') that is not its issuer's");
    }
    return new Proved(caller(claims, issuer), until, set, keyId);
  }

  /** Until when it is good. */
  private static long checked(JWTClaimsSet claims, Issuer issuer, long now) {
    Date end = claims.getExpirationTime();
    Date begin = claims.getNotBeforeTime();
    if (end == null) {
      throw refused("has no end ('exp')");
    }
    if (now >= end.getTime() + LEEWAY) {
      throw refused("has expired ('exp')");
    }
    if (begin != null && now < begin.getTime() - LEEWAY) {
      throw refused("is not good yet ('nbf')");
    }
    if (Collections.disjoint(claims.getAudience(), issuer.audiences())) {
      throw refused("is for somebody else ('aud')");
    }
    return end.getTime() + LEEWAY;
  }

  private static boolean verified(SignedJWT signed, List<JWK> keys) {
    for (JWK key : keys) {
      try {
        JWSVerifier verifier = verifier(key);
        if (verifier != null
            && verifier.supportedJWSAlgorithms().contains(signed.getHeader().getAlgorithm())
            && signed.verify(verifier)) {
          return true;
        }
      } catch (JOSEException otherKey) {
        // Of another kind or size than the algorithm takes: no signature of it can be right.
        continue;
      }
    }
    return false;
  }

  /** Public keys alone: whoever knows a public key must not be able to sign with it. */
  private static @Nullable JWSVerifier verifier(JWK key) throws JOSEException {
    if (key.getKeyUse() != null && !key.getKeyUse().equals(KeyUse.SIGNATURE)) {
      return null;
    }
    return switch (key) {
      case RSAKey rsa -> new RSASSAVerifier(rsa.toRSAPublicKey());
      case ECKey ec -> new ECDSAVerifier(ec.toECPublicKey());
      default -> null;
    };
  }

  private Caller caller(JWTClaimsSet claims, Issuer issuer) {
    String tenant = named(claims, issuer.tenant());
    String app = named(claims, issuer.app());
    Caller caller =
        apps.caller(tenant, app, "jwt:" + issuer.name())
            .orElseThrow(() ->
                refused(
                    "names no app of this gateway ("
                        + place(issuer.tenant(), "tenant")
                        + ", "
                        + place(issuer.app(), "app")
                        + ")"));
    String user = issuer.user().isEmpty() ? "" : text(claims, issuer.user());
    if (user.length() > LONGEST_USER || !Terms.isText(user)) {
      throw refused(
          "has a claim '"
              + issuer.user()
              + "' of more than "
              + LONGEST_USER
              + " characters, or with a control character");
    }
    return user.isEmpty() ? caller : caller.as(user);
  }

  private static String place(Issuer.Named named, String what) {
    return named.fixed().isEmpty() ? "claim '" + named.claim() + "'" : what + " as configured";
  }

  private static String named(JWTClaimsSet claims, Issuer.Named named) {
    if (!named.fixed().isEmpty()) {
      return named.fixed();
    }
    String text = text(claims, named.claim());
    if (text.isEmpty()) {
      throw refused("has no claim '" + named.claim() + "'");
    }
    return text;
  }

  private static String text(JWTClaimsSet claims, String claim) {
    return claims.getClaim(claim) instanceof String text ? text : "";
  }

  private static Failure refused(String what) {
    return Failure.of(Failure.Kind.AUTHENTICATION, "The token " + what + ".");
  }
}
