package dev.lintel.store;

import dev.lintel.Owned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.Set;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The database in one file. One thread writes, everything that waits in one transaction, so that
 * many writers share one flush to the disk; few threads read beside it.
 */
final class Sqlite implements Engine {
  /** SQLite's file format: the application's own version of its tables, big-endian. */
  private static final int USER_VERSION_AT = 60;

  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  /** What ends only when the file is opened anew, if then. */
  private static final Set<SQLiteErrorCode> GONE =
      Set.of(
          SQLiteErrorCode.SQLITE_IOERR,
          SQLiteErrorCode.SQLITE_CORRUPT,
          SQLiteErrorCode.SQLITE_NOTADB,
          SQLiteErrorCode.SQLITE_CANTOPEN,
          SQLiteErrorCode.SQLITE_READONLY);

  private final Path file;
  private final Database.Work<?> first;
  private final boolean looking;
  private volatile boolean ready;

  /**
   * Opens nothing yet but for a look at the file. Throws {@link IllegalStateException} with a
   * sentence where a newer version has written it or something else has, {@link
   * UncheckedIOException} where the folder cannot be used.
   *
   * @param first what is written before anything else, once the file is open
   */
  Sqlite(Path file, Database.Work<?> first) {
    this(file, first, false);
  }

  private Sqlite(Path file, Database.Work<?> first, boolean looking) {
    this.file = file;
    this.first = first;
    this.looking = looking;
    look(file);
  }

  /** One in which nothing is changed, whoever else may use it. Throws as the constructor does. */
  static Sqlite looking(Path file) {
    return new Sqlite(file, connection -> 0, true);
  }

  /** Throws as the constructor does. */
  static void look(Path file) {
    try {
      Owned.folder(file.toAbsolutePath().getParent());
      int version = version(file);
      if (version > Migrations.NEWEST) {
        throw new IllegalStateException(Migrations.tooNew(version, Migrations.NEWEST));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("The store " + file + " cannot be read.", failed);
    }
  }

  /**
   * What the file's own head says: to open it would take native code, which a start has no time
   * for. Throws {@link IllegalStateException} where it is the head of something else.
   */
  private static int version(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return 0;
    }
    ByteBuffer head = ByteBuffer.allocate(USER_VERSION_AT + 4);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.read(head);
    }
    if (head.hasRemaining() || Arrays.mismatch(head.array(), MAGIC) < MAGIC.length) {
      throw new IllegalStateException(
          "The store "
              + file
              + " is not a database: put a copy back in its place, or choose another data folder"
              + " with --data DIR.");
    }
    return head.getInt(USER_VERSION_AT);
  }

  /** Some two seconds, in which what is to be written waits. */
  private static final long LARGEST_REWRITTEN = 256L << 20;

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public int writers() {
    return 1;
  }

  @Override
  public int readers() {
    return 2;
  }

  /** All that waits, so that many writers share one flush to the disk. */
  @Override
  public boolean shared() {
    return false;
  }

  @Override
  public int together() {
    return 256;
  }

  @Override
  public Duration life() {
    return Duration.ofDays(36_500);
  }

  @Override
  public void prepare() throws SQLException {
    if (looking) {
      try (Connection connection = connect()) {
        Migrations.all().look(connection);
      }
      return;
    }
    try {
      Owned.file(file);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot be written: " + failed.getMessage(), failed);
    }
    try (Connection connection = connect()) {
      // Of a file that is made now: records are long, and each page costs calls to the kernel.
      execute(connection, "PRAGMA page_size = 8192");
      execute(connection, "PRAGMA journal_mode = WAL");
      Migrations.all().apply(connection, this);
      // Also what a process before this one left in the log beside the file.
      execute(connection, "PRAGMA wal_checkpoint(PASSIVE)");
      if (!ready) {
        begin(connection);
        first.run(connection);
        commit(connection);
        ready = true;
      }
    }
  }

  @Override
  public Connection writer() throws SQLException {
    Connection connection = connect();
    try (Statement statement = connection.createStatement()) {
      // Room for what one batch of records changes, so that it need not go out and come in again.
      statement.execute("PRAGMA cache_size = -16000");
    }
    return connection;
  }

  @Override
  public Connection reader() throws SQLException {
    Connection connection = connect();
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA query_only = 1");
    }
    return connection;
  }

  @Override
  public void begin(Connection connection) throws SQLException {
    execute(connection, "BEGIN IMMEDIATE");
  }

  @Override
  public void beginAlone(Connection connection) throws SQLException {
    begin(connection);
  }

  @Override
  public void commit(Connection connection) throws SQLException {
    execute(connection, "COMMIT");
  }

  @Override
  public void rollback(Connection connection) throws SQLException {
    execute(connection, "ROLLBACK");
  }

  @Override
  public String words(String sql) {
    return sql;
  }

  /** In the file's own head, where the next start looks before it opens anything. */
  @Override
  public void needs(Connection connection, int version) throws SQLException {
    execute(connection, "PRAGMA user_version = " + version);
  }

  @Override
  public Fault fault(SQLException failed) {
    return failed instanceof SQLiteException sqlite
            && GONE.contains(SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & 0xff))
        ? Fault.SILENT
        : Fault.WORK;
  }

  @Override
  public boolean full(SQLException failed) {
    return failed instanceof SQLiteException sqlite
        && SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & 0xff)
            == SQLiteErrorCode.SQLITE_FULL;
  }

  @Override
  public void shredding(Connection connection, boolean now) throws SQLException {
    execute(connection, "PRAGMA secure_delete = " + (now ? "ON" : "OFF"));
  }

  /** The log beside the file has the pages as they were. */
  @Override
  public void settle() throws SQLException {
    if (looking) {
      return;
    }
    try (Connection connection = connect()) {
      execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
  }

  /**
   * What was moved or merged leaves copies in pages that are free or have room, so that the file is
   * written anew where that does not take long.
   */
  @Override
  public boolean rewrite() throws SQLException {
    try (Connection connection = connect()) {
      if (file.toFile().length() <= LARGEST_REWRITTEN) {
        execute(connection, "VACUUM");
      }
      try (Statement statement = connection.createStatement();
          var row = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
        return row.next() && row.getInt(1) == 0;
      }
    }
  }

  private Connection unwritten() throws SQLException {
    var config = new SQLiteConfig();
    config.setReadOnly(true);
    Path log = file.resolveSibling(file.getFileName() + "-wal");
    Path folder = file.toAbsolutePath().getParent();
    // Where nobody can write, a reader cannot say that it reads; nor does it need to.
    boolean fixed = !Files.exists(log) && folder != null && !Files.isWritable(folder);
    return JDBC.createConnection(
        fixed
            ? "jdbc:sqlite:file:" + file.toUri().getRawPath() + "?immutable=1"
            : "jdbc:sqlite:" + file,
        config.toProperties());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private Connection connect() throws SQLException {
    Connection connection =
        looking ? unwritten() : JDBC.createConnection("jdbc:sqlite:" + file, new Properties());
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      // A commit that was answered outlasts a power cut, too; many share one flush.
      statement.execute("PRAGMA synchronous = FULL");
    }
    return connection;
  }
}
