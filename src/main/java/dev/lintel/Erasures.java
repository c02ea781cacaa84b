package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What was asked to be erased, and how far that is. From the moment it is asked for, nothing of it
 * comes into the store any more, however late it is brought; then what is there is removed, some at
 * a time, and each node confirms that it has nothing left.
 */
public interface Erasures {
  /** Of the store's feed. */
  String TOPIC = "erasures";

  /**
   * Durable when it returns.
   *
   * @param before of calls that came before
   * @param user of this one only; empty for all
   */
  Erasure ask(String tenant, Instant before, Optional<String> user, String by, Instant now);

  Optional<Erasure> find(String tenant, String id);

  /** A tenant's, the newest first, at most a thousand. */
  List<Erasure> list(String tenant);

  /** Those that are not out of the store, or come after that number. */
  List<Erasure> open(long number);

  /**
   * Removes records and what goes with each of them.
   *
   * @param from what was returned before; empty at first
   * @param most so many are looked at
   * @return from where to go on; empty where nothing is left
   */
  Optional<String> records(Erasure erasure, Optional<String> from, int most);

  /**
   * Removes all else, and once nothing is left, notes it.
   *
   * @return false where something is still in use that has to go: a batch or a call under way
   */
  boolean rest(Erasure erasure);

  /**
   * Up to which number a node has nothing left; from now on it is known that there is such a node.
   *
   * @param journal the node's, by which it is known
   * @param node its name
   */
  long reached(String journal, String node, Instant now);

  /** That node has nothing left of those up to that number, in no file of this store's folder. */
  void confirm(String journal, long number, Instant now);
}
