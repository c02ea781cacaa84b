package dev.lintel;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** The other end of a connection, as far as the connection itself tells. */
public interface Peer {
  /** Of what came over no network. */
  Peer NOBODY =
      new Peer() {
        @Override
        public Optional<InetAddress> address() {
          return Optional.empty();
        }

        @Override
        public String forwarded() {
          return "";
        }

        @Override
        public Optional<X509Certificate> certificate() {
          return Optional.empty();
        }
      };

  /** That of the connection, which may be a proxy's. */
  Optional<InetAddress> address();

  /** What stands in {@code x-forwarded-for}, which anybody may have written. */
  String forwarded();

  /** The one that it has proved to be its own, by a chain that the gateway trusts. */
  Optional<X509Certificate> certificate();
}
