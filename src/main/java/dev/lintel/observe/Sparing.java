package dev.lintel.observe;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What is made once a key and kept: up to so many, so that neither callers nor ten thousand tenants
 * can fill the memory or a scrape. Further keys are folded, and share what is made for that.
 */
final class Sparing<K, V> {
  private final int most;
  private final Function<K, V> maker;
  private final UnaryOperator<K> folded;
  private final Map<K, V> all = new ConcurrentHashMap<>();

  /**
   * @param folded of few values, whatever the key
   */
  Sparing(int most, Function<K, V> maker, UnaryOperator<K> folded) {
    this.most = most;
    this.maker = maker;
    this.folded = folded;
  }

  V of(K key) {
    V known = all.get(key);
    return known == null ? more(key) : known;
  }

  /** What has been made so far. */
  Stream<V> all() {
    return all.values().stream();
  }

  private V more(K key) {
    K kept = all.size() < most ? key : folded.apply(key);
    return all.computeIfAbsent(kept, maker);
  }
}
