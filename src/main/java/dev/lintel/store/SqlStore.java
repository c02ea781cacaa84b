package dev.lintel.store;

import dev.lintel.Acts;
import dev.lintel.Approvals;
import dev.lintel.AuditTrail;
import dev.lintel.Batches;
import dev.lintel.CallerKeys;
import dev.lintel.Changes;
import dev.lintel.Costs;
import dev.lintel.DatabaseUrl;
import dev.lintel.Erasures;
import dev.lintel.Feed;
import dev.lintel.Findings;
import dev.lintel.Forgetting;
import dev.lintel.KeptSecrets;
import dev.lintel.Opinions;
import dev.lintel.Owned;
import dev.lintel.PatientTime;
import dev.lintel.Payloads;
import dev.lintel.Records;
import dev.lintel.Replays;
import dev.lintel.Rounds;
import dev.lintel.Spending;
import dev.lintel.Store;
import dev.lintel.StoredFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A store whose rows lie in a database and whose files lie in the data folder. */
public final class SqlStore implements Store {
  private static final Logger LOG = LoggerFactory.getLogger(SqlStore.class);
  private static final String DATABASE = "lintel.db";
  private static final String LOCK = "lintel.lock";
  private static final Duration LEASE = Duration.ofSeconds(15);
  private static final Duration RENEWAL = Duration.ofSeconds(4);
  private static final Duration SWEEP = Duration.ofMinutes(1);

  /**
   * What bounds what is kept.
   *
   * @param replays how long a reply is kept under its key
   * @param replayBytes the most bytes of all such replies
   * @param records how long records of calls are kept, in whole days
   */
  public record Bounds(Duration replays, long replayBytes, Duration records) {
    public static final Bounds USUAL =
        new Bounds(Duration.ofHours(24), 256L << 20, Duration.ofDays(30));

    /** The same with other bounds for replies. */
    public Bounds(Duration replays, long replayBytes) {
      this(replays, replayBytes, USUAL.records);
    }
  }

  private final Database database;
  private final SqlReplays replays;
  private final SqlFiles files;
  private final SqlBatches batches;
  private final SqlAudit audit;
  private final SqlEvidence evidence;
  private final SqlRecords records;
  private final SqlFindings findings;
  private final SqlCosts costs;
  private final SqlOpinions opinions;
  private final SqlForgetting forgetting;
  private final SqlPayloads payloads;
  private final SqlErasures erasures;
  private final InstantSource patient;
  private final Duration kept;
  private final SqlSpending spending;
  private final SqlFeed feed;
  private final SqlCallerKeys callerKeys;
  private final SqlActs acts;
  private final SqlApprovals approvals;
  private final SqlSecrets secrets;
  private final SqlChanges changes;
  private final @Nullable FileChannel lock;
  private final Rounds upkeep = new Rounds("lintel-store-upkeep", this::keepUp);

  /** The first time soon: a process before this one may have left much. */
  private long swept = System.nanoTime() - SWEEP.toNanos();

  private SqlStore(
      Database database,
      Path folder,
      Bounds bounds,
      InstantSource clock,
      @Nullable FileChannel lock) {
    this.database = database;
    this.lock = lock;
    this.replays = new SqlReplays(database, clock, LEASE, bounds.replays, bounds.replayBytes);
    this.files = new SqlFiles(database, folder.resolve("files"), clock);
    this.batches = new SqlBatches(database, clock, LEASE, UUID.randomUUID().toString());
    this.audit = new SqlAudit(database, folder, clock);
    this.evidence = new SqlEvidence(database, audit);
    this.records = new SqlRecords(database, audit);
    this.findings = new SqlFindings(database);
    this.costs = new SqlCosts(database);
    this.opinions = new SqlOpinions(database);
    this.forgetting = new SqlForgetting(database, files, audit);
    this.payloads = new SqlPayloads(database);
    this.erasures = new SqlErasures(database, payloads, files, audit);
    this.patient =
        new PatientTime(
            System::nanoTime,
            clock,
            said -> LOG.warn("the clock was set to {}: nothing is forgotten for that yet", said));
    this.kept = bounds.records;
    this.spending = new SqlSpending(database);
    this.feed = new SqlFeed(database);
    this.callerKeys = new SqlCallerKeys(database, clock);
    this.acts = new SqlActs(database, audit);
    this.approvals = new SqlApprovals(database);
    this.secrets = new SqlSecrets(database);
    this.changes = new SqlChanges(database, callerKeys, audit);
    upkeep.begin(RENEWAL);
  }

  /**
   * A store that several nodes share. It is opened where it is needed first, or by {@link #open};
   * nothing of it needs the database to be there now. Throws {@link IllegalStateException} with a
   * sentence where the address has a parameter that nobody knows.
   *
   * @param environment where the user or the password is looked for that the address does not tell
   * @param folder for what this node keeps for itself
   */
  public static SqlStore shared(
      DatabaseUrl at, Function<String, Optional<String>> environment, Path folder, Bounds bounds) {
    var postgres = new Postgres(at, environment, Migrations.all());
    return shared(postgres, folder, bounds, postgres.clock());
  }

  static SqlStore shared(Postgres postgres, Path folder, Bounds bounds, InstantSource clock) {
    return new SqlStore(new Database(postgres), folder, bounds, clock, null);
  }

  /**
   * The embedded store of a data folder; it is opened where it is needed first, or by {@link
   * #open}. Throws {@link IllegalStateException} with a sentence where a newer version has written
   * it, {@link java.io.UncheckedIOException} where the folder cannot be used.
   */
  public static SqlStore embedded(Path folder, Bounds bounds, InstantSource clock) {
    FileChannel lock = lock(folder.resolve(LOCK));
    if (lock == null) {
      LOG.warn(
          "another gateway uses {}, too: what it held when it died is free after {} s",
          folder,
          LEASE.toSeconds());
    }
    boolean alone = lock != null;
    try {
      var sqlite = new Sqlite(folder.resolve(DATABASE), connection -> begin(connection, alone));
      return new SqlStore(new Database(sqlite), folder, bounds, clock, lock);
    } catch (RuntimeException refused) {
      release(lock);
      throw refused;
    }
  }

