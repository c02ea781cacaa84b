package dev.lintel.upstream;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.URI;

/** Where somebody lives: a name or an address, and whether the way there is secured. */
record Place(SocketAddress address, boolean tls) {
  static Place of(URI url) {
    boolean tls = "https".equals(url.getScheme());
    int port = url.getPort() > 0 ? url.getPort() : tls ? 443 : 80;
    return new Place(SocketAddress.inetSocketAddress(port, url.getHost()), tls);
  }

  RequestOptions asked(HttpMethod method, String uri, MultiMap headers) {
    return new RequestOptions()
        .setMethod(method)
        .setServer(address)
        .setHost(address.host())
        .setPort(address.port())
        .setSsl(tls)
        .setURI(uri)
        .setHeaders(headers);
  }
}
