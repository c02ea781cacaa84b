package dev.lintel.upstream;

import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.internal.ContextInternal;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** One event loop's client, and which connections it has used. All of it on the loop only. */
final class Line {
  private final ContextInternal context;
  private final HttpClientAgent client;
  private final Set<HttpConnection> used = Collections.newSetFromMap(new IdentityHashMap<>());

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
   * Notes that the connection is used. True where it was before: the provider may have closed it
   * since without our knowing, so that a request lost on it was never looked at.
   */
  boolean use(HttpConnection connection) {
    if (used.add(connection)) {
      connection.closeHandler(closed -> used.remove(connection));
      // The request that was under way hears of it, and says so in its failure.
      connection.exceptionHandler(broken -> {});
      return false;
    }
    return true;
  }
}
