package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.SelfSigned;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Callers without a key: with a token of their own issuer, or a certificate. */
class IdentityScenario {
  private static final String CHAT =
      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  private static final String GATEWAY =
      "providers: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\n"
          + "tenants: { acme: { apps: { billing: {} } } }\n";

  @TempDir private Path folder;

  @Test
  void a_token_of_a_known_issuer_calls_for_its_app_and_user() throws Exception {
    var key = new RSAKeyGenerator(2048).keyID("k").generate();
    byte[] published = new JWKSet(key).toPublicJWKSet().toString().getBytes(StandardCharsets.UTF_8);
    HttpServer issuer =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/keys",
        exchange -> {
          exchange.sendResponseHeaders(200, published.length);
          exchange.getResponseBody().write(published);
          exchange.close();
        });
    issuer.start();
    String yaml =
        "jwt: [ { issuer: 'https://id.example', audience: lintel, jwks: 'http://127.0.0.1:%d/keys', insecure: true, claims: { tenant: org, app: azp } } ]\n"
            .formatted(issuer.getAddress().getPort());
    var claims =
        new JWTClaimsSet.Builder()
            .issuer("https://id.example")
            .audience("lintel")
            .subject("ann")
            .claim("org", "acme")
            .expirationTime(Date.from(Instant.now().plusSeconds(300)));
    try (var gateway = TestGateway.of(yaml + GATEWAY)) {
      String token = signed(key, claims.claim("azp", "billing").build());
      HttpResponse<String> reply = gateway.send(chat(gateway.url(), token));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      HttpResponse<String> refused =
          gateway.send(chat(gateway.url(), signed(key, claims.claim("azp", "sales").build())));
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.body()).contains("'azp'");
      String id = reply.headers().firstValue("x-lintel-request-id").orElseThrow();
      JsonNode record = record(gateway, id);
      assertThat(record.path("app").asString()).isEqualTo("billing");
      assertThat(record.path("key_id").asString()).isEqualTo("jwt:https://id.example");
      assertThat(record.toString()).doesNotContain(token);
    } finally {
      issuer.stop(0);
    }
  }

  /** It appears a moment after the reply. */
  private static JsonNode record(TestGateway gateway, String id) {
    return Json.parse(
        Soon.found(
                () -> gateway.admin("GET", "/admin/v1/calls/" + id, ""),
                reply -> reply.statusCode() != 404)
            .body());
  }

  private static String signed(com.nimbusds.jose.jwk.RSAKey key, JWTClaimsSet claims)
      throws Exception {
    var token = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").build(), claims);
    token.sign(new RSASSASigner(key));
    return token.serialize();
  }

  private static HttpRequest chat(URI at, String token) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at.resolve("/v1/chat/completions"))
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofString(CHAT));
    return token.isEmpty()
        ? request.build()
        : request.header("authorization", "Bearer " + token).build();
  }

  @Test
  void a_certificate_that_a_trusted_authority_signed_stands_for_an_app() throws Exception {
    SelfSigned server = made("server", "CN=localhost");
    SelfSigned billing = made("billing", "CN=billing,O=Acme");
    SelfSigned guest = made("guest", "CN=guest,O=Acme");
    SelfSigned stranger = made("stranger", "CN=billing,O=Acme");
    Files.writeString(folder.resolve("ca.pem"), billing.certificate() + guest.certificate());
    try (var gateway = TestGateway.of(tls("request") + GATEWAY)) {
      assertThat(call(gateway, server, billing).statusCode()).isEqualTo(200);
      assertThat(call(gateway, server, guest).statusCode()).isEqualTo(401);
      assertThatThrownBy(() -> call(gateway, server, stranger)).isInstanceOf(IOException.class);
      assertThat(call(gateway, server, null).statusCode()).isEqualTo(401);
    }
    try (var gateway = TestGateway.of(tls("require") + GATEWAY)) {
      assertThat(call(gateway, server, billing).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> call(gateway, server, null)).isInstanceOf(IOException.class);
    }
  }

  private String tls(String asked) {
    return "tls: { certificate: %1$s/server.pem, key: %1$s/server.key, client_ca: %1$s/ca.pem, client_auth: %2$s }\nclients: [ { subject: 'CN=billing', tenant: acme, app: billing } ]\n"
        .formatted(folder, asked);
  }

  private static HttpResponse<String> call(
      TestGateway gateway, SelfSigned server, SelfSigned client) throws Exception {
    try (var http = HttpClient.newBuilder().sslContext(server.trusted(client)).build()) {
      return http.send(chat(gateway.url(), ""), HttpResponse.BodyHandlers.ofString());
    }
  }

  private SelfSigned made(String name, String subject) throws Exception {
    var made = SelfSigned.made(folder.resolve(name + ".p12"), subject);
    Files.writeString(folder.resolve(name + ".pem"), made.certificate());
    Files.writeString(folder.resolve(name + ".key"), made.key());
    return made;
  }
}
