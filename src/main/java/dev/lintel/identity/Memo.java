package dev.lintel.identity;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What was found out at some cost and may be forgotten: two maps, of which the older one goes when
 * the younger one is full, so that what is asked for stays.
 */
final class Memo<K, V> {
  private final int half;
  private volatile Map<K, V> young = new ConcurrentHashMap<>();
  private volatile Map<K, V> old = new ConcurrentHashMap<>();

  /**
   * @param most of all that is remembered, more or less
   */
  Memo(int most) {
    this.half = Math.max(1, most / 2);
  }

  @Nullable V get(K key) {
    V known = young.get(key);
    if (known != null) {
      return known;
    }
    V older = old.get(key);
    if (older != null) {
      put(key, older);
    }
    return older;
  }

  void put(K key, V value) {
    Map<K, V> map = young;
    map.put(key, value);
    // mappingCount would add its cells up on each call; it is only here that anything is put.
    if (map.size() > half) {
      turn(map);
    }
  }

  private synchronized void turn(Map<K, V> full) {
    if (young == full) {
      old = full;
      young = new ConcurrentHashMap<>();
    }
  }

  void remove(K key) {
    young.remove(key);
    old.remove(key);
  }

  int size() {
    return young.size() + old.size();
  }
}
