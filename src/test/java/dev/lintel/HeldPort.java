package dev.lintel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port of this machine that nobody else is given, also while the server that belongs there is
 * away: a socket that is bound to it and does not listen stands beside any server that allows its
 * address to be used again, as servers do.
 */
public final class HeldPort implements AutoCloseable {
  private final Socket place = new Socket();

  public HeldPort() {
    try {
      place.setReuseAddress(true);
      place.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
  }

  public int number() {
    return place.getLocalPort();
  }

  @Override
  public void close() {
    try {
      place.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
