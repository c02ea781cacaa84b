package dev.lintel.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Issuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tokens of an issuer whose keys are a request away. */
class TokensTest {
  private static final String AUDIENCE = "lintel";

  private static JWK rsa;
  private static JWK ec;
  private static JWK next;
  private static JWK strange;

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
  private final InstantSource clock = () -> Instant.ofEpochMilli(now.get());
  private final AtomicInteger asked = new AtomicInteger();
  private volatile String keys = "";
  private HttpServer server;
  private Tokens tokens;

  /** Once: it takes about a second to find such numbers. */
  @BeforeAll
  static void make() throws JOSEException {
    rsa = new RSAKeyGenerator(2048).keyID("one").generate();
    next = new RSAKeyGenerator(2048).keyID("next").generate();
    strange = new RSAKeyGenerator(2048).keyID("strange").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("two").generate();
  }

  @BeforeEach
  void start() throws IOException {
    publish(rsa, ec);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    answer("/keys", () -> keys);
    answer(
        "/.well-known/openid-configuration",
        () -> "{\"issuer\":\"" + base() + "\",\"jwks_uri\":\"" + base() + "/keys\"}");
    server.start();
    tokens = tokens(issuer(Set.of("RS256", "ES256")));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(String path, java.util.function.Supplier<String> text) {
    server.createContext(
        path,
        exchange -> {
          asked.incrementAndGet();
          byte[] body = text.get().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.length == 0 ? 500 : 200, Math.max(1, body.length));
          exchange.getResponseBody().write(body.length == 0 ? new byte[1] : body);
          exchange.close();
        });
  }

  private void publish(JWK... all) {
    keys = new JWKSet(Arrays.asList(all)).toPublicJWKSet().toString();
  }

  private String base() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private Issuer issuer(Set<String> algorithms) {
    return new Issuer(
        base(),
        Set.of(AUDIENCE),
        Optional.of(URI.create(base() + "/keys")),
        algorithms,
        new Issuer.Named("", "org"),
        new Issuer.Named("", "azp"),
        "sub",
        true);
  }

  private Tokens tokens(Issuer issuer) {
    return new Tokens(
        List.of(issuer),
        new Issuers(nanos::get),
        (tenant, app, keyId) ->
            tenant.equals("acme") && app.equals("support")
                ? Optional.of(new Caller(tenant, app, keyId, Optional.empty(), false))
                : Optional.empty(),
        clock);
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(base())
        .audience(AUDIENCE)
        .subject("ann")
        .claim("org", "acme")
        .claim("azp", "support")
        .expirationTime(new Date(now.get() + 300_000));
  }

  private static String signed(JWK key, JWSAlgorithm algorithm, JWTClaimsSet claims) {
    try {
      JWSSigner signer =
          algorithm.equals(JWSAlgorithm.ES256)
              ? new ECDSASigner(key.toECKey())
              : new RSASSASigner(key.toRSAKey());
      return signed(new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).build(), signer, claims);
    } catch (JOSEException broken) {
      throw new AssertionError(broken);
    }
  }

  private static String signed(JWSHeader header, JWSSigner signer, JWTClaimsSet claims) {
    try {
      var token = new SignedJWT(header, claims);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException broken) {
      throw new AssertionError(broken);
    }
  }

  private String good() {
    return signed(rsa, JWSAlgorithm.RS256, claims().build());
  }

  private void refused(String token, String why) {
    assertThatThrownBy(() -> tokens.caller(token))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Failure.Kind.AUTHENTICATION);
              assertThat(failure.message()).contains(why).doesNotContain(token);
            });
  }

  @Test
  void a_token_says_tenant_app_and_user_and_keys_are_asked_for_once() {
    for (int i = 0; i < 3; i++) {
      Caller caller = tokens.caller(good());
      assertThat(caller.tenant()).isEqualTo("acme");
      assertThat(caller.app()).isEqualTo("support");
      assertThat(caller.user()).isEqualTo("ann");
    }
    assertThat(tokens.caller(signed(ec, JWSAlgorithm.ES256, claims().build())).user())
        .isEqualTo("ann");
    assertThat(asked).hasValue(1);
  }

  @Test
  void keys_are_found_where_the_issuer_says_they_are() {
    Issuer known = issuer(Set.of("RS256"));
    tokens =
        tokens(
            new Issuer(
                known.name(),
                known.audiences(),
                Optional.empty(),
                known.algorithms(),
                known.tenant(),
                known.app(),
                "",
                true));
    assertThat(tokens.caller(good()).user()).isEmpty();
  }

  @Test
  void a_token_ends_with_its_time_also_where_it_was_proved() {
    String token = good();
    tokens.caller(token);
    now.addAndGet(300_000 + 59_999);
    tokens.caller(token);
    now.addAndGet(1);
    refused(token, "'exp'");
  }

  @Test
  void what_is_wrong_with_a_token_is_said() throws Exception {
    refused(signed(rsa, JWSAlgorithm.RS256, claims().audience("other").build()), "'aud'");
    refused(signed(rsa, JWSAlgorithm.RS256, claims().issuer("https://x").build()), "'iss'");
    refused(signed(rsa, JWSAlgorithm.RS256, claims().expirationTime(null).build()), "'exp'");
    refused(
        signed(
            rsa, JWSAlgorithm.RS256, claims().notBeforeTime(new Date(now.get() + 61_000)).build()),
        "'nbf'");
    refused(signed(rsa, JWSAlgorithm.RS256, claims().claim("azp", "sales").build()), "'azp'");
    refused(signed(rsa, JWSAlgorithm.RS256, claims().claim("org", null).build()), "'org'");
    String token = good();
    refused(token.substring(0, token.length() - 6) + "AAAAAA", "signature");
    refused("eyJ.eyJ.x", "cannot be read");
  }

  @Test
  void the_algorithm_is_the_configuration_s_to_choose() throws Exception {
    refused(signed(rsa, JWSAlgorithm.RS512, claims().build()), "'alg'");
    // The oldest trick: the public key as the secret of an HMAC.
    byte[] known = rsa.toRSAKey().toRSAPublicKey().getEncoded();
    refused(
        signed(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("one").build(),
            new MACSigner(known),
            claims().build()),
        "'alg'");
    refused(new PlainJWT(claims().build()).serialize(), "cannot be read");
  }

  @Test
  void a_new_key_is_asked_for_at_once_and_not_again_for_a_while() {
    tokens.caller(good());
    publish(rsa, next);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(31));
    tokens.caller(signed(next, JWSAlgorithm.RS256, claims().build()));
    assertThat(asked).hasValue(2);
    for (int i = 0; i < 5; i++) {
      refused(signed(strange, JWSAlgorithm.RS256, claims().build()), "'kid'");
    }
    assertThat(asked).hasValue(2);
  }

  @Test
  void a_key_that_its_issuer_took_back_is_not_good_any_more() {
    String token = good();
    tokens.caller(token);
    publish(next);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(31));
    tokens.caller(signed(next, JWSAlgorithm.RS256, claims().build()));
    refused(token, "'kid'");
  }

  @Test
  void while_the_issuer_is_away_its_known_keys_go_on() {
    tokens.caller(good());
    keys = "";
    nanos.addAndGet(TimeUnit.HOURS.toNanos(1));
    now.addAndGet(1000);
    assertThat(tokens.caller(good()).app()).isEqualTo("support");
  }

  @Test
  void without_any_key_a_token_cannot_be_checked_yet() {
    keys = "";
    assertThatThrownBy(() -> tokens.caller(good()))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE));
  }
}
