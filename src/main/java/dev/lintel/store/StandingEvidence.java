package dev.lintel.store;

import dev.lintel.AuditEntry.Draft;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Head;
import dev.lintel.DatabaseUrl;
import dev.lintel.NodeKey;
import dev.lintel.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The chains of evidence of a store without its gateway, which may be stopped, or elsewhere.
 * Nothing is changed, in the store or in the data folder, and no key is needed.
 */
public final class StandingEvidence implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Database database;
  private final AuditTrail trail;

  private StandingEvidence(Engine engine, Path folder) {
    database = new Database(engine);
    trail = new SqlEvidence(database, new Folder(folder));
  }

  /**
   * Throws {@link IllegalStateException} with a sentence, or {@link java.io.UncheckedIOException},
   * where there is no such store or it is not for this version.
   *
   * @param shared the database that nodes share; the folder's own store where that is empty
   * @param environment where the user or the password is looked for that the address does not tell
   */
  public static StandingEvidence of(
      Optional<DatabaseUrl> shared, Function<String, Optional<String>> environment, Path folder) {
    if (shared.isEmpty() && !SqlStore.exists(folder)) {
      throw new IllegalStateException("There is no store in " + folder + ".");
    }
    Engine engine =
        shared.isPresent()
            ? new Postgres(shared.get(), environment, Migrations.all(), true)
            : Sqlite.looking(SqlStore.file(folder));
    var evidence = new StandingEvidence(engine, folder);
    try {
      evidence.await();
      return evidence;
    } catch (RuntimeException refused) {
      evidence.close();
      throw refused;
    }
  }

  private void await() {
    database.open();
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (database.state().presence() == Store.Presence.OPENING && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(5_000_000);
    }
    Store.State now = database.state();
    if (now.presence() != Store.Presence.OPEN) {
      throw new IllegalStateException(
          now.why().isEmpty() ? "The store does not answer." : now.why());
    }
  }

  public AuditTrail trail() {
    return trail;
  }

  /** What the folder knows of the end of its node's chain. */
  private final class Folder implements SqlEvidence.Own {
    private final Path folder;

    Folder(Path folder) {
      this.folder = folder;
    }

    @Override
    public String node() {
      return known().node();
    }

    @Override
    public Head known() {
      return OwnChain.look(folder, database.place(), this::publicKey)
          .orElse(new Head("", 0, "", ""));
    }

    /** A name tells its key: nobody can give a node another one. */
    private Optional<String> publicKey(String node) {
      return trail.read(node, 0, 1).stream()
          .map(genesis -> genesis.publicKey())
          .filter(key -> NodeKey.name(key).equals(node))
          .findFirst();
    }

    @Override
    public void append(List<Draft> drafts) {
      throw new UnsupportedOperationException("nothing is written here");
    }
  }

  @Override
  public void close() {
    database.close();
  }
}
