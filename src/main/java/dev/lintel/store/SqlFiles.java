package dev.lintel.store;

import dev.lintel.Owned;
import dev.lintel.StoredFile;
import dev.lintel.StoredFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files as rows, their content in a folder beside the database. */
final class SqlFiles implements StoredFiles {
  private static final Logger LOG = LoggerFactory.getLogger(SqlFiles.class);
  private static final String DRAFT = ".part";

  /** Longer than any batch writes at its results. */
  private static final Duration FORGOTTEN = Duration.ofDays(3);

  private final Database database;
  private final Path folder;
  private final InstantSource clock;

  SqlFiles(Database database, Path folder, InstantSource clock) {
    this.database = database;
    this.folder = folder;
    this.clock = clock;
  }

  @Override
  public Path draft(String id) {
    try {
      Owned.folder(folder);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    return folder.resolve(id + DRAFT);
  }

  @Override
  public Path content(String id) {
    return folder.resolve(id);
  }

  @Override
  public boolean elsewhere(String id) {
    return database.shared()
        && !Files.exists(content(id))
        && !Files.exists(folder.resolve(id + DRAFT))
        && database.found(connection -> {
          try (var query = connection.prepareStatement("SELECT 1 FROM file WHERE id = ?")) {
            query.setString(1, id);
            try (var row = query.executeQuery()) {
              return row.next();
            }
          }
        });
  }

  @Override
  public void add(StoredFile file) {
    Path draft = draft(file.id());
    try {
      // Again after an end in between: the row is what makes it a file.
      if (Files.exists(draft)) {
        Files.move(draft, content(file.id()), StandardCopyOption.ATOMIC_MOVE);
        Owned.force(folder);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    database.written(connection -> {
      try (var insert =
          connection.prepareStatement(
              """
              INSERT INTO file (id, tenant, purpose, name, size, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)
              ON CONFLICT (id) DO NOTHING
              """)) {
        insert.setString(1, file.id());
        insert.setString(2, file.tenant());
        insert.setString(3, file.purpose());
        insert.setString(4, file.name());
        insert.setLong(5, file.bytes());
        insert.setLong(6, file.created().toEpochMilli());
        if (file.expires().isPresent()) {
          insert.setLong(7, file.expires().get().toEpochMilli());
        } else {
          insert.setNull(7, Types.BIGINT);
        }
        return insert.executeUpdate();
      }
    });
  }

  @Override
  public Optional<StoredFile> find(String tenant, String id) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT * FROM file WHERE id = ? AND tenant = ? AND (expires IS NULL OR expires >"
                  + " ?)")) {
        query.setString(1, id);
        query.setString(2, tenant);
        query.setLong(3, clock.millis());
        try (ResultSet row = query.executeQuery()) {
          return row.next() ? Optional.of(file(row)) : Optional.empty();
        }
      }
    });
  }

  @Override
  public List<StoredFile> list(
      String tenant, Optional<String> purpose, boolean newestFirst, String after, int limit) {
    String order = newestFirst ? "DESC" : "ASC";
    String sql =
        "SELECT * FROM file WHERE tenant = ? AND (expires IS NULL OR expires > ?) AND purpose NOT"
            + " LIKE '.%'"
            + (purpose.isPresent() ? " AND purpose = ?" : "")
            + (after.isEmpty() ? "" : newestFirst ? " AND id < ?" : " AND id > ?")
            + " ORDER BY id "
            + order
            + " LIMIT ?";
    return database.found(connection -> {
      try (var query = connection.prepareStatement(sql)) {
        int next = 1;
        query.setString(next++, tenant);
        query.setLong(next++, clock.millis());
        if (purpose.isPresent()) {
          query.setString(next++, purpose.get());
        }
        if (!after.isEmpty()) {
          query.setString(next++, after);
        }
        query.setInt(next, limit);
        var files = new ArrayList<StoredFile>();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            files.add(file(row));
          }
        }
        return files;
      }
    });
  }

  private static StoredFile file(ResultSet row) throws SQLException {
    long expires = row.getLong("expires");
    return new StoredFile(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("purpose"),
        row.getString("name"),
        row.getLong("size"),
        Instant.ofEpochMilli(row.getLong("created")),
        expires == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(expires)));
  }

  @Override
  public boolean remove(String tenant, String id) {
    boolean removed =
        database.written(connection -> {
          try (var delete =
              connection.prepareStatement("DELETE FROM file WHERE id = ? AND tenant = ?")) {
            delete.setString(1, id);
            delete.setString(2, tenant);
            return delete.executeUpdate() > 0;
          }
        });
    if (removed) {
      discard(content(id));
    }
    return removed;
  }

  @Override
  public long bytes(String tenant) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement("SELECT COALESCE(SUM(size), 0) FROM file WHERE tenant = ?")) {
        query.setString(1, tenant);
        try (ResultSet row = query.executeQuery()) {
          row.next();
          return row.getLong(1);
        }
      }
    });
  }

  /** Removes what has expired, and drafts that nobody has written to for days. */
  void sweep(Instant now) {
    List<String> old =
        database.written(connection -> {
          var ids = new ArrayList<String>();
          try (var delete =
              connection.prepareStatement("DELETE FROM file WHERE expires <= ? RETURNING id")) {
            delete.setLong(1, now.toEpochMilli());
            try (ResultSet row = delete.executeQuery()) {
              while (row.next()) {
                ids.add(row.getString(1));
              }
            }
          }
          return ids;
        });
    old.forEach(id -> discard(content(id)));
    if (!Files.isDirectory(folder)) {
      return;
    }
    Instant forgotten = now.minus(FORGOTTEN);
    try (Stream<Path> all = Files.list(folder)) {
      for (Path draft : all.filter(path -> path.toString().endsWith(DRAFT)).toList()) {
        if (Files.getLastModifiedTime(draft).toInstant().isBefore(forgotten)) {
          discard(draft);
        }
      }
    } catch (IOException failed) {
      LOG.warn("forgotten uploads are not removed: {}", failed.getMessage());
    }
  }

  /** The content of what is no file any more, if it lies here. */
  void discard(String id) {
    discard(content(id));
    discard(draft(id));
  }

  private static void discard(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException failed) {
      LOG.warn("{} cannot be removed: {}", path, failed.getMessage());
    }
  }
}
