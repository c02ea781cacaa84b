package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The keys that apps were given, and admins, kept for all nodes; those of admins are of a tenant
 * and an app without a name.
 */
public interface CallerKeys {
  Duration GONE_FOR = Duration.ofDays(7);

  /** Before the first look, which is not told of what was deleted. */
  long ANEW = -1;

  /** Durable when it returns. */
  void add(CallerKey key);

  /** In the order in which they were made, after that id. */
  List<CallerKey> list(String tenant, String app, String after, int limit);

  Optional<CallerKey> find(String tenant, String app, String id);

  /** False where there is none such. */
  boolean delete(String tenant, String app, String id);

  /**
   * All keys of an app that is no more.
   *
   * @param app empty for every app of the tenant
   */
  void deleteAll(String tenant, String app);

  /** Another end of its time; false where there is none such. */
  boolean expire(String tenant, String app, String id, Instant when);

  /** When they were last used, by their ids; those of a file, too. */
  void used(Map<String, Instant> when);

  /** When they were last used; of those that never were nothing is said. */
  Map<String, Instant> uses(Set<String> ids);

  /**
   * What has changed since, in the order in which it did. Deleted keys are told of for {@link
   * #GONE_FOR}: who has not looked for longer must begin anew.
   *
   * @param since what the last look returned; {@link #ANEW} for everything that is there
   * @param known each that was added or changed, without its name, its prefix, its beginning and
   *     its last use
   * @param gone ids of those that were deleted
   * @return where the next look goes on; less than {@code since} where the store is an older one
   *     than it was, so that everything must be looked at again
   */
  long changed(long since, Consumer<CallerKey> known, Consumer<String> gone);
}
