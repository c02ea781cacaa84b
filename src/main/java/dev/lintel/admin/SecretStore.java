package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.KeptSecrets;
import dev.lintel.Sealer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Secrets that the store keeps sealed: they can be put there, and never be read again from here.
 */
public final class SecretStore {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final int LONGEST = 65_536;

  private static final Schema SECRET =
      Schema.object(
          "name", Schema.TEXT,
          "fingerprint", Schema.TEXT.saying("tells two secrets apart and gives neither away"),
          "updated_at", Schema.TIME,
          "updated_by", Schema.TEXT);

  private final Supplier<KeptSecrets> secrets;
  private final Sealer sealer;
  private final LongSupplier rotation;
  private final Runnable changed;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param rotation puts all that the store keeps sealed under the key that seals now, and counts
   *     what it changed
   * @param changed told after a secret has another value
   * @param envelope in which failures are told
   */
  public SecretStore(
      Supplier<KeptSecrets> secrets,
      Sealer sealer,
      LongSupplier rotation,
      Runnable changed,
      InstantSource clock,
      Dialect envelope) {
    this.secrets = secrets;
    this.sealer = sealer;
    this.rotation = rotation;
    this.changed = changed;
    this.clock = clock;
    this.envelope = envelope;
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
                "/secrets",
                "Lists the secrets that the store keeps, without what they are.",
                Schema.page(SECRET),
                new Question(envelope, (exchange, trail) -> list(exchange)))
            .with(Operation.PAGES),
        Operation.get(
            "/secrets/{name}",
            "Says when a secret was put there and by whom, never what it is.",
            SECRET,
            new Question(
                envelope, (exchange, trail) -> Answer.json(200, json(found(name(exchange)))))),
        Operation.put(
                "/secrets/{name}",
                "Keeps a secret, sealed, in the place of another of that name.",
                SECRET,
                new Question(envelope, (exchange, trail) -> put(exchange)))
            .of(
                Schema.object(
                    "value", Schema.TEXT.saying("the secret; `unchanged` leaves it as it is"))),
        Operation.delete(
            "/secrets/{name}",
            "Deletes a secret.",
            new Question(envelope, (exchange, trail) -> delete(exchange))),
        Operation.post(
            "/secrets/rotate",
            "Puts all that the store keeps sealed under the key-encryption key that seals now.",
            Schema.object("renewed", Schema.WHOLE),
            new Question(
                envelope,
                (exchange, trail) ->
                    Answer.json(200, Json.object().put("renewed", rotation.getAsLong())))));
  }

  private Answer list(Exchange exchange) {
    Listed.only(exchange.request(), "limit", "cursor");
    int limit = Listed.limit(exchange.request());
    List<KeptSecrets.Kept> found = secrets.get().list(Listed.after(exchange.request()), limit);
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    found.forEach(secret -> data.add(json(secret)));
    body.put("next", found.size() < limit ? null : Listed.cursor(found.getLast().name()));
    return Answer.json(200, body);
  }

  private Answer put(Exchange exchange) {
    String name = name(exchange);
    String value = value(exchange);
    if (value.equals("unchanged")) {
      return Answer.json(200, json(found(name)));
    }
    var kept =
        new KeptSecrets.Kept(
            name,
            sealer.seal(KeptSecrets.what(name), value),
            fingerprint(name, value),
            exchange.admin().map(Admin::name).orElse(""),
            clock.instant().truncatedTo(ChronoUnit.MILLIS));
    secrets.get().put(kept);
    changed.run();
    exchange.note(Json.object().put("fingerprint", kept.fingerprint()));
    return Answer.json(200, json(kept));
  }

  private Answer delete(Exchange exchange) {
    String name = name(exchange);
    if (!secrets.get().delete(name)) {
      throw unknown(name);
    }
    changed.run();
    return new Answer(204, Answer.JSON, new byte[0]);
  }

  private static String name(Exchange exchange) {
    String name = exchange.request().path().getOrDefault("name", "");
    if (!NAME.matcher(name).matches()) {
      throw Failure.invalid(
              "A secret's name must be letters, digits, '.', '_' and '-', 100 at most.")
          .at("name");
    }
    return name;
  }

  private static String value(Exchange exchange) {
    JsonNode body;
    try {
      body = Json.parse(exchange.request().body());
    } catch (JacksonException broken) {
      // Not the parser's words: they may quote the secret.
      throw Failure.invalid("The body must be JSON: {\"value\": \"…\"}.").at("value");
    }
    JsonNode value = body.path("value");
    if (!value.isString() || value.asString().isBlank() || body.size() != 1) {
      throw Failure.invalid("The body must be {\"value\": \"…\"} with some text, and no more.")
          .at("value");
    }
    if (value.asString().length() > LONGEST) {
      throw Failure.invalid("'value' must not be longer than " + LONGEST + " characters.")
          .at("value");
    }
    return value.asString();
  }

  private KeptSecrets.Kept found(String name) {
    return secrets.get().find(name).orElseThrow(() -> unknown(name));
  }

  private static Failure unknown(String name) {
    return Failure.of(Failure.Kind.NOT_FOUND, "There is no secret '" + name + "'.").at("name");
  }

  private static ObjectNode json(KeptSecrets.Kept secret) {
    return Json.object()
        .put("name", secret.name())
        .put("fingerprint", secret.fingerprint())
        .put("updated_at", secret.at().toString())
        .put("updated_by", secret.by());
  }

  /** 32 bits of SHA-256 over the name and the secret: too few to find the secret by. */
  private static String fingerprint(String name, String value) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((name + ':' + value).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 4);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
