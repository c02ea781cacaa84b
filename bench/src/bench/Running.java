package bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program that was started for the bench, with all its child processes, as /proc shows them. */
final class Running implements AutoCloseable {
  private final int port;
  private final Process process;
  private final Path log;

  private Running(int port, Process process, Path log) {
    this.port = port;
    this.process = process;
    this.log = log;
    // So that nothing is left running where the bench itself is ended by a signal.
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
  }

  /** Starts what will listen at the port, where nothing may listen yet. */
  static Running start(int port, List<String> command, Map<String, String> environment, Path log)
      throws IOException {
    try (var taken = new Socket("127.0.0.1", port)) {
      throw new BindException("Port " + taken.getPort() + " is taken; choose others by --port.");
    } catch (ConnectException free) {
      return started(port, command, environment, log);
    }
  }

  private static Running started(
      int port, List<String> command, Map<String, String> environment, Path log)
      throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.to(log.toFile()));
    builder.environment().putAll(environment);
    return new Running(port, builder.start(), log);
  }

  /** Waits until one chat call has been answered with 200. */
  void awaitAnswer() throws IOException {
    byte[] request = Chat.request(Load.calls(port, 1, 1, 2048));
    long deadline = System.nanoTime() + 60_000_000_000L;
    String answer = "nothing";
    while (process.isAlive() && System.nanoTime() < deadline) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
        socket.setSoTimeout(10_000);
        socket.getOutputStream().write(request);
        var piece = new byte[4096];
        int n = socket.getInputStream().read(piece);
        answer = new String(piece, 0, Math.max(0, n), StandardCharsets.US_ASCII);
        if (answer.startsWith("HTTP/1.1 200")) {
          return;
        }
        if (answer.startsWith("HTTP/1.1 4")) {
          break;
        }
      } catch (IOException notYet) {
        answer = String.valueOf(notYet.getMessage());
      }
      Clock.rest(2);
    }
    String said = Files.readString(log).strip();
    throw new IOException(
        "No answer at port %d (%s). The program's output ends:%n%s"
            .formatted(port, answer, said.substring(Math.max(0, said.length() - 2000))));
  }

  /** CPU time used so far, in microseconds. */
  long cpuMicros() {
    return pids().mapToLong(Machine::cpuMicros).sum();
  }

  /** Resident memory now. */
  long residentKb() {
    return pids().mapToLong(pid -> status(pid, "VmRSS:")).sum();
  }

  /** The most resident memory that each process has had, added up. */
  long peakKb() {
    return pids().mapToLong(pid -> status(pid, "VmHWM:")).sum();
  }

  private Stream<Long> pids() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .map(ProcessHandle::pid);
  }

  private static long status(long pid, String field) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/status"))
          .lines()
          .filter(line -> line.startsWith(field))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
