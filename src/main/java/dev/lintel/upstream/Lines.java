package dev.lintel.upstream;

import dev.lintel.Provider;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.ClientOptionsBase;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The HTTP clients of every event loop: a call's connection to its provider is served by the loop
 * that serves its caller, so that nothing between the two crosses a thread.
 */
final class Lines {
  /**
   * More connections to one provider than a machine has ports: the limits that count are set
   * elsewhere.
   */
  private static final int CONNECTIONS = 60_000;

  /** Shorter than what load balancers commonly keep, so that the gateway closes first. */
  private static final int KEEP_SECONDS = 30;

  /**
   * Calls have connect timeouts of their own; this one ends attempts that nobody waits for any
   * more.
   */
  private static final int CONNECT_MILLIS = 60_000;

  private static final int LONGEST_MESSAGE = 64 << 20;

  private final VertxInternal vertx;
  private final Map<Provider.Transport, WebSocketClient> sockets = new ConcurrentHashMap<>();
  private final Map<EventLoop, Map<Provider.Transport, Line>> lines = new ConcurrentHashMap<>();

  Lines(Vertx vertx) {
    this.vertx = (VertxInternal) vertx;
  }

  Line of(EventLoop loop, Provider.Transport transport) {
    return lines
        .computeIfAbsent(loop, first -> new ConcurrentHashMap<>())
        .computeIfAbsent(transport, first -> open(loop, first));
  }

  private Line open(EventLoop loop, Provider.Transport transport) {
    ContextInternal context = vertx.contextBuilder().withEventLoop(loop).build();
    var pool =
        new PoolOptions()
            .setHttp1MaxSize(CONNECTIONS)
            .setHttp2MaxSize(4)
            .setMaxWaitQueueSize(-1)
            .setCleanerPeriod(5000);
    HttpClientAgent client = vertx.httpClientBuilder().with(options(transport)).with(pool).build();
    return new Line(context, client);
  }

  /** A client for the WebSockets of all loops; few are opened, and each lasts. */
  WebSocketClient sockets(Provider.Transport transport) {
    return sockets.computeIfAbsent(
        transport,
        first -> {
          var options =
              new WebSocketClientOptions()
                  .setMaxFrameSize(LONGEST_MESSAGE)
                  .setMaxMessageSize(LONGEST_MESSAGE)
                  .setMaxConnections(CONNECTIONS)
                  .setVerifyHost(first.verify());
          secure(options, first);
          return vertx.createWebSocketClient(options);
        });
  }

  private static HttpClientOptions options(Provider.Transport transport) {
    var options =
        new HttpClientOptions()
            .setKeepAlive(true)
            .setKeepAliveTimeout(KEEP_SECONDS)
            .setHttp2KeepAliveTimeout(KEEP_SECONDS)
            .setDecompressionSupported(false)
            .setVerifyHost(transport.verify());
    if (transport.http2()) {
      options
          .setProtocolVersion(HttpVersion.HTTP_2)
          .setUseAlpn(true)
          .setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1))
          .setHttp2ClearTextUpgrade(false);
    }
    secure(options, transport);
    return options;
  }

  private static void secure(ClientOptionsBase options, Provider.Transport transport) {
    options.setTcpNoDelay(true).setTrustAll(!transport.verify()).setConnectTimeout(CONNECT_MILLIS);
    transport.ca().ifPresent(ca -> options.setTrustOptions(new PemTrustOptions().addCertPath(ca)));
    transport
        .certificate()
        .ifPresent(certificate ->
            options.setKeyCertOptions(
                new PemKeyCertOptions()
                    .setCertPath(certificate)
                    .setKeyPath(transport.key().orElse(certificate))));
    transport.proxy().ifPresent(proxy -> options.setProxyOptions(proxy(proxy)));
  }

  private static ProxyOptions proxy(URI proxy) {
    String scheme = proxy.getScheme().toLowerCase(Locale.ROOT);
    boolean socks = scheme.startsWith("socks");
    var options =
        new ProxyOptions()
            .setType(socks ? ProxyType.SOCKS5 : ProxyType.HTTP)
            .setHost(proxy.getHost())
            .setPort(proxy.getPort() > 0 ? proxy.getPort() : socks ? 1080 : 3128);
    String user = proxy.getUserInfo();
    if (user != null) {
      int colon = user.indexOf(':');
      options.setUsername(colon < 0 ? user : user.substring(0, colon));
      options.setPassword(colon < 0 ? "" : user.substring(colon + 1));
    }
    return options;
  }
}
