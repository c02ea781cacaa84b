package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Ids;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Trail;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where calls in one dialect come in: an exchange becomes a call, and what the call answers becomes
 * the reply.
 */
public final class Front implements Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(Front.class);
  private static final String BEARER = "bearer ";

  private final Dialect dialect;
  private final Supplier<Handler> handler;

  /**
   * @param handler asked once a call, so that a new configuration serves the calls that come after
   *     it
   */
  public Front(Dialect dialect, Supplier<Handler> handler) {
    this.dialect = dialect;
    this.handler = handler;
  }

  /** The same with another way for its calls. */
  public Front through(Handler other) {
    return new Front(dialect, () -> other);
  }

  @Override
  public void serve(Exchange exchange) {
    RawRequest raw = exchange.request();
    Trail trail = begin(exchange);
    trail.from(raw.peer());
    var call =
        Call.begin(
            trail,
            credential(raw),
            exchange.caller().orElse(Caller.UNKNOWN),
            new Request.Unread(dialect, raw));
    Optional<String> key = raw.headers().get("idempotency-key");
    if (key.isEmpty()) {
      serve(call, new Reply(exchange, dialect, trail));
      return;
    }
    trail.keyed(new Trail.Keyed(key.get(), exchange.path()));
    var taped = new Taped(exchange, trail);
    try {
      serve(call, new Reply(taped, dialect, trail));
    } finally {
      taped.settle();
    }
  }

  private static Trail begin(Exchange exchange) {
    Optional<String> id = exchange.callId();
    return id.isEmpty()
        ? Trail.begin(exchange.arrived())
        : new Trail(id.get(), Ids.time(id.get()).orElseGet(Instant::now), exchange.arrived());
  }

  private void serve(Call call, Reply reply) {
    try {
      handler.get().handle(call, reply);
      reply.finish();
    } catch (RuntimeException | StackOverflowError thrown) {
      reply.fail(told(thrown, call.trail()));
    }
  }

  /** What a caller is told: a failure as it is; of a bug nothing, which stands in the log alone. */
  static Failure told(Throwable thrown, Trail trail) {
    if (thrown instanceof Failure failure) {
      return failure;
    }
    LOG.error("{} failed inside the gateway", trail.id(), thrown);
    return Failure.internal();
  }

  /**
   * Answers with an error instead of what was asked for, where nothing has been answered yet.
   *
   * @param thrown a failure, or a bug
   */
  public static void fail(Exchange exchange, Dialect dialect, Throwable thrown, Trail trail) {
    Failure failure = told(thrown, trail);
    if (failure.kind() == Failure.Kind.CANCELLED) {
      exchange.abort();
    } else {
      exchange.answer(dialect.error(failure, trail), Reply.errorHeaders(failure, trail));
    }
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.error(failure, trail);
  }

  /** The caller's key, wherever its SDK puts it; empty where there is none. */
  public static String credential(RawRequest raw) {
    Optional<String> authorization = raw.headers().get("authorization");
    if (authorization.isPresent()
        && authorization.get().regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.get().substring(BEARER.length()).strip();
    }
    for (String header : HEADERS) {
      Optional<String> key = raw.headers().get(header);
      if (key.isPresent()) {
        return key.get().strip();
      }
    }
    return fromProtocols(raw.headers().get("sec-websocket-protocol").orElse(""))
        .orElseGet(() -> raw.query().getOrDefault("key", ""));
  }

  /**
   * Browsers can give a WebSocket no header of their own: OpenAI's SDKs name a protocol instead.
   */
  private static Optional<String> fromProtocols(String protocols) {
    return Arrays.stream(protocols.split(",", -1))
        .map(String::strip)
        .filter(name -> name.startsWith(PROTOCOL))
        .map(name -> name.substring(PROTOCOL.length()))
        .findFirst();
  }

  private static final String PROTOCOL = "openai-insecure-api-key.";

  private static final String[] HEADERS = {"x-api-key", "api-key", "x-goog-api-key"};
}
