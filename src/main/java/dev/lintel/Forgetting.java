package dev.lintel;

import java.time.Instant;
import java.util.Optional;

/**
 * Removes for good what may not be kept any longer. Some at a time, so that nobody else waits long
 * for the store.
 */
public interface Forgetting {
  /**
   * Removes records of calls that came before that; what they come to stays.
   *
   * @param from what was returned before; empty at first
   * @param most so many at once
   * @return from where to go on; empty where nothing is left
   */
  Optional<String> records(Whose whose, Instant before, Optional<String> from, int most);

  /**
   * Removes replies that were kept before that, of a tenant's or an app's.
   *
   * @return whether there may be more
   */
  boolean replies(Whose whose, Instant before, int most);

  /**
   * Removes batches that ended and files that were made before that, of a tenant's or everybody's.
   * What a batch that has not ended needs stays.
   *
   * @return whether there may be more
   */
  boolean files(Whose whose, Instant before, int most);
}
