package dev.lintel.hook;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A mail server that takes letters, and says what it was told. */
final class FakeMail implements AutoCloseable {
  final List<String> letters = new CopyOnWriteArrayList<>();
  final List<String> lines = new CopyOnWriteArrayList<>();
  private final ServerSocket door;
  private final SSLContext tls;

  /** What it answers to letters; 250 is well. */
  volatile String answer = "250 taken";

  /**
   * @param tls with which it offers STARTTLS; {@code null} where it does not
   */
  FakeMail(SSLContext tls) throws IOException {
    this.tls = tls;
    door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return door.getLocalPort();
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket socket = door.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket plain) {
    try (plain) {
      say(plain, "220 fake");
      talk(plain, false);
    } catch (IOException gone) {
      lines.add("gone");
    }
  }

  private static void say(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write((text + "\r\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private void talk(Socket socket, boolean safe) throws IOException {
    var in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    String line;
    while ((line = in.readLine()) != null) {
      lines.add((safe ? "safe " : "plain ") + line);
      String word = line.split(" ")[0].toUpperCase(java.util.Locale.ROOT);
      switch (word) {
        case "EHLO" -> {
          say(socket, "250-fake");
          say(socket, tls == null || safe ? "250 AUTH PLAIN LOGIN" : "250 STARTTLS");
        }
        case "STARTTLS" -> {
          say(socket, "220 go");
          var wrapped =
              (SSLSocket) tls.getSocketFactory().createSocket(socket, "127.0.0.1", port(), true);
          wrapped.setUseClientMode(false);
          talk(wrapped, true);
          return;
        }
        case "AUTH" -> say(socket, "235 welcome");
        case "DATA" -> {
          say(socket, "354 go");
          var letter = new StringBuilder();
          while (!(line = in.readLine()).equals(".")) {
            letter.append(line).append('\n');
          }
          letters.add(letter.toString());
          say(socket, answer);
        }
        case "QUIT" -> {
          say(socket, "221 bye");
          return;
        }
        default -> say(socket, "250 ok");
      }
    }
  }

  @Override
  public void close() throws IOException {
    door.close();
  }
}
