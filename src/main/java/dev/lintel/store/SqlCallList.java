package dev.lintel.store;

import dev.lintel.CallRecords.Page;
import dev.lintel.CallRecords.Question;
import dev.lintel.Ids;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * One list of calls while it is made, the newest first. Where many of them fit they are found among
 * the newest; where few do, the sums of each day tell of which tenant, app, model and kind there
 * are some, and an index leads to the newest of each.
 */
final class SqlCallList {
  /** So many of the newest are looked at for each that is wanted before the index is asked. */
  private static final int LOOKED_AT = 20;

  private static final int MOST_LOOKED_AT = 10_000;

  /** More names of models that nobody serves are not gone through one by one. */
  private static final int MOST_MODELS = 2000;

  /** So many records are read with one question. */
  private static final int SLICE = 500;

  private static final int TENANT = UsageKey.NAMES.indexOf("tenant");
  private static final int APP = UsageKey.NAMES.indexOf("app");
  private static final int MODEL = UsageKey.NAMES.indexOf("model");
  private static final int KIND = UsageKey.NAMES.indexOf("kind");

  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  private final Connection connection;
  private final Question asked;
  private final String from;
  private final int wanted;
  private final List<String> ids = new ArrayList<>();
  private final List<byte[]> records = new ArrayList<>();

  private SqlCallList(Connection connection, Question asked) {
    this.connection = connection;
    this.asked = asked;
    this.from = Ids.before(asked.from());
    this.wanted = asked.limit() + 1;
  }

  /** Calls that have these in common. */
  private record Kin(String tenant, String app, String model, String kind) {
    Kin asking(String other) {
      return new Kin(tenant, app, other, kind);
    }

    List<String> words() {
      return List.of(tenant, app, model, kind);
    }
  }

  static Page of(Connection connection, Question asked) throws SQLException {
    return new SqlCallList(connection, asked).page();
  }

  private Page page() throws SQLException {
    Optional<String> before = asked.before();
    int first = RecordRow.day(bounded(asked.from()));
    int last =
        before
            .flatMap(Ids::time)
            .map(time -> RecordRow.day(bounded(time)))
            .orElse(Integer.MAX_VALUE);
    boolean any =
        asked.tenant().isEmpty()
            && asked.app().isEmpty()
            && asked.model().isEmpty()
            && asked.kind().isEmpty();
    int look = Math.min(LOOKED_AT * wanted, MOST_LOOKED_AT);
    List<Integer> days = new ArrayList<>(SqlRecords.days(connection));
    keep(days, "tenant", asked.tenant(), List.of());
    keep(days, "app", asked.app(), List.of());
    keep(days, "model", asked.model(), List.of(UsageKey.OTHER));
    keep(days, "kind", asked.kind(), List.of());
    for (int day : days) {
      if (day <= last && day >= first && missing() > 0) {
        if (any) {
          newest(day, before);
        } else {
          look = fitting(day, before, look);
        }
      }
    }
    boolean more = records.size() > asked.limit();
    return new Page(
        more ? records.subList(0, asked.limit()) : records,
        more ? Optional.of(ids.get(asked.limit() - 1)) : Optional.empty());
  }

  /** Days on which there were such calls, by the sums. */
  private void keep(
      List<Integer> days, String dimension, Optional<String> value, List<String> folded)
      throws SQLException {
    if (value.isPresent() && !days.isEmpty()) {
      var values = new ArrayList<String>(folded);
      values.add(value.get());
      days.retainAll(Singles.days(connection, dimension, values));
    }
  }

  private static Instant bounded(Instant time) {
    return time.isBefore(Instant.EPOCH) ? Instant.EPOCH : time.isAfter(LATEST) ? LATEST : time;
  }

  private int missing() {
    return wanted - records.size();
  }

  private void newest(int day, Optional<String> before) throws SQLException {
    var found = new ArrayList<String>();
    scan(day, before, missing(), found);
    read(day, found);
  }

