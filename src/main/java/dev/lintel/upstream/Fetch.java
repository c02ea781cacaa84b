package dev.lintel.upstream;

import dev.lintel.Bytes;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Fetcher;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Timeouts;
import io.netty.channel.EventLoop;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows links over the gateway's own connections. A host's name is resolved once, every address
 * of it is checked, and the connection goes to an address that was: what the name means a moment
 * later does not matter. The same again for each redirect.
 */
public final class Fetch implements Fetcher {
  private static final int MOST_BYTES = 20 << 20;
  private static final int MOST_REDIRECTS = 3;
  private static final Duration TIME = Duration.ofSeconds(15);
  private static final Timeouts TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          TIME,
          Duration.ofSeconds(5));
  private static final List<Integer> REDIRECTS = List.of(301, 302, 303, 307, 308);

  private final Upstream upstream;

  public Fetch(Upstream upstream) {
    this.upstream = upstream;
  }

  @Override
  public Fetched fetch(String url, Reach reach, long deadline) {
    long until = Math.min(deadline - System.nanoTime(), TIME.toNanos()) + System.nanoTime();
    String next = url.strip();
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      URI uri = parsed(next);
      Ask ask = ask(uri, reach, until);
      try {
        ask.send();
        byte[] first = ask.next();
        if (!REDIRECTS.contains(ask.status())) {
          return fetched(ask, first);
        }
        next =
            ask.headers()
                .get("location")
                .map(location -> uri.resolve(location.strip()).toString())
                .orElseThrow(() -> Failure.invalid("links to a redirect without its place."));
      } catch (IllegalArgumentException notAnAddress) {
        throw Failure.of(Failure.Kind.INVALID_REQUEST, "links to a broken redirect.", notAnAddress);
      } catch (Failure failure) {
        throw System.nanoTime() - deadline >= 0 ? failure : explained(failure);
      } finally {
        ask.close();
      }
    }
    throw Failure.invalid("links to more than " + MOST_REDIRECTS + " redirects.");
  }

  /** Nobody but the link is to blame for what its server does. */
  private static Failure explained(Failure failure) {
    return switch (failure.kind()) {
      case TIMEOUT ->
          Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "links to a server that did not answer in time.",
              failure);
      case UPSTREAM_UNAVAILABLE ->
          Failure.of(
              Failure.Kind.INVALID_REQUEST, "links to a server that cannot be reached.", failure);
      default -> failure;
    };
  }

  private static Fetched fetched(Ask ask, byte @Nullable [] first) {
    if (ask.status() != 200) {
      throw Failure.invalid("links to what its server answers with status " + ask.status() + ".");
    }
    var all = new Bytes(64 << 10);
    for (byte[] bytes = first; bytes != null; bytes = ask.next()) {
      ask.answered();
      all.add(bytes);
      if (all.length() > MOST_BYTES) {
        throw Failure.invalid("links to more than 20 MB.");
      }
    }
    String type = ask.headers().get("content-type").orElse("");
    int semicolon = type.indexOf(';');
    String plain = (semicolon < 0 ? type : type.substring(0, semicolon)).strip();
    return new Fetched(plain.toLowerCase(Locale.ROOT), all.take());
  }

  private static URI parsed(String url) {
    try {
      URI uri = new URI(url);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      boolean web = scheme.equals("http") || scheme.equals("https");
      if (!web || uri.getHost() == null || uri.getRawUserInfo() != null) {
        throw Failure.invalid("is no link of the form https://host/path.");
      }
      return uri;
    } catch (URISyntaxException broken) {
      throw Failure.of(
          Failure.Kind.INVALID_REQUEST, "is no link of the form https://host/path.", broken);
    }
  }

  private Ask ask(URI uri, Reach reach, long until) {
    boolean tls = "https".equalsIgnoreCase(uri.getScheme());
    int port = uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80;
    InetAddress address = checked(uri, reach);
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    CallThread thread = CallThread.current();
    var options =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setServer(SocketAddress.inetSocketAddress(port, address.getHostAddress()))
            .setHost(uri.getHost())
            .setPort(port)
            .setSsl(tls)
            .setURI(uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery())
            .setHeaders(
                HttpHeaders.headers()
                    .set(HttpHeaders.USER_AGENT, "lintel")
                    .set(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY));
    return new Ask(
        upstream.line((EventLoop) thread.loop(), Provider.Transport.PLAIN),
        thread,
        options,
        new byte[0],
        Optional.empty(),
        true,
        TIMEOUTS,
        until);
  }

  /** An address of the host; a name of which one address is private has none. */
  private static InetAddress checked(URI uri, Reach reach) {
    if (reach.refuses(uri.toString())) {
      throw refused();
    }
    InetAddress[] all = resolved(uri.getHost());
    for (InetAddress address : all) {
      if (!reach.allows(address)) {
        throw refused();
      }
    }
    return all[0];
  }

  private static InetAddress[] resolved(String host) {
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return CallThread.current()
        .offload(() -> {
          try {
            return InetAddress.getAllByName(name);
          } catch (UnknownHostException nobody) {
            throw Failure.of(
                Failure.Kind.INVALID_REQUEST, "links to a host that cannot be found.", nobody);
          }
        });
  }

  private static Failure refused() {
    return Failure.invalid(
        "links to a private address. Such links are refused unless the configuration allows their network under 'fetch.allow'.");
  }
}
