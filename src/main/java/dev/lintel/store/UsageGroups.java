package dev.lintel.store;

import dev.lintel.Records.UsagePlace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sums by what is asked for, while rows are added up. Words are numbers here: so a row costs
 * little.
 */
final class UsageGroups {
  /** What calls of one group come to. */
  record Group(long start, List<String> values, UsageSum sum) {}

  /** So many times as many groups as are wanted are kept before those behind are forgotten. */
  private static final int KEPT = 4;

  private final List<Integer> columns;
  private final Optional<String> tenant;
  private final long step;
  private final @Nullable UsagePlace after;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<String> words = new ArrayList<>();
  private final Map<Place, long[]> sums = new HashMap<>();
  private final Place probe;
  private final int most;

  /** What groups that are too far behind are added to; nobody reads it. */
  private final long[] nowhere = new long[UsageSum.COLUMNS.size()];

  private @Nullable Place last;
  private long read;

  /**
   * @param by names of columns
   * @param tenant whose rows count alone
   * @param step of the starts; 0 where all are one
   * @param after groups up to there are left out
   * @param most so many of the first are wanted; others are forgotten
   */
  UsageGroups(
      List<String> by, Optional<String> tenant, long step, Optional<UsagePlace> after, int most) {
    this.most = most;
    this.columns = by.stream().map(UsageKey.NAMES::indexOf).toList();
    this.tenant = tenant;
    this.step = step;
    this.after = after.orElse(null);
    this.probe = new Place(0, new int[by.size()]);
  }

  private static final class Place {
    private long start;
    private final int[] words;

    Place(long start, int[] words) {
      this.start = start;
      this.words = words;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Place place
          && place.start == start
          && Arrays.equals(place.words, words);
    }

    @Override
    public int hashCode() {
      int hash = Long.hashCode(start);
      for (int word : words) {
        hash = hash * 0x9e3779b1 + word;
      }
      return hash ^ hash >>> 15;
    }
  }

  /** How many groups there are, without those that are left out or forgotten. */
  int size() {
    return sums.size();
  }

  /** How many rows were looked at. */
  long read() {
    return read;
  }

  /** Adds those rows that are of that time. */
  void add(UsageRows rows, long from, long to) {
    List<String> named = rows.words();
    var here = new int[named.size()];
    for (int i = 0; i < here.length; i++) {
      here[i] = number(named.get(i));
    }
    int only = tenant.map(this::number).orElse(-1);
    read += rows.size();
    for (int row = 0; row < rows.size(); row++) {
      long start = rows.start(row);
      if (start >= from && start < to && (only < 0 || here[rows.word(row, 0)] == only)) {
        for (int i = 0; i < probe.words.length; i++) {
          probe.words[i] = here[rows.word(row, columns.get(i))];
        }
        rows.addTo(row, sums(start));
      }
    }
  }

  /** Adds what calls come to, of that tenant if one is asked for. */
  void add(long start, List<String> values, UsageSum sum) {
    for (int i = 0; i < values.size(); i++) {
      probe.words[i] = number(values.get(i));
    }
    read++;
    long[] all = sums(start);
    long[] more = sum.all();
    for (int i = 0; i < all.length; i++) {
      all[i] = Math.addExact(all[i], more[i]);
    }
  }

  private int number(String word) {
    Integer known = numbers.putIfAbsent(word, words.size());
    if (known == null) {
      words.add(word);
      return words.size() - 1;
    }
    return known;
  }

  /** Of the group at which the probe stands. */
  private long[] sums(long time) {
    probe.start = step == 0 ? 0 : time - Math.floorMod(time, step);
    long[] there = sums.get(probe);
    if (there != null) {
      return there;
    }
    if ((last != null && compare(probe, last) > 0) || isLeft(probe)) {
      Arrays.fill(nowhere, 0);
      return nowhere;
    }
    if (sums.size() >= KEPT * (most + 1L)) {
      forget();
    }
    there = new long[UsageSum.COLUMNS.size()];
    sums.put(new Place(probe.start, probe.words.clone()), there);
    return there;
  }

  /** One group more than is wanted stays, so that it is known that there are more. */
  private void forget() {
    List<Place> places = sums.keySet().stream().sorted(order()).toList();
    last = places.get(most);
    places.subList(most + 1, places.size()).forEach(sums::remove);
  }

  private int compare(Place one, Place other) {
    int order = Long.compare(one.start, other.start);
    for (int i = 0; order == 0 && i < one.words.length; i++) {
      if (one.words[i] != other.words[i]) {
        order = words.get(one.words[i]).compareTo(words.get(other.words[i]));
      }
    }
    return order;
  }

  private boolean isLeft(Place place) {
    if (after == null) {
      return false;
    }
    int order = Long.compare(place.start, SqlUsage.millis(after.start()));
    for (int i = 0; order == 0 && i < place.words.length; i++) {
      order = words.get(place.words[i]).compareTo(after.values().get(i));
    }
    return order <= 0;
  }

  /** The first of them, in the order of their starts and their values. */
  List<Group> first() {
    return sums.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(order()))
        .limit(most)
        .map(one ->
            new Group(
                one.getKey().start,
                Arrays.stream(one.getKey().words).mapToObj(words::get).toList(),
                UsageSum.of(one.getValue(), 0)))
        .toList();
  }

  private Comparator<Place> order() {
    var order = new int[words.size()];
    List<Integer> sorted =
        numbers.values().stream().sorted(Comparator.comparing(words::get)).toList();
    for (int i = 0; i < order.length; i++) {
      order[sorted.get(i)] = i;
    }
    return (one, other) -> {
      int found = Long.compare(one.start, other.start);
      for (int i = 0; found == 0 && i < one.words.length; i++) {
        found = Integer.compare(order[one.words[i]], order[other.words[i]]);
      }
      return found;
    };
  }
}
