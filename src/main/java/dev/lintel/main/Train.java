package dev.lintel.main;

import dev.lintel.Caller;
import dev.lintel.config.Address;
import dev.lintel.config.Loader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Serves a few calls and ends, so that the JDK can keep what it loaded for the next start. Its data
 * lie in a folder of their own, which goes with it: nothing of it is the installation's.
 */
@Command(name = "train", hidden = true, description = "Warms an AOT cache up.")
final class Train implements Callable<Integer> {
  private static final String KEY = "sk-train";

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("lintel-train");
    try {
      serve(folder);
    } finally {
      remove(folder);
    }
    return 0;
  }

  private static void serve(Path folder) throws IOException {
    Loader loader = Builtins.loader(name -> Optional.empty());
    var source =
        Revisions.Source.of(
            loader, loader.usually(), config -> config.at(new Address("127.0.0.1", 0)).in(folder));
    var caller = new Caller("train", "train", "train", Optional.empty(), false);
    try (var lintel =
        new Lintel(
            source,
            key -> key.equals(KEY) ? Optional.of(caller) : Optional.empty(),
            key -> false,
            OutputStream.nullOutputStream())) {
      for (int i = 0; i < 20; i++) {
        post(lintel.url(), "/v1/chat/completions", "\"model\":\"demo\",\"stream\":" + (i % 2 == 0));
        post(
            lintel.url(),
            "/v1/messages",
            "\"model\":\"demo\",\"max_tokens\":20,\"stream\":" + (i % 2 == 0));
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void post(URI url, String path, String fields) throws IOException {
    byte[] body =
        ("{" + fields + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}")
            .getBytes(StandardCharsets.UTF_8);
    try (var socket = new Socket(url.getHost(), url.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST "
                  + path
                  + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                  + KEY
                  + "\r\nContent-Type: application/json\r\nContent-Length: "
                  + body.length
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.write(body);
      out.flush();
      socket.getInputStream().readAllBytes();
    }
  }
}
