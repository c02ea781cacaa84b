package dev.lintel.main;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** An issuer of tokens, who lets in whoever comes. */
public final class FakeIssuer implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private volatile RSAKey key = key("one");
  private volatile boolean away;
  private volatile UnaryOperator<JWTClaimsSet.Builder> person = claims -> claims;

  public FakeIssuer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  private static RSAKey key(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException failed) {
      throw new AssertionError(failed);
    }
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Signs with another key from now on. */
  public void turn(String id) {
    key = key(id);
  }

  public void away(boolean whether) {
    away = whether;
  }

  /** How often its keys were asked for. */
  public int asked() {
    return asked.get();
  }

  /** What its tokens say from now on, beside the usual. */
  public void person(UnaryOperator<JWTClaimsSet.Builder> claims) {
    person = claims;
  }

  /** A token of its own with those claims over the usual ones. */
  public String token(UnaryOperator<JWTClaimsSet.Builder> claims) {
    try {
      var jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(),
              claims.apply(usual()).build());
      jwt.sign(new RSASSASigner(key));
      return jwt.serialize();
    } catch (JOSEException failed) {
      throw new AssertionError(failed);
    }
  }

  /** One that is signed with what everybody can fetch. */
  public String forged(UnaryOperator<JWTClaimsSet.Builder> claims) {
    try {
      var jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(),
              claims.apply(usual()).build());
      jwt.sign(new MACSigner(key.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));
      return jwt.serialize();
    } catch (JOSEException failed) {
      throw new AssertionError(failed);
    }
  }

  private JWTClaimsSet.Builder usual() {
    return person.apply(
        new JWTClaimsSet.Builder()
            .issuer(url().toString())
            .audience("lintel")
            .subject("u-1")
            .expirationTime(Date.from(Instant.now().plusSeconds(300))));
  }

  private void serve(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (away) {
      answer(exchange, 503, "{}");
      return;
    }
    switch (exchange.getRequestURI().getPath()) {
      case "/.well-known/openid-configuration" ->
          answer(
              exchange,
              200,
              Json.text(
                  Json.object()
                      .put("issuer", url().toString())
                      .put("jwks_uri", url() + "/keys")
                      .put("authorization_endpoint", url() + "/authorize")
                      .put("token_endpoint", url() + "/token")));
      case "/keys" -> {
        asked.incrementAndGet();
        answer(exchange, 200, new JWKSet(key).toString());
      }
      case "/authorize" -> {
        Map<String, String> query = form(exchange.getRequestURI().getRawQuery());
        String code = "code-" + codes.size();
        codes.put(code, query);
        exchange
            .getResponseHeaders()
            .add(
                "location",
                query.get("redirect_uri") + "?code=" + code + "&state=" + query.get("state"));
        exchange.sendResponseHeaders(302, -1);
        exchange.close();
      }
      case "/token" -> token(exchange, form(body));
      default -> answer(exchange, 404, "{}");
    }
  }

  private void token(HttpExchange exchange, Map<String, String> said) throws IOException {
    Map<String, String> began = codes.remove(said.getOrDefault("code", ""));
    String expected =
        "Basic "
            + Base64.getEncoder()
                .encodeToString("lintel:client-secret-c0ffee".getBytes(StandardCharsets.UTF_8));
    if (began == null
        || !expected.equals(exchange.getRequestHeaders().getFirst("authorization"))
        || !began.get("redirect_uri").equals(said.get("redirect_uri"))
        || !began.get("code_challenge").equals(challenge(said.getOrDefault("code_verifier", "")))) {
      answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
      return;
    }
    String token = token(claims -> claims.claim("nonce", began.get("nonce")));
    answer(exchange, 200, Json.text(Json.object().put("id_token", token)));
  }

  private static String challenge(String verifier) {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              MessageDigest.getInstance("SHA-256")
                  .digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException missing) {
      throw new AssertionError(missing);
    }
  }

  private static Map<String, String> form(String text) {
    var fields = new HashMap<String, String>();
    for (String pair : text.split("&", -1)) {
      String[] parts = pair.split("=", 2);
      fields.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return fields;
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("content-type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
