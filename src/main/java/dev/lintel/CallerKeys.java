package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The keys that apps were given, kept for all nodes. */
public interface CallerKeys {
  /** Durable when it returns. */
  void add(CallerKey key);

  /** In the order in which they were made, after that id. */
  List<CallerKey> list(String tenant, String app, String after, int limit);

  /** False where there is none such. */
  boolean delete(String tenant, String app, String id);

  /** Another end of its time; false where there is none such. */
  boolean expire(String tenant, String app, String id, Instant when);

  /** When they were last used, by their ids. */
  void used(Map<String, Instant> when);

  /**
   * What has changed since.
   *
   * @param since what the last look returned; 0 for everything
   * @param known each that was added or changed
   * @param gone ids of those that were deleted
   * @return where the next look goes on
   */
  long changed(long since, Consumer<CallerKey> known, Consumer<String> gone);
}
