package dev.lintel;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The batches of all tenants, and who is at work on which. */
public interface Batches {
  /** Durable when it returns. */
  void add(Batch batch);

  Optional<Batch> find(String tenant, String id);

  /**
   * A tenant's batches, the newest first.
   *
   * @param prefix of their ids, which says in whose words they were made
   * @param after the id behind which to begin; empty for the newest
   */
  List<Batch> list(String tenant, String prefix, String after, int limit);

  /**
   * Changes a batch as it stands now and returns what it is then; durable when it returns. Empty
   * where there is none of that id.
   */
  Optional<Batch> change(String id, UnaryOperator<Batch> change);

  /** Removes one in its last status; false where the tenant has none such. */
  boolean remove(String tenant, String id);

  /**
   * The oldest batch with something left to do that nobody is at work on; the asking process is
   * then, until it lets go or for 15 s after it has died.
   */
  Optional<Batch> take();

  /**
   * Lets others take it, or this process again. Does not wait.
   *
   * @param rest how long nobody takes it
   */
  void letGo(String id, Duration rest);

  /**
   * What it needs lies at another node: others may take it, and this process does not for ten
   * minutes. Does not wait.
   */
  void elsewhere(String id);
}
