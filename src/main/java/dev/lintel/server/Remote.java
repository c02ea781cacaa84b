package dev.lintel.server;

import dev.lintel.Peer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;

/** The other end of a request's connection. Looks when it is asked: nearly nobody does. */
record Remote(HttpServerRequest request) implements Peer {
  @Override
  public Optional<InetAddress> address() {
    SocketAddress remote = request.connection().remoteAddress();
    return Optional.ofNullable(remote == null ? null : remote.hostAddress())
        .map(InetAddress::ofLiteral);
  }

  @Override
  public String forwarded() {
    return String.join(",", request.headers().getAll("x-forwarded-for"));
  }

  @Override
  public Optional<X509Certificate> certificate() {
    if (!request.isSSL()) {
      return Optional.empty();
    }
    try {
      return request.connection().peerCertificates().stream()
          .findFirst()
          .filter(X509Certificate.class::isInstance)
          .map(X509Certificate.class::cast);
    } catch (SSLPeerUnverifiedException none) {
      return Optional.empty();
    }
  }
}
