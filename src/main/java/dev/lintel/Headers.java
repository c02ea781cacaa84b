package dev.lintel;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The headers of a message, looked up without regard to case. */
@FunctionalInterface
public interface Headers {
  Headers NONE = name -> Optional.empty();

  /** The first value of the header, if there is one. */
  Optional<String> get(String name);

  static Headers of(Map<String, String> values) {
    var copy = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
    copy.putAll(values);
    return name -> Optional.ofNullable(copy.get(name));
  }
}
