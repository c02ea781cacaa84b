package dev.lintel.main;

import dev.lintel.HeldPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A provider of which the test writes every byte. */
final class RawProvider implements AutoCloseable {
  /** Answers the requests of one connection; the socket is closed when it returns. */
  @FunctionalInterface
  interface Script {
    void serve(Visit visit) throws Exception;
  }

  /**
   * @param head in lower case
   */
  record Request(String head, String body) {}

  /** One connection, the first being number 1. */
  record Visit(int number, Socket socket, InputStream in, OutputStream out, List<String> heads) {
    /** Reads a request; false where the other side has closed instead. */
    boolean read() throws IOException {
      return request().isPresent();
    }

    /** Reads a request; empty where the other side has closed instead. */
    Optional<Request> request() throws IOException {
      var head = new ByteArrayOutputStream();
      while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          return Optional.empty();
        }
        head.write(next);
      }
      String text = head.toString(StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
      heads.add(text);
      int at = text.indexOf("content-length: ") + "content-length: ".length();
      int length = Integer.parseInt(text.substring(at, text.indexOf('\r', at)));
      return Optional.of(
          new Request(text, new String(in.readNBytes(length), StandardCharsets.UTF_8)));
    }

    void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    void write(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /** A whole answer with that status and body, after which the connection is kept. */
    void answer(String status, String headers, String body) throws IOException {
      write(
          "HTTP/1.1 "
              + status
              + "\r\nContent-Type: application/json\r\n"
              + headers
              + "Content-Length: "
              + body.getBytes(StandardCharsets.UTF_8).length
              + "\r\n\r\n"
              + body);
    }

    /** Until the other side leaves. */
    void hold() throws IOException {
      in.transferTo(OutputStream.nullOutputStream());
    }

    /** Ends the connection with a reset instead of an end. */
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
    }
  }

  private final HeldPort place = new HeldPort();
  private final Script script;
  private volatile ServerSocket server;
  private final AtomicInteger connections = new AtomicInteger();
  private final List<String> heads = new CopyOnWriteArrayList<>();

  RawProvider(Script script) throws IOException {
    this.script = script;
    this.server = listening();
  }

  int port() {
    return place.number();
  }

  /** Connections are refused until {@link #listen}. */
  void refuse() throws IOException {
    server.close();
  }

  /** Connections are accepted again. */
  void listen() throws IOException {
    if (server.isClosed()) {
      server = listening();
    }
  }

  private ServerSocket listening() throws IOException {
    var listening = new ServerSocket();
    listening.setReuseAddress(true);
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.number()), 50);
    Thread.ofPlatform().daemon().start(() -> accept(listening));
    return listening;
  }

  int connections() {
    return connections.get();
  }

  /** Request lines and headers, in lower case, of every request. */
  List<String> heads() {
    return heads;
  }

  private void accept(ServerSocket listening) {
    while (!listening.isClosed()) {
      try {
        Socket socket = listening.accept();
        int number = connections.incrementAndGet();
        Thread.ofPlatform().daemon().start(() -> serve(socket, number));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket, int number) {
    try (socket) {
      script.serve(
          new Visit(number, socket, socket.getInputStream(), socket.getOutputStream(), heads));
    } catch (Exception left) {
      // The gateway broke the connection off, as many a test wants it to.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    place.close();
  }
}
