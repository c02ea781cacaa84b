package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Json;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Google's access tokens, for every form of its credentials that needs no program to be run: a
 * service account's key (RFC 7523), a workload identity (RFC 8693), a user's refresh token, and the
 * metadata server of a machine at Google.
 */
final class GoogleTokens implements Renewed.Source<String> {
  private static final String SCOPE = "https://www.googleapis.com/auth/cloud-platform";
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();

  private final JsonNode credentials;
  private final String metadata;
  private final Errand errand;

  /**
   * @param credentials JSON; empty for the metadata server
   * @param metadata the metadata server's host
   */
  GoogleTokens(String credentials, String metadata, Errand errand) {
    this.credentials = credentials.isEmpty() ? Json.object() : Json.parse(credentials);
    this.metadata = metadata;
    this.errand = errand;
  }

  @Override
  public Renewed.Lease<String> fetch() {
    return switch (text("type")) {
      case "service_account" -> serviceAccount();
      case "external_account" -> workload();
      case "authorized_user" ->
          granted(
              "refresh_token",
              Map.of(
                  "client_id", text("client_id"),
                  "client_secret", text("client_secret"),
                  "refresh_token", text("refresh_token")));
      case "" -> machine();
      default ->
          throw Errand.refusal(
              0, "Google credentials of the type '" + text("type") + "' are not known here.");
    };
  }

  private String text(String member) {
    return credentials.path(member).asString("");
  }

  private Renewed.Lease<String> machine() {
    URI at =
        URI.create(
            "http://" + metadata + "/computeMetadata/v1/instance/service-accounts/default/token");
    return lease(
        errand.get("Google's metadata server", at, Map.of("Metadata-Flavor", "Google")).granted());
  }

  private Renewed.Lease<String> serviceAccount() {
    String assertion = CallThread.current().offload(() -> assertion(tokenUri(), Instant.now()));
    return granted("urn:ietf:params:oauth:grant-type:jwt-bearer", Map.of("assertion", assertion));
  }

  private Renewed.Lease<String> granted(String grant, Map<String, String> more) {
    var fields = new TreeMap<>(more);
    fields.put("grant_type", grant);
    return lease(
        errand.form("Google's token endpoint", URI.create(tokenUri()), Map.of(), fields).granted());
  }

  private String tokenUri() {
    return text("token_uri").isEmpty() ? "https://oauth2.googleapis.com/token" : text("token_uri");
  }

  private static Renewed.Lease<String> lease(Errand.Reply reply) {
    return new Renewed.Lease<>(
        reply.require("access_token"),
        Duration.ofSeconds(reply.json().path("expires_in").asLong(HOUR.toSeconds())));
  }

  /** A JSON Web Token that the account signs of itself. */
  String assertion(String audience, Instant now) {
    ObjectNode head = Json.object().put("alg", "RS256").put("typ", "JWT");
    if (!text("private_key_id").isEmpty()) {
      head.put("kid", text("private_key_id"));
    }
    ObjectNode claims =
        Json.object()
            .put("iss", text("client_email"))
            .put("scope", SCOPE)
            .put("aud", audience)
            .put("iat", now.getEpochSecond())
            .put("exp", now.plus(HOUR).getEpochSecond());
    String signed =
        URL.encodeToString(Json.bytes(head)) + "." + URL.encodeToString(Json.bytes(claims));
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(key(text("private_key")));
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + "." + URL.encodeToString(signature.sign());
    } catch (GeneralSecurityException unusable) {
      throw Errand.refusal(0, "The service account's private_key is not an RSA key in PKCS #8.");
    }
  }

  private static PrivateKey key(String pem) throws GeneralSecurityException {
    String body =
        pem.replace("-----BEGIN PRIVATE KEY-----", "").replace("-----END PRIVATE KEY-----", "");
    return KeyFactory.getInstance("RSA")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body)));
  }

  private Renewed.Lease<String> workload() {
    var fields = new TreeMap<String, String>();
    fields.put("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    fields.put("requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
    fields.put("audience", text("audience"));
    fields.put("scope", SCOPE);
    fields.put("subject_token_type", text("subject_token_type"));
    fields.put("subject_token", subject());
    var headers = new HashMap<String, String>();
    if (!text("client_id").isEmpty()) {
      String pair = text("client_id") + ":" + text("client_secret");
      headers.put(
          "authorization",
          "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }
    String at =
        text("token_url").isEmpty() ? "https://sts.googleapis.com/v1/token" : text("token_url");
    Renewed.Lease<String> federated =
        lease(errand.form("Google's token exchange", URI.create(at), headers, fields).granted());
    String impersonation = text("service_account_impersonation_url");
    return impersonation.isEmpty() ? federated : impersonated(impersonation, federated.value());
  }

  private Renewed.Lease<String> impersonated(String at, String federated) {
    long seconds =
        credentials
            .path("service_account_impersonation")
            .path("token_lifetime_seconds")
            .asLong(HOUR.toSeconds());
    ObjectNode body = Json.object().put("lifetime", seconds + "s");
    body.putArray("scope").add(SCOPE);
    Errand.Reply reply =
        errand
            .send(
                "Google's service account",
                HttpMethod.POST,
                URI.create(at),
                Map.of("authorization", "Bearer " + federated),
                "application/json",
                Json.bytes(body))
            .granted();
    Instant until = Instant.parse(reply.require("expireTime"));
    return new Renewed.Lease<>(
        reply.require("accessToken"), Duration.between(Instant.now(), until));
  }

  /** The token of the identity that is exchanged, from a file or an address. */
  private String subject() {
    JsonNode source = credentials.path("credential_source");
    String file = source.path("file").asString("");
    String url = source.path("url").asString("");
    String answer;
    if (!file.isEmpty()) {
      answer = Errand.read("the workload's identity", file);
    } else if (!url.isEmpty()) {
      var headers = new HashMap<String, String>();
      source
          .path("headers")
          .properties()
          .forEach(header -> headers.put(header.getKey(), header.getValue().asString("")));
      answer =
          errand.get("The workload's identity", URI.create(url), headers).granted().text().strip();
    } else {
      throw Errand.refusal(
          0, "A workload identity needs a credential_source with a file or a url.");
    }
    JsonNode format = source.path("format");
    return format.path("type").asString("text").equals("json")
        ? Json.parse(answer).path(format.path("subject_token_field_name").asString("")).asString("")
        : answer;
  }
}
