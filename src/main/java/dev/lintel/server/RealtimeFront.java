package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Channel;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.RawRequest;
import dev.lintel.Sink;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where live conversations come in: one connection is one call. Until a provider has accepted it
 * the caller can be refused with a status.
 */
public final class RealtimeFront implements Endpoint {
  private static final int FAILED = 1011;
  private static final int NOT_ALLOWED = 1008;
  private static final int UPGRADE_REQUIRED = 426;

  private final Dialect dialect;
  private final Supplier<Handler> handler;

  public RealtimeFront(Dialect dialect, Supplier<Handler> handler) {
    this.dialect = dialect;
    this.handler = handler;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    var caller = new Side(exchange);
    try {
      if (!exchange.wantsChannel()) {
        throw upgradeRequired();
      }
      handler.get().handle(call(exchange.request(), trail, caller), new Silent());
    } catch (RuntimeException | StackOverflowError thrown) {
      caller.refuse(Front.told(thrown, trail), trail);
    }
  }

  private Call call(RawRequest raw, Trail trail, Side caller) {
    trail.from(raw.peer());
    var query = new HashMap<>(raw.query());
    query.remove("key");
    var live =
        new Live(
            dialect,
            // Azure's older SDKs call it so.
            query.getOrDefault("model", query.getOrDefault("deployment", "")),
            query,
            raw.headers(),
            caller::accepted);
    return Call.begin(trail, Front.credential(raw), Caller.UNKNOWN, live);
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.error(failure, trail);
  }

  /** Of RFC 6455 §7.4.1. */
  private static int code(Failure failure) {
    boolean spent =
        failure.kind() == Failure.Kind.BUDGET_EXCEEDED
            || failure.kind() == Failure.Kind.RATE_LIMITED;
    return spent ? NOT_ALLOWED : FAILED;
  }

  /** To a plain request where a WebSocket is served. */
  static Failure upgradeRequired() {
    return Failure.invalid("This path speaks WebSocket: upgrade the connection.")
        .status(UPGRADE_REQUIRED)
        .code("upgrade_required");
  }

  /** What stands in the head of a refused upgrade (RFC 9110 §15.5.22). */
  static Map<String, String> refusalHeaders(Failure failure, Trail trail) {
    Map<String, String> headers = Reply.errorHeaders(failure, trail);
    if (failure.status() == UPGRADE_REQUIRED) {
      headers.put("upgrade", "websocket");
      headers.put("connection", "upgrade");
    }
    return headers;
  }

  /** What a session said went to the caller already; what it used is for those who watch. */
  private static final class Silent implements Sink {
    @Override
    public void emit(Chunk chunk) {}
  }

  /** The caller, before and after its WebSocket was accepted. */
  private final class Side {
    private final Exchange exchange;
    private @Nullable Channel channel;

    Side(Exchange exchange) {
      this.exchange = exchange;
    }

    Channel accepted() {
      Channel opened = exchange.channel();
      channel = opened;
      return opened;
    }

    void refuse(Failure failure, Trail trail) {
      Channel open = channel;
      if (open != null) {
        open.send(new Channel.Message(true, dialect.error(failure, trail).body()));
        open.close(new Channel.Closing(code(failure), failure.kind().word()));
      } else if (failure.kind() != Failure.Kind.CANCELLED) {
        exchange.answer(dialect.error(failure, trail), refusalHeaders(failure, trail));
      }
    }
  }
}
