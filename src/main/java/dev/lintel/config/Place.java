package dev.lintel.config;

import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Where in the file a value stands.
 *
 * @param path such as {@code tenants.acme.budget}; empty for the whole file
 * @param form the path with {@code *} for every name that the file chose: {@code tenants.*.budget}
 * @param line of the key, or of the element; counts from 1
 */
record Place(String path, String form, int line) {
  static final Place TOP = new Place("", "", 1);

  /** Below a key that the program knows. */
  Place key(String key, Node at) {
    return new Place(join(path, key), join(form, key), lineOf(at));
  }

  /** Below a name that the file chose. */
  Place name(String name, Node at) {
    return new Place(join(path, name), join(form, "*"), lineOf(at));
  }

  Place element(int index, Node at) {
    return new Place(path + "[" + index + "]", form, lineOf(at));
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static int lineOf(Node node) {
    return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
  }
}
