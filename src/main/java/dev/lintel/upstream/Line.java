package dev.lintel.upstream;

import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.internal.ContextInternal;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * One event loop's client, and when each of its connections was last used. All of it on the loop
 * only.
 */
final class Line {
  /** Within this nobody closes a connection for having rested: a request lost then is a failure. */
  private static final long RESTED_NANOS = 1_000_000_000;

  private final ContextInternal context;
  private final HttpClientAgent client;
  private final Map<HttpConnection, Long> used = new IdentityHashMap<>();

  Line(ContextInternal context, HttpClientAgent client) {
    this.context = context;
    this.client = client;
  }

  ContextInternal context() {
    return context;
  }

  HttpClientAgent client() {
    return client;
  }

  /**
   * Notes that the connection is used now. True where it had rested: the provider may have closed
   * it meanwhile without our knowing, so that a request lost on it was never looked at.
   */
  boolean use(HttpConnection connection) {
    long now = System.nanoTime();
    Long before = used.put(connection, now);
    if (before == null) {
      connection.closeHandler(closed -> used.remove(connection));
      // The request that was under way hears of it, and says so in its failure.
      connection.exceptionHandler(broken -> {});
      return false;
    }
    return now - before > RESTED_NANOS;
  }

  void rest(HttpConnection connection) {
    used.replace(connection, System.nanoTime());
  }
}
