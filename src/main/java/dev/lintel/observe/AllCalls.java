package dev.lintel.observe;

import dev.lintel.CallRecords;
import dev.lintel.Failure;
import dev.lintel.Records;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The records of the store and those that are on their way to it, as one list. A call is in both
 * for a while, and told once.
 */
public final class AllCalls implements CallRecords {
  private final CallRecords recent;
  private final Supplier<Records> stored;

  /**
   * @param stored asked each time; may throw {@link Failure} {@code UNAVAILABLE}, as may they
   */
  public AllCalls(CallRecords recent, Supplier<Records> stored) {
    this.recent = recent;
    this.stored = stored;
  }

  /** Throws {@link Failure} {@code UNAVAILABLE} where only the store could know. */
  @Override
  public Optional<byte[]> find(String id) {
    return recent.find(id).or(() -> stored.get().find(id));
  }

  @Override
  public Page list(Question asked) {
    // Before the store is asked: what is brought there meanwhile is in one of them at least.
    Page newest = recent.list(asked);
    Page older;
    try {
      older = stored.get().list(asked);
    } catch (Failure away) {
      if (away.kind() != Failure.Kind.UNAVAILABLE) {
        throw away;
      }
      return new Page(newest.records(), newest.next(), false);
    }
    var byId = new TreeMap<String, byte[]>();
    newest.records().forEach(record -> byId.put(RecentCalls.id(record), record));
    older.records().forEach(record -> byId.put(RecentCalls.id(record), record));
    List<byte[]> page = new ArrayList<>(byId.descendingMap().values());
    boolean more =
        page.size() > asked.limit() || newest.next().isPresent() || older.next().isPresent();
    List<byte[]> first = page.subList(0, Math.min(page.size(), asked.limit()));
    return new Page(
        List.copyOf(first), more ? Optional.of(RecentCalls.id(first.getLast())) : Optional.empty());
  }
}
