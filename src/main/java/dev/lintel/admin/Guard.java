package dev.lintel.admin;

import dev.lintel.Acts;
import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Stands before everything that admins may ask: finds out who it is, whether they may, and sees to
 * it that whatever changes something is recorded. What cannot be recorded is not done.
 */
public final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  /** The most characters that are kept of what an act changed. */
  private static final int LONGEST_DETAIL = 16_384;

  /**
   * Ways in.
   *
   * @param credential what a request brings as a key; empty where it brings none
   * @param keys who has that key, or the token in its place; throws {@link Failure} that says what
   *     is wrong with a token
   * @param session who a browser is logged in as; throws {@link Failure} where its request cannot
   *     be its own
   */
  public record Doors(
      Function<Exchange, String> credential,
      Function<String, Optional<Admin>> keys,
      Function<Exchange, Optional<Admin>> session) {}

  private static final Map<String, String> HEADERS =
      Map.of(
          "cache-control", "no-store",
          "x-content-type-options", "nosniff",
          "referrer-policy", "no-referrer",
          "x-frame-options", "DENY",
          "content-security-policy", "default-src 'none'; frame-ancestors 'none'");

  private final Doors doors;
  private final Attempts attempts;
  private final Supplier<Acts> acts;
  private final InstantSource clock;
  private final Dialect envelope;
  private final Map<String, String> headers;
  private final Runnable changed;

  /**
   * @param envelope in which refusals are told
   * @param encrypted whether the gateway is reached by TLS
   * @param changed is run after each act by which something may have changed; must not wait
   */
  public Guard(
      Doors doors,
      Attempts attempts,
      Supplier<Acts> acts,
      InstantSource clock,
      Dialect envelope,
      boolean encrypted,
      Runnable changed) {
    this.doors = doors;
    this.attempts = attempts;
    this.acts = acts;
    this.clock = clock;
    this.envelope = envelope;
    this.headers = headers(encrypted);
    this.changed = changed;
  }

  /**
   * Headers by which browsers neither keep, nor guess at, nor embed what is answered.
   *
   * @param encrypted whether the gateway is reached by TLS
   */
  public static Map<String, String> headers(boolean encrypted) {
    var all = new HashMap<>(HEADERS);
    if (encrypted) {
      all.put("strict-transport-security", "max-age=31536000");
    }
    return Map.copyOf(all);
  }

  /** The operation, for those who may. */
  public Endpoint over(Operation operation) {
    return new Endpoint() {
      @Override
      public void serve(Exchange exchange) {
        Guard.this.serve(operation, exchange);
      }

      @Override
      public Answer refuse(Failure failure, Trail trail) {
        return operation.endpoint().refuse(failure, trail);
      }
    };
  }

  private void serve(Operation operation, Exchange exchange) {
    try {
      Admin admin = who(exchange);
      Rights.refused(admin, operation, exchange)
          .ifPresent(why -> {
            throw Failure.of(Failure.Kind.PERMISSION, why);
          });
      if (operation.writes()) {
        recorded(operation, exchange, admin);
      } else {
        operation
            .endpoint()
            .serve(new Guarded(exchange, Optional.of(admin), headers, (status, noted) -> {}));
      }
    } catch (Failure refused) {
      refuse(exchange, refused);
    }
  }

  private void refuse(Exchange exchange, Failure refused) {
    var trail = Trail.begin(exchange.arrived());
    var all = new HashMap<>(headers);
    all.put("x-lintel-request-id", trail.id());
    refused
        .retryAfter()
        .ifPresent(wait -> all.put("retry-after", Long.toString(wait.plusMillis(999).toSeconds())));
    if (refused.kind() == Failure.Kind.AUTHENTICATION) {
      all.put("www-authenticate", "Bearer realm=\"lintel admin\"");
    }
    exchange.answer(envelope.error(refused, trail), all);
  }

  private Admin who(Exchange exchange) {
    String key = doors.credential.apply(exchange);
    if (key.isEmpty()) {
      return doors
          .session
          .apply(exchange)
          .orElseThrow(() ->
              Failure.of(
                  Failure.Kind.AUTHENTICATION,
                  "The admin API needs 'Authorization: Bearer ADMIN_KEY'."));
    }
    String address =
        exchange.request().peer().address().map(InetAddress::getHostAddress).orElse("");
    attempts
        .wait(address, key)
        .ifPresent(wait -> {
          throw Failure.of(
                  Failure.Kind.RATE_LIMITED, "Too many wrong admin keys; wait before the next try.")
              .retryAfter(Optional.of(wait));
        });
    Failure why =
        Failure.of(
            Failure.Kind.AUTHENTICATION,
            "That is no admin key; the admin API needs 'Authorization: Bearer ADMIN_KEY'.");
    try {
      Optional<Admin> admin = doors.keys.apply(key);
      if (admin.isPresent()) {
        attempts.good(address, key);
        return admin.get();
      }
    } catch (Failure strange) {
      if (strange.kind() != Failure.Kind.AUTHENTICATION) {
        throw strange;
      }
      why = strange;
    }
    if (attempts.failed(address) == Attempts.MOST_OF_ONE) {
      LOG.warn("{} wrong admin keys from {} within a minute", Attempts.MOST_OF_ONE, address);
      noteGuessing(address);
    }
    throw why;
  }

  private void noteGuessing(String address) {
    String detail =
        Json.text(Json.object().put("address", address).put("failures", Attempts.MOST_OF_ONE));
    try {
      acts.get().add(new Acts.Act(0, clock.instant(), "nobody", "login refused", 429, detail));
    } catch (Failure away) {
      LOG.warn("wrong admin keys from {} could not be recorded: {}", address, away.message());
    }
  }

  private void recorded(Operation operation, Exchange exchange, Admin admin) {
    long number = begun(exchange, admin);
    Guarded guarded =
        new Guarded(
            exchange,
            Optional.of(admin),
            headers,
            (status, noted) ->
                ended(number, status, noted.orElseGet(() -> body(exchange, status))));
    operation.endpoint().serve(guarded);
  }

  private long begun(Exchange exchange, Admin admin) {
    String what = exchange.method() + " " + exchange.path();
    try {
      return acts.get().add(new Acts.Act(0, clock.instant(), admin.name(), what, 0, ""));
    } catch (Failure away) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "Nothing was changed, because the store cannot record who asked for it. "
                  + away.message(),
              away)
          .retryAfter(away.retryAfter());
    }
  }

  /** That it was begun stands there already, whatever happens here. */
  private void ended(long number, int status, JsonNode detail) {
    changed.run();
    String text = detail.isMissingNode() ? "" : Json.text(detail);
    if (text.length() > LONGEST_DETAIL) {
      text = Json.text(Json.object().put("too_long", text.length()));
    }
    try {
      acts.get().end(number, clock.instant(), status, text);
    } catch (Failure away) {
      LOG.error("how act {} ended ({}) could not be recorded: {}", number, status, away.message());
    }
  }

  /**
   * What was asked for, without secrets; missing where there is no telling. Of what was refused the
   * names alone: a secret may stand under a wrong one.
   */
  private static JsonNode body(Exchange exchange, int status) {
    byte[] body = exchange.request().body();
    if (body.length == 0 || body.length > 2 * LONGEST_DETAIL) {
      return Json.MAPPER.missingNode();
    }
    try {
      JsonNode asked = Json.parse(body);
      if (status < 300) {
        return Masked.of(asked);
      }
      var names = Json.object();
      asked.propertyNames().forEach(names.putArray("refused")::add);
      return names;
    } catch (JacksonException noJson) {
      return Json.MAPPER.missingNode();
    }
  }
}
