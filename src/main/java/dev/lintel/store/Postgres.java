package dev.lintel.store;

import dev.lintel.DatabaseUrl;
import java.net.SocketTimeoutException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * A PostgreSQL that several nodes share. Each write has a transaction of its own: under savepoints
 * of one, the nodes would wait for each other's rows, and PostgreSQL shares the flush between
 * connections anyway. Nothing is waited for without an end, also where the server stands still.
 */
final class Postgres implements Engine {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int ADVISORY_LOCK = 0x11_4e_7e_10;

  /** Names that PostgreSQL's own tools use, and the driver's for them. */
  private static final Map<String, String> DRIVERS_WORDS =
      Map.of(
          "application_name", "ApplicationName",
          "connect_timeout", "connectTimeout",
          "channel_binding", "channelBinding",
          "gssencmode", "gssEncMode");

  private static final Set<String> LOST =
      Set.of("57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "25006");
  private static final Set<String> PASSING = Set.of("40001", "40P01");

  private static final Pattern TEXT = Pattern.compile("\\bTEXT\\b");

  private final Driver driver = new Driver();
  private final String url;
  private final String name;
  private final Properties properties;
  private final Duration answer;
  private final Migrations migrations;
  private final boolean looking;
  private volatile @Nullable Told told;

  /** What the server's clock said, and when. */
  private record Told(long millis, long nanos) {}

  /**
   * Connects to nothing yet. Throws {@link IllegalStateException} with a sentence where the address
   * has a parameter that nobody knows.
   *
   * @param environment where the user or the password is looked for that the address does not tell
   */
  Postgres(DatabaseUrl at, Function<String, Optional<String>> environment, Migrations migrations) {
    this(at, environment, migrations, false);
  }

  /**
   * @param looking whether its tables are left as they are
   */
  Postgres(
      DatabaseUrl at,
      Function<String, Optional<String>> environment,
      Migrations migrations,
      boolean looking) {
    this.looking = looking;
    this.migrations = migrations;
    String user =
        at.user()
            .or(() -> environment.apply("PGUSER"))
            .orElseGet(() -> System.getProperty("user.name"));
    String database = at.name().isEmpty() ? user : at.name();
    String hosts = at.hosts().isEmpty() ? "localhost" : at.hosts();
    name = "postgresql://" + hosts + "/" + database;
    url = "jdbc:postgresql://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("ApplicationName", "lintel");
    properties.setProperty("connectTimeout", Long.toString(CONNECT.toSeconds()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("reWriteBatchedInserts", "true");
    if (hosts.contains(",")) {
      properties.setProperty("targetServerType", "primary");
    }
    at.parameters().forEach(this::put);
    at.password()
        .or(() -> environment.apply("PGPASSWORD"))
        .ifPresent(password -> properties.setProperty("password", password));
    answer =
        Optional.ofNullable(properties.getProperty("socketTimeout"))
            .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
            .orElse(ANSWER);
    properties.setProperty("socketTimeout", Long.toString(CONNECT.toSeconds()));
  }

  private void put(String given, String value) {
    if (given.equals("target_session_attrs")) {
      properties.setProperty("targetServerType", value.equals("read-write") ? "primary" : value);
      return;
    }
    String word = DRIVERS_WORDS.getOrDefault(given, given);
    if (PGProperty.forName(word) == null) {
      throw new IllegalStateException(
          "database: the address has a parameter '"
              + given
              + "' that PostgreSQL's driver does not"
              + " know.");
    }
    properties.setProperty(word, value);
  }

  /** The time by the server's clock, as far as it is known: one for all nodes. */
  InstantSource clock() {
    return () -> {
      Told last = told;
      return last == null
          ? Instant.now()
          : Instant.ofEpochMilli(
              last.millis + Duration.ofNanos(System.nanoTime() - last.nanos).toMillis());
    };
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int writers() {
    return 4;
  }

  @Override
  public int readers() {
    return 4;
  }

  @Override
  public boolean shared() {
    return true;
  }

  @Override
  public int together() {
    return 1;
  }

  /** So that what moves behind the address, a balancer's servers for one, is found in time. */
  @Override
  public Duration life() {
    return Duration.ofMinutes(30);
  }

  @Override
  public void prepare() throws SQLException {
    if (looking) {
      try (Connection connection = reader()) {
        migrations.look(connection);
      }
      return;
    }
    try (Connection connection = writer()) {
      // Also when it comes back: it may be another server, or one with an older copy of the data.
      migrations.apply(connection, this);
    }
  }

  @Override
  public Connection writer() throws SQLException {
    Connection connection = connect("");
    connection.setAutoCommit(false);
    return connection;
  }

  @Override
  public Connection reader() throws SQLException {
    return connect("SET default_transaction_read_only = on;");
  }

  private Connection connect(String more) throws SQLException {
    Connection connection = driver.connect(url, properties);
    if (connection == null) {
      throw new SQLException("the driver does not take the address");
    }
    try (Statement statement = connection.createStatement()) {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(answer.toMillis()));
      // Before the socket's own end, so that the server gives up, too. The other one ends the
      // transaction of a node that stands still with rows locked.
      // What is acknowledged is durable, also on a server that is told to be quick instead.
      statement.execute(
          "SELECT set_config('synchronous_commit', 'on', false) WHERE"
              + " current_setting('synchronous_commit') = 'off'; SET statement_timeout = "
              + answer.minusMillis(500).toMillis()
              + "; SET idle_in_transaction_session_timeout = 5000;"
              + more);
      try (ResultSet row = statement.executeQuery("SELECT EXTRACT(EPOCH FROM clock_timestamp())")) {
        row.next();
        told = new Told(row.getBigDecimal(1).movePointRight(3).longValue(), System.nanoTime());
      }
      return connection;
    } catch (SQLException | RuntimeException failed) {
      connection.close();
      throw failed;
    }
  }

  /** With the first statement: nothing is said before. */
  @Override
  public void begin(Connection connection) {}

  @Override
  public void beginAlone(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // A step that waits for a table would have everybody else wait behind it.
      statement.execute("SET LOCAL lock_timeout = 5000");
      statement.execute("SELECT pg_advisory_xact_lock(" + ADVISORY_LOCK + ")");
    }
  }

  @Override
  public void commit(Connection connection) throws SQLException {
    connection.commit();
  }

  @Override
  public void rollback(Connection connection) throws SQLException {
    connection.rollback();
  }

  /** Ids are compared as bytes, as SQLite does, whatever the language of the server. */
  @Override
  public String words(String sql) {
    return TEXT.matcher(sql).replaceAll("TEXT COLLATE \"C\"");
  }

  @Override
  public void needs(Connection connection, int version) {}

  @Override
  public boolean full(SQLException failed) {
    return "53100".equals(failed.getSQLState());
  }

  @Override
  public Fault fault(SQLException failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return Fault.SILENT;
      }
    }
    String state = Optional.ofNullable(failed.getSQLState()).orElse("");
    if (state.startsWith("08") || LOST.contains(state)) {
      return Fault.LOST;
    }
    if (PASSING.contains(state)) {
      return Fault.PASSING;
    }
    return state.equals("53300") ? Fault.CROWDED : Fault.WORK;
  }

  /** A table that is dropped is a file that is gone. */
  @Override
  public void shredding(Connection connection, boolean now) {}

  @Override
  public void settle() {}

  /** What is dead in its tables is the database's own to remove. */
  @Override
  public boolean rewrite() {
    return true;
  }
}