  /** Ids of those that fit among so many of the newest; the last that was looked at, if any. */
  private Optional<String> scan(int day, Optional<String> before, int most, List<String> found)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT id, tenant, app, model, kind FROM %s WHERE id >= ?%s ORDER BY id DESC LIMIT %d"
                .formatted(SqlRecords.table(day), before.isPresent() ? " AND id < ?" : "", most))) {
      query.setString(1, from);
      if (before.isPresent()) {
        query.setString(2, before.get());
      }
      int looked = 0;
      String last = "";
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next() && found.size() < missing()) {
          looked++;
          last = rows.getString(1);
          if (fits(kin(rows, 2))) {
            found.add(last);
          }
        }
      }
      return looked == most ? Optional.of(last) : Optional.empty();
    }
  }

  private static Kin kin(ResultSet row, int first) throws SQLException {
    return new Kin(
        row.getString(first),
        row.getString(first + 1),
        row.getString(first + 2),
        row.getString(first + 3));
  }

  private boolean fits(Kin kin) {
    return asked.tenant().map(kin.tenant::equals).orElse(true)
        && asked.app().map(kin.app::equals).orElse(true)
        && asked.model().map(kin.model::equals).orElse(true)
        && asked.kind().map(kin.kind::equals).orElse(true);
  }

  /**
   * Those of a day that fit.
   *
   * @param look how many of the newest to look at first
   * @return how many are left of them for the day before
   */
  private int fitting(int day, Optional<String> before, int look) throws SQLException {
    var found = new ArrayList<String>();
    Optional<String> end = before;
    if (look > 0) {
      Optional<String> last = scan(day, before, look, found);
      if (last.isEmpty()) {
        read(day, found);
        // Not counted: a day that has so few may have none at all.
        return look;
      }
      end = last;
    }
    if (found.size() < missing()) {
      byKin(day, end, found);
    }
    read(day, found);
    return 0;
  }

  private void byKin(int day, Optional<String> before, List<String> found) throws SQLException {
    Optional<Set<Kin>> kins = kins(day);
    if (kins.isEmpty()) {
      Optional<String> last = scan(day, before, MOST_LOOKED_AT, found);
      while (last.isPresent() && found.size() < missing()) {
        last = scan(day, last, MOST_LOOKED_AT, found);
      }
      return;
    }
    int most = missing() - found.size();
    var newest = new PriorityQueue<String>();
    // What is before all ids, and what is behind them.
    String end = before.orElse("s");
    try (var query =
        connection.prepareStatement(
            """
            SELECT id FROM %s WHERE (tenant, app, model, kind, id) >= (?, ?, ?, ?, ?) AND (tenant, app, model, kind, id) < (?, ?, ?, ?, ?)
            ORDER BY tenant DESC, app DESC, model DESC, kind DESC, id DESC LIMIT %d
            """
                .formatted(SqlRecords.table(day), most))) {
      for (Kin kin : kins.get()) {
        String worst = newest.size() < most ? from : newest.element();
        int next = 1;
        for (String bound : List.of(worst, end)) {
          for (String word : kin.words()) {
            query.setString(next++, word);
          }
          query.setString(next++, bound);
        }
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            newest.add(rows.getString(1));
            if (newest.size() > most) {
              newest.remove();
            }
          }
        }
      }
    }
    newest.stream().sorted(java.util.Comparator.reverseOrder()).forEach(found::add);
  }

  /** Of which there are some that day; empty where they are too many to go through. */
  private Optional<Set<Kin>> kins(int day) throws SQLException {
    var kins = new LinkedHashSet<Kin>();
    var folded = new LinkedHashSet<Kin>();
    long start = RecordRow.start(day).toEpochMilli();
    UsageParts.read(
        connection,
        UsageParts.Copy.DAY_BY_NOBODY,
        start,
        start + UsageParts.DAY,
        rows -> {
          List<String> words = rows.words();
          for (int row = 0; row < rows.size(); row++) {
            Kin kin =
                new Kin(
                    words.get(rows.word(row, TENANT)),
                    words.get(rows.word(row, APP)),
                    words.get(rows.word(row, MODEL)),
                    words.get(rows.word(row, KIND)));
            if (kin.model.equals(UsageKey.OTHER)
                && fits(asked.model().map(kin::asking).orElse(kin))) {
              folded.add(kin);
            } else if (fits(kin)) {
              kins.add(kin);
            }
          }
        });
    var named = new HashMap<Kin, Boolean>();
    for (Kin kin : folded) {
      if (asked.model().isPresent()) {
        Kin wanted = kin.asking(asked.model().get());
        Kin app = new Kin(kin.tenant, kin.app, wanted.model, "");
        if (!named.containsKey(app)) {
          named.put(app, isNamed(day, app));
        }
        if (named.get(app)) {
          kins.add(wanted);
        }
      } else if (!unfold(day, kin, kins)) {
        return Optional.empty();
      }
    }
    return Optional.of(kins);
  }

  /** Whether calls of that app name that model at all. */
  private boolean isNamed(int day, Kin kin) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT 1 FROM %s WHERE tenant = ? AND app = ? AND model = ? LIMIT 1"
                .formatted(SqlRecords.table(day)))) {
      query.setString(1, kin.tenant);
      query.setString(2, kin.app);
      query.setString(3, kin.model);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  /** Adds one for each model that its app's calls have named; false where they are too many. */
  private boolean unfold(int day, Kin folded, Set<Kin> kins) throws SQLException {
    try (var query =
        connection.prepareStatement(
            """
            SELECT model FROM %s WHERE (tenant, app, model) > (?, ?, ?) AND tenant = ? AND app = ?
            ORDER BY tenant, app, model LIMIT 1
            """
                .formatted(SqlRecords.table(day)))) {
      String model = "";
      for (int i = 0; i < MOST_MODELS; i++) {
        query.setString(1, folded.tenant);
        query.setString(2, folded.app);
        query.setString(3, model);
        query.setString(4, folded.tenant);
        query.setString(5, folded.app);
        try (ResultSet row = query.executeQuery()) {
          if (!row.next()) {
            return true;
          }
          model = row.getString(1);
          kins.add(folded.asking(model));
        }
      }
      return false;
    }
  }

  private void read(int day, List<String> found) throws SQLException {
    for (int done = 0; done < found.size(); done += SLICE) {
      List<String> some = found.subList(done, Math.min(found.size(), done + SLICE));
      try (PreparedStatement query =
          connection.prepareStatement(
              "SELECT id, record FROM %s WHERE id IN (?%s) ORDER BY id DESC"
                  .formatted(SqlRecords.table(day), ", ?".repeat(some.size() - 1)))) {
        for (int i = 0; i < some.size(); i++) {
          query.setString(i + 1, some.get(i));
        }
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            ids.add(rows.getString(1));
            records.add(rows.getBytes(2));
          }
        }
      }
    }
  }
}
