package dev.lintel.store;

import dev.lintel.HeldPort;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real PostgreSQL of one test's own, which may crash, stand still, and come late. */
public final class OwnPostgres implements AutoCloseable {
  private final Path folder;
  private EmbeddedPostgres server;
  private final HeldPort port = new HeldPort();

  /**
   * @param folder an empty one
   */
  public OwnPostgres(Path folder) throws IOException {
    this.folder = folder.resolve("postgres");
    this.server = builder().start();
  }

  private EmbeddedPostgres.Builder builder() {
    return EmbeddedPostgres.builder()
        .setPort(port.number())
        .setDataDirectory(folder)
        .setCleanDataDirectory(false)
        .setServerConfig("fsync", "on")
        .setServerConfig("shared_buffers", "16MB");
  }

  public String url() {
    return "postgresql://postgres@127.0.0.1:" + port.number() + "/postgres";
  }

  /** One of its processes dies: it breaks off all connections and recovers from its log. */
  public void crash() throws IOException, InterruptedException {
    long backend = postmaster().descendants().mapToLong(ProcessHandle::pid).max().orElseThrow();
    run(List.of("kill", "-KILL", Long.toString(backend)));
  }

  public void stop() throws IOException {
    server.close();
  }

  /** On the same port, with no data. */
  public void start() throws IOException {
    server = builder().start();
  }

  public void freeze() throws IOException, InterruptedException {
    signal("-STOP");
  }

  public void thaw() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("kill", name, Long.toString(postmaster().pid())));
    postmaster().descendants().forEach(one -> command.add(Long.toString(one.pid())));
    run(command);
  }

  private ProcessHandle postmaster() throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve("postmaster.pid"));
    return ProcessHandle.of(Long.parseLong(lines.getFirst())).orElseThrow();
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  @Override
  public void close() throws IOException {
    server.close();
    port.close();
  }
}
