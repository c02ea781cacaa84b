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
import dev.lintel.Failure;
import java.text.ParseException;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Somebody whose signed tokens are believed (RFC 7519, 8725), be it of callers or of admins. Which
 * algorithm signs is for the configuration to say and never for the token.
 *
 * @param name as its tokens call it
 * @param audiences one of which a token must be for
 * @param algorithms by which tokens may be signed
 */
record Believed(String name, Set<String> audiences, Set<String> algorithms, Jwks keys) {
  private static final long LEEWAY = 60_000;
  private static final int LONGEST = 16 << 10;

  /** A token, of which nothing is proved yet. */
  record Token(SignedJWT signed, JWTClaimsSet claims) {
    /** Throws {@link Failure} {@code AUTHENTICATION} that says what is wrong with it. */
    static Token read(String text) {
      if (text.length() > LONGEST) {
        throw refused("is longer than " + (LONGEST >> 10) + " KB");
      }
      try {
        var signed = SignedJWT.parse(text);
        return new Token(signed, signed.getJWTClaimsSet());
      } catch (ParseException broken) {
        throw refused("cannot be read: it is no signed token");
      }
    }
  }

  /**
   * What a proved token rests on.
   *
   * @param until when it is good, in milliseconds
   * @param keyId of the key that signed it; empty where it does not say
   */
  record Proof(long until, String keyId) {}

  /**
   * Throws {@link Failure} {@code AUTHENTICATION} that says what is wrong with it, {@code
   * UNAVAILABLE} where the issuer's keys cannot be had.
   *
   * @param now in milliseconds
   */
  Proof prove(Token token, long now) {
    JWSHeader header = token.signed.getHeader();
    if (!algorithms.contains(header.getAlgorithm().getName())) {
      throw refused("is signed with an algorithm ('alg') that is not allowed");
    }
    if (header.getCriticalParams() != null && !header.getCriticalParams().isEmpty()) {
      throw refused("has critical headers ('crit') that are not known here");
    }
    // What costs nothing first.
    long until = checked(token.claims, now);
    String keyId = header.getKeyID() == null ? "" : header.getKeyID();
    if (!verified(token.signed, keys.keys(keyId))) {
      throw refused("has a signature ('kid') that is not its issuer's");
    }
    return new Proof(until, keyId);
  }

  /** Until when it is good. */
  private long checked(JWTClaimsSet claims, long now) {
    if (!name.equals(claims.getIssuer())) {
      throw stranger();
    }
    Date end = claims.getExpirationTime();
    Date begin = claims.getNotBeforeTime();
    if (end == null) {
      throw refused("has no end ('exp')");
    }
    if (now >= end.getTime() + LEEWAY) {
      throw refused("has expired ('exp')");
    }
    if (begin != null && now < begin.getTime() - LEEWAY) {
      throw refused("is not valid yet ('nbf')");
    }
    if (Collections.disjoint(claims.getAudience(), audiences)) {
      throw refused("is for another audience ('aud')");
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

  static Failure stranger() {
    return refused("is of an issuer ('iss') that is not known here");
  }

  static Failure refused(String what) {
    return Failure.of(Failure.Kind.AUTHENTICATION, "The token " + what + ".");
  }
}
