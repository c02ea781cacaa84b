package dev.lintel.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Acts;
import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Sealer;
import dev.lintel.Trail;
import java.net.URI;
import java.net.URLEncoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How people log in with a browser: OpenID Connect's authorization code with PKCE (RFC 7636). What
 * is to be remembered travels sealed in cookies, so that any node may go on.
 */
public final class Login {
  /**
   * What the issuer knows of this gateway.
   *
   * @param secret empty where it gave none
   * @param redirect where browsers come back to; empty for this gateway as the browser calls it
   * @param scopes that are asked for, with blanks between them
   */
  public record Client(String id, String secret, Optional<URI> redirect, String scopes) {
    @Override
    public String toString() {
      return "Client[" + id + "]";
    }
  }

  private static final String SESSION = "lintel_admin";
  private static final String ATTEMPT = "lintel_login";
  private static final String SESSION_SEAL = "admin session";
  private static final String ATTEMPT_SEAL = "admin login";
  private static final Duration ATTEMPT_TIME = Duration.ofMinutes(10);
  private static final Duration SESSION_TIME = Duration.ofHours(8);
  private static final Set<String> READING = Set.of("GET", "HEAD");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Issuer issuer;
  private final Client client;
  private final People people;
  private final Sealer sealer;
  private final Supplier<Acts> acts;
  private final InstantSource clock;
  private final Dialect envelope;
  private final Map<String, String> headers;
  private final boolean encrypted;

  /**
   * @param headers of every answer
   * @param encrypted whether the gateway is reached by TLS
   */
  public Login(
      Issuer issuer,
      Client client,
      People people,
      Sealer sealer,
      Supplier<Acts> acts,
      InstantSource clock,
      Dialect envelope,
      Map<String, String> headers,
      boolean encrypted) {
    this.issuer = issuer;
    this.client = client;
    this.people = people;
    this.sealer = sealer;
    this.acts = acts;
    this.clock = clock;
    this.envelope = envelope;
    this.headers = headers;
    this.encrypted = encrypted;
  }

  /** Who has that token. Throws as {@link Issuer#claims} and {@link People#admin} do. */
  public Admin holder(String token) {
    return people.admin(issuer.claims(token));
  }

  /**
   * Who is logged in with the browser that asks; empty where nobody is. Throws {@link Failure}
   * {@code PERMISSION} where what would change something does not show the session's own word.
   */
  public Optional<Admin> session(Exchange exchange) {
    Optional<JsonNode> session =
        cookie(exchange, SESSION).flatMap(text -> open(SESSION_SEAL, text));
    if (session.isEmpty()) {
      return Optional.empty();
    }
    JsonNode said = session.get();
    if (!READING.contains(exchange.method())
        && !same(
            said.path("csrf").asString(),
            exchange.request().headers().get("x-lintel-csrf").orElse(""))) {
      throw Failure.of(
          Failure.Kind.PERMISSION,
          "A browser's request that changes something needs 'x-lintel-csrf' as /admin/session says it.");
    }
    Set<String> tenants = new HashSet<>();
    said.path("tenants").forEach(tenant -> tenants.add(tenant.asString()));
    return Optional.of(
        new Admin(
            said.path("name").asString(),
            Admin.Role.valueOf(said.path("role").asString()),
            tenants));
  }

  /** Sends the browser to the issuer. */
  public Endpoint begin() {
    return answering(exchange -> {
      String verifier = random();
      ObjectNode attempt =
          Json.object()
              .put("state", random())
              .put("nonce", random())
              .put("verifier", verifier)
              .put("redirect", redirect(exchange))
              .put("until", clock.instant().plus(ATTEMPT_TIME).getEpochSecond());
      String query =
          form(
              Map.of(
                  "response_type",
                  "code",
                  "client_id",
                  client.id,
                  "redirect_uri",
                  attempt.path("redirect").asString(),
                  "scope",
                  client.scopes,
                  "state",
                  attempt.path("state").asString(),
                  "nonce",
                  attempt.path("nonce").asString(),
                  "code_challenge",
                  challenge(verifier),
                  "code_challenge_method",
                  "S256"));
      URI door = issuer.doors().authorization();
      String to = door + (door.getRawQuery() == null ? "?" : "&") + query;
      // Lax: the browser comes back from another site.
      return new Told(
          new Answer(302, "text/plain", new byte[0]),
          Map.of(
              "location",
              to,
              "set-cookie",
              set(ATTEMPT, sealer.seal(ATTEMPT_SEAL, Json.text(attempt)), ATTEMPT_TIME, "Lax")));
    });
  }

