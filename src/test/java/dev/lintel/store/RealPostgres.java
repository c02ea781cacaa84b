package dev.lintel.store;

import dev.lintel.DatabaseUrl;
import dev.lintel.HeldPort;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real PostgreSQL, started once for all test classes of the process and stopped with it. Each
 * test gets databases of its own.
 */
public final class RealPostgres {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private RealPostgres() {}

  private static final class Running {
    private static final HeldPort PORT = new HeldPort();
    private static final EmbeddedPostgres SERVER = start();

    private static EmbeddedPostgres start() {
      try {
        EmbeddedPostgres server =
            EmbeddedPostgres.builder()
                .setPort(PORT.number())
                .setServerConfig("max_connections", "300")
                .setServerConfig("fsync", "off")
                .setServerConfig("shared_buffers", "32MB")
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server)));
        return server;
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    private static void close(EmbeddedPostgres server) {
      try {
        server.close();
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  /** One of a test's own, which can be stopped and started again with what is in it. */
  public static final class Own implements AutoCloseable {
    private final Path data;
    private final HeldPort port = new HeldPort();
    private EmbeddedPostgres server;

    public Own(Path data) throws IOException {
      this.data = data;
      start();
    }

    public String url() {
      return "postgresql://postgres@127.0.0.1:" + port.number() + "/postgres";
    }

    public void stop() throws IOException {
      server.close();
    }

    /** Where it was before. */
    public void start() throws IOException {
      server =
          EmbeddedPostgres.builder()
              .setPort(port.number())
              .setDataDirectory(data)
              .setCleanDataDirectory(false)
              .setRegisterShutdownHook(true)
              .setServerConfig("fsync", "off")
              .setServerConfig("shared_buffers", "32MB")
              .start();
    }

    @Override
    public void close() throws IOException {
      stop();
      port.close();
    }
  }

  /** The address of a fresh, empty database. */
  public static String fresh() {
    String name = "lintel_" + NUMBER.incrementAndGet();
    try (Connection connection = connect("postgres");
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
    return url(name);
  }

  private static String url(String database) {
    return "postgresql://postgres@127.0.0.1:" + Running.SERVER.getPort() + "/" + database;
  }

  /** A connection of the test's own to one of them. */
  public static Connection connect(String databaseOrUrl) throws SQLException {
    String url = databaseOrUrl.contains("://") ? databaseOrUrl : url(databaseOrUrl);
    return DriverManager.getConnection("jdbc:" + url.replace("postgres@", ""), "postgres", "");
  }

  static Postgres engine(String url) {
    return engine(url, Migrations.all());
  }

  static Postgres engine(String url, Migrations migrations) {
    return new Postgres(DatabaseUrl.of(url), name -> Optional.empty(), migrations);
  }

  /** A node's store, by the test's clock. */
  static SqlStore store(String url, Path folder, SqlStore.Bounds bounds, MovingClock clock) {
    return SqlStore.shared(engine(url), folder, bounds, clock);
  }
}
