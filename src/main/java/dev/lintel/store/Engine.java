package dev.lintel.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** A kind of database: how it is opened, and what it can take. */
interface Engine {
  /** What a failure says of the connection on which it happened. */
  enum Fault {
    /** Nothing: the statement failed, and its transaction with it. */
    WORK,
    /** Nothing: the same transaction may succeed when it is done anew. */
    PASSING,
    /** It is of no use any more; another may do. */
    LOST,
    /** The database does not answer. */
    SILENT,
    /** The database has no room for it. */
    CROWDED
  }

  /** Whether it failed because the database's disk is full. */
  boolean full(SQLException failed);

  /** For the log; without secrets. */
  String name();

  /** Whether processes use it that have folders of their own. */
  boolean shared();

  /** How many threads write at once. */
  int writers();

  /** How many threads read at once. */
  int readers();

  /** How many writes may share a transaction, each under a savepoint of its own. */
  int together();

  /** How long a connection is used before another takes its place. */
  Duration life();

  /**
   * Finds out whether the database answers and, the first time, brings its tables up to date.
   * Throws {@link IllegalStateException} with a sentence where it is not for this version.
   */
  void prepare() throws SQLException;

  Connection writer() throws SQLException;

  Connection reader() throws SQLException;

  void begin(Connection connection) throws SQLException;

  /** The same, but keeps other nodes from doing so too until it ends. */
  void beginAlone(Connection connection) throws SQLException;

  void commit(Connection connection) throws SQLException;

  void rollback(Connection connection) throws SQLException;

  /** A statement of a migration in this database's words. */
  String words(String sql);

  /** Notes, within a migration, from which version of the tables on a gateway must know them. */
  void needs(Connection connection, int version) throws SQLException;

  Fault fault(SQLException failed);

  /**
   * From now on what is deleted over that connection leaves nothing in its place, or no more so.
   */
  void shredding(Connection connection, boolean now) throws SQLException;

  /** What was shredded before is nowhere else either; where that cannot be now, some time later. */
  void settle() throws SQLException;
}