  /** Takes the browser back from the issuer. */
  public Endpoint callback() {
    return answering(exchange -> {
      Map<String, String> said = exchange.request().query();
      JsonNode attempt =
          cookie(exchange, ATTEMPT)
              .flatMap(text -> open(ATTEMPT_SEAL, text))
              .orElseThrow(() -> refused("took too long, or began in another browser"));
      if (!same(attempt.path("state").asString(), said.getOrDefault("state", ""))) {
        throw refused("is not the one that began in this browser");
      }
      String code = said.getOrDefault("code", "");
      if (code.isEmpty()) {
        throw refused("was refused by the issuer");
      }
      Admin admin = proved(attempt, code);
      acts.get()
          .add(
              new Acts.Act(
                  0,
                  clock.instant(),
                  admin.name(),
                  "login",
                  200,
                  Json.text(Json.object().put("role", admin.role().word()))));
      // A page, not a redirect: to a strict cookie that would still be another site's request.
      byte[] page =
          "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url=/admin/session\"><title>Lintel</title>"
              .getBytes(UTF_8);
      return new Told(
          new Answer(200, "text/html; charset=utf-8", page),
          Map.of("set-cookie", set(SESSION, sealed(admin), SESSION_TIME, "Strict")));
    });
  }

  private Admin proved(JsonNode attempt, String code) {
    var form = new HashMap<String, String>();
    form.put("grant_type", "authorization_code");
    form.put("code", code);
    form.put("redirect_uri", attempt.path("redirect").asString());
    form.put("client_id", client.id);
    form.put("code_verifier", attempt.path("verifier").asString());
    String basic =
        client.secret.isEmpty()
            ? ""
            : "Basic "
                + Base64.getEncoder()
                    .encodeToString(
                        (encoded(client.id) + ":" + encoded(client.secret)).getBytes(UTF_8));
    String token = issuer.token(form(form), basic).path("id_token").asString("");
    if (token.isEmpty()) {
      throw refused("was not confirmed by the issuer");
    }
    JsonNode claims = issuer.claims(token);
    if (!same(attempt.path("nonce").asString(), claims.path("nonce").asString(""))) {
      throw refused("was confirmed for another one");
    }
    return people.admin(claims);
  }

  private String sealed(Admin admin) {
    ObjectNode session =
        Json.object()
            .put("name", admin.name())
            .put("role", admin.role().name())
            .put("csrf", random())
            .put("until", clock.instant().plus(SESSION_TIME).getEpochSecond());
    admin.tenants().forEach(session.putArray("tenants")::add);
    return sealer.seal(SESSION_SEAL, Json.text(session));
  }

  /** Says who is logged in, and the word that changes need; 401 where nobody is. */
  public Endpoint show() {
    return answering(exchange -> {
      JsonNode session =
          cookie(exchange, SESSION)
              .flatMap(text -> open(SESSION_SEAL, text))
              .orElseThrow(() ->
                  Failure.of(
                      Failure.Kind.AUTHENTICATION, "Nobody is logged in: see /admin/login."));
      ObjectNode body = Json.object().put("name", session.path("name").asString());
      body.put("role", Admin.Role.valueOf(session.path("role").asString()).word());
      body.set("tenants", session.path("tenants"));
      body.put("csrf", session.path("csrf").asString());
      return new Told(Answer.json(200, body), Map.of());
    });
  }

  /** Forgets who is logged in with the browser. Harmless from other sites: they do not send it. */
  public Endpoint end() {
    return answering(exchange ->
        new Told(
            new Answer(204, "text/plain", new byte[0]),
            Map.of("set-cookie", set(SESSION, "", Duration.ZERO, "Strict"))));
  }

  private record Told(Answer answer, Map<String, String> headers) {}

  @FunctionalInterface
  private interface Answering {
    Told to(Exchange exchange);
  }

  private Endpoint answering(Answering answering) {
    return exchange -> {
      var trail = Trail.begin(exchange.arrived());
      var all = new HashMap<>(headers);
      all.put("x-lintel-request-id", trail.id());
      try {
        Told told = answering.to(exchange);
        all.putAll(told.headers);
        exchange.answer(told.answer, all);
      } catch (Failure failure) {
        exchange.answer(envelope.error(failure, trail), all);
      }
    };
  }

  private String redirect(Exchange exchange) {
    return client
        .redirect
        .map(URI::toString)
        .orElseGet(() ->
            (encrypted ? "https://" : "http://")
                + exchange.request().headers().get("host").orElse("localhost")
                + "/admin/callback");
  }

  /** Empty where it was not sealed here for that, or its time is over. */
  private Optional<JsonNode> open(String what, String text) {
    try {
      JsonNode said = Json.parse(sealer.open(what, text));
      return said.path("until").asLong(0) > clock.instant().getEpochSecond()
          ? Optional.of(said)
          : Optional.empty();
    } catch (Failure | JacksonException strange) {
      return Optional.empty();
    }
  }

  private static Optional<String> cookie(Exchange exchange, String name) {
    for (String pair : exchange.request().headers().get("cookie").orElse("").split(";", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
        return Optional.of(pair.substring(equals + 1).strip());
      }
    }
    return Optional.empty();
  }

  private static String set(String name, String value, Duration time, String site) {
    return "%s=%s; Path=/admin; Max-Age=%d; HttpOnly; Secure; SameSite=%s"
        .formatted(name, value, time.toSeconds(), site);
  }

  private static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> field.getKey() + "=" + encoded(field.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  private static String random() {
    var bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String challenge(String verifier) {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static boolean same(String one, String other) {
    return MessageDigest.isEqual(one.getBytes(UTF_8), other.getBytes(UTF_8));
  }

  private static Failure refused(String why) {
    return Failure.of(Failure.Kind.AUTHENTICATION, "The login " + why + "; begin again.");
  }
}
