package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The records of all calls of all nodes, and what they come to. */
public interface Records extends CallRecords {
  /**
   * What a node's journal holds of one call: its record, or what was used while it goes on.
   *
   * @param position where it stands in the journal; grows
   * @param json what the record writes; nothing where the call goes on
   * @param charges what was used of lasting allowances and stands in no entry before
   */
  record Entry(long position, byte[] json, List<Counters.Charge> charges) {
    public boolean hasRecord() {
      return json.length > 0;
    }
  }

  /**
   * Durable when it returns, all or none. Those that were added before are not added again.
   *
   * @param journal whose they are: one name for as long as its positions grow
   * @param entries in the order of their positions
   */
  void add(String journal, List<Entry> entries);

  /** The position of the last entry that was added of that journal; -1 before the first. */
  long last(String journal);

  /**
   * What calls used.
   *
   * @param by some of {@link #COLUMNS}: each row is of one value of each
   * @param tenant of this one only; empty for all
   * @param from calls that came then or later
   * @param to calls that came before
   * @param interval rows are of that much time each, whole hours, as they are since 1970; empty for
   *     all of it together
   * @param after rows behind that place only; empty for the first
   * @param limit the most rows
   */
  record UsageQuestion(
      List<String> by,
      Optional<String> tenant,
      Optional<Instant> from,
      Optional<Instant> to,
      Optional<Duration> interval,
      Optional<UsagePlace> after,
      int limit) {
    /** What usage can be asked by. */
    public static final List<String> COLUMNS =
        List.of("tenant", "app", "use_case", "user", "model", "provider", "kind");

    /** The most rows that anybody gets at once. */
    public static final int MOST = 10_000;

    /** Of all tenants. */
    public UsageQuestion(
        List<String> by,
        Optional<Instant> from,
        Optional<Instant> to,
        Optional<Duration> interval) {
      this(by, Optional.empty(), from, to, interval, Optional.empty(), MOST);
    }
  }

  /**
   * Where a row stands among all, which are ordered by their start and then by their values.
   *
   * @param start 1970 where no interval was asked for
   */
  record UsagePlace(Instant start, List<String> values) {}

  /**
   * Some of the rows.
   *
   * @param next behind which there are more; empty at the end
   */
  record UsagePage(List<UsageRow> rows, Optional<UsagePlace> next) {}

  /**
   * @param values of the columns that were asked for, in their order
   * @param start of the interval; empty where none was asked for
   * @param picoUsd what is known of the cost
   */
  record UsageRow(
      List<String> values,
      Optional<Instant> start,
      long calls,
      long picoUsd,
      long input,
      long output,
      long cacheRead,
      long cacheWrite,
      long reasoning) {}

  /** May end before the limit where it would take too long, but not without a row. */
  UsagePage usage(UsageQuestion question);

  /** Records of days that ended before that are dropped; what they come to stays. */
  void forget(Instant before);
}
