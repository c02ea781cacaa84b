package dev.lintel;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** The headers of a message, looked up without regard to case. */
@FunctionalInterface
public interface Headers {
  Headers NONE = name -> Optional.empty();

  /** The first value of the header, if there is one. */
  Optional<String> get(String name);

  /** Shows every header, where they can be listed; those of a name that stands twice one by one. */
  default void each(BiConsumer<String, String> to) {}

  static Headers of(Map<String, String> values) {
    var copy = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
    copy.putAll(values);
    return new Headers() {
      @Override
      public Optional<String> get(String name) {
        return Optional.ofNullable(copy.get(name));
      }

      @Override
      public void each(BiConsumer<String, String> to) {
        copy.forEach(to);
      }
    };
  }
}