  /**
   * Looks at the folder's store without opening it. Throws as {@link #embedded} does where it
   * cannot be used.
   */
  public static void look(Path folder) {
    Sqlite.look(folder.resolve(DATABASE));
  }

  /** Whether the folder has a store, with which something may be left to do. */
  public static boolean exists(Path folder) {
    return Files.exists(file(folder));
  }

  static Path file(Path folder) {
    return folder.resolve(DATABASE);
  }

  private static boolean begin(Connection connection, boolean alone) throws SQLException {
    if (alone) {
      SqlReplays.freeAll(connection);
      SqlBatches.freeAll(connection);
    }
    return alone;
  }

  /** Held as long as the process lives, however it ends; {@code null} where another holds it. */
  private static @Nullable FileChannel lock(Path file) {
    try {
      Owned.folder(file.toAbsolutePath().getParent());
      Owned.file(file);
      FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() != null) {
          return channel;
        }
      } catch (OverlappingFileLockException inThisProcess) {
        LOG.debug("{} is held by this process", file);
      }
      channel.close();
      return null;
    } catch (IOException noLocks) {
      LOG.debug("{} cannot be locked: {}", file, noLocks.getMessage());
      return null;
    }
  }

  @Override
  public Replays replays() {
    return replays;
  }

  @Override
  public StoredFiles files() {
    return files;
  }

  @Override
  public Batches batches() {
    return batches;
  }

  @Override
  public Records records() {
    return records;
  }

  @Override
  public Findings findings() {
    return findings;
  }

  @Override
  public Costs costs() {
    return costs;
  }

  @Override
  public Opinions opinions() {
    return opinions;
  }

  @Override
  public Forgetting forgetting() {
    return forgetting;
  }

  @Override
  public Erasures erasures() {
    return erasures;
  }

  @Override
  public Payloads payloads() {
    return payloads;
  }

  @Override
  public Spending spending() {
    return spending;
  }

  @Override
  public Feed feed() {
    return feed;
  }

  @Override
  public State state() {
    return database.state();
  }

  /** Begins to open it. Does not wait. */
  public void open() {
    database.open();
  }

  @Override
  public CallerKeys callerKeys() {
    return callerKeys;
  }

  @Override
  public byte[] agreed(String name, byte[] proposal) {
    return database.written(connection -> {
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO agreed (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")) {
        insert.setString(1, name);
        insert.setBytes(2, proposal);
        insert.executeUpdate();
      }
      try (var query = connection.prepareStatement("SELECT value FROM agreed WHERE name = ?")) {
        query.setString(1, name);
        try (var row = query.executeQuery()) {
          return row.next() ? row.getBytes(1) : proposal;
        }
      }
    });
  }

  @Override
  public boolean first(String name, Instant now, Duration within) {
    return database.written(connection -> {
      try (var upsert =
          connection.prepareStatement(
              "INSERT INTO told (name, until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until"
                  + " = excluded.until WHERE told.until <= ? OR told.until > ?")) {
        upsert.setString(1, name);
        upsert.setLong(2, now.plus(within).toEpochMilli());
        upsert.setLong(3, now.toEpochMilli());
        // Further ahead than nodes' clocks are apart: it was said by one that has been put right.
        upsert.setLong(4, now.plus(within).plus(within).toEpochMilli());
        return upsert.executeUpdate() > 0;
      }
    });
  }

  private void forgetTold() {
    database.written(connection -> {
      try (var delete = connection.prepareStatement("DELETE FROM told WHERE until < ?")) {
        delete.setLong(1, System.currentTimeMillis());
        return delete.executeUpdate();
      }
    });
  }

  @Override
  public Acts acts() {
    return acts;
  }

  @Override
  public AuditTrail audit() {
    return evidence;
  }

  /** What writes the chain, in the transactions of those who write what it tells of. */
  SqlAudit chain() {
    return audit;
  }

  @Override
  public Approvals approvals() {
    return approvals;
  }

  @Override
  public KeptSecrets secrets() {
    return secrets;
  }

  @Override
  public long renew(UnaryOperator<String> renewed) {
    return new Sealed(database).renew(renewed);
  }

  @Override
  public Changes changes() {
    return changes;
  }

  @Override
  public void check() {
    database.found(connection -> {
      try (var statement = connection.createStatement()) {
        return statement.execute("SELECT 1");
      }
    });
  }

  private Duration keepUp() {
    audit.force();
    try {
      replays.renew();
      batches.renew();
      if (System.nanoTime() - swept > SWEEP.toNanos()) {
        swept = System.nanoTime();
        replays.sweep();
        Instant now = patient.instant();
        files.sweep(now);
        callerKeys.sweep();
        forgetTold();
        payloads.forget(now);
        records.forget(now.minus(kept));
        records.tidy();
      }
    } catch (RuntimeException away) {
      LOG.warn("the store's upkeep waits: {}", away.getMessage());
    }
    return RENEWAL;
  }

  @Override
  public void close() {
    upkeep.end();
    feed.close();
    upkeep.close();
    database.close();
    audit.close();
    release(lock);
  }

  private static void release(@Nullable FileChannel lock) {
    try {
      if (lock != null) {
        lock.close();
      }
    } catch (IOException failed) {
      LOG.debug("the lock was lost: {}", failed.getMessage());
    }
  }
}
