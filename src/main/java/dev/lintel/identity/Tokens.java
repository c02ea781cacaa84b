package dev.lintel.identity;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.lintel.Admin;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Issuer;
import dev.lintel.Json;
import dev.lintel.Terms;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Callers by tokens of issuers (JWT). A token that was proved is good until its time is over or its
 * key is not its issuer's any more.
 */
public final class Tokens {
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
    Proved fresh = prove(token, now);
    proved.put(token, fresh);
    return fresh.caller;
  }

  private Proved prove(String text, long now) {
    var token = Believed.Token.read(text);
    JWTClaimsSet claims = token.claims();
    Issuer issuer = claims.getIssuer() == null ? null : issuers.get(claims.getIssuer());
    if (issuer == null) {
      throw Believed.stranger();
    }
    Believed believed = believed(issuer);
    Believed.Proof proof = believed.prove(token, now);
    return new Proved(caller(claims, issuer), proof.until(), believed.keys(), proof.keyId());
  }

  /**
   * Who administers with it; empty where its issuer does not say people's roles. Throws {@link
   * Failure} {@code AUTHENTICATION} that says what is wrong with it, {@code PERMISSION} where it
   * says none.
   */
  Optional<Admin> admin(String text) {
    var token = Believed.Token.read(text);
    String name = token.claims().getIssuer();
    Issuer issuer = name == null ? null : issuers.get(name);
    if (issuer == null || issuer.roles().isEmpty()) {
      return Optional.empty();
    }
    believed(issuer).prove(token, clock.millis());
    JsonNode said = Json.parse(token.signed().getPayload().toBytes());
    Admin admin = new People(issuer.rolesClaim(), issuer.roles()).admin(said);
    return Optional.of(
        admin.role() == Admin.Role.TENANT_ADMIN && admin.tenants().isEmpty()
            ? new Admin(admin.name(), admin.role(), Set.of(named(token.claims(), issuer.tenant())))
            : admin);
  }

  private Believed believed(Issuer issuer) {
    return new Believed(
        issuer.name(),
        issuer.audiences(),
        issuer.algorithms(),
        keys.of(new Jwks.Place(issuer.name(), issuer.keys(), issuer.plain())));
  }

  private Caller caller(JWTClaimsSet claims, Issuer issuer) {
    if (issuer.app().fixed().isEmpty() && issuer.app().claim().isEmpty()) {
      throw Believed.refused("is of an issuer whose people ask no models here");
    }
    String tenant = named(claims, issuer.tenant());
    String app = named(claims, issuer.app());
    Caller caller =
        apps.caller(tenant, app, "jwt:" + issuer.name())
            .orElseThrow(() ->
                Believed.refused(
                    "names no app of this gateway ("
                        + place(issuer.tenant(), "tenant")
                        + ", "
                        + place(issuer.app(), "app")
                        + ")"));
    String user = issuer.user().isEmpty() ? "" : text(claims, issuer.user());
    if (user.length() > LONGEST_USER || !Terms.isText(user)) {
      throw Believed.refused(
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
      throw Believed.refused("has no claim '" + named.claim() + "'");
    }
    return text;
  }

  private static String text(JWTClaimsSet claims, String claim) {
    return claims.getClaim(claim) instanceof String text ? text : "";
  }
}
