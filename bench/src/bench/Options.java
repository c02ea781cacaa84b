package bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Options of the form {@code --name value}; a flag is {@code --name} with another option after it.
 */
final class Options {
  private final Map<String, String> values = new HashMap<>();

  Options(String[] args, int from) {
    for (int i = from; i < args.length; i++) {
      if (!args[i].startsWith("--")) {
        throw new IllegalArgumentException("An option begins with --, unlike " + args[i] + ".");
      }
      boolean flag = i + 1 == args.length || args[i + 1].startsWith("--");
      values.put(args[i].substring(2), flag ? "" : args[++i]);
    }
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  int number(String name, int otherwise) {
    return has(name) ? Integer.parseInt(values.get(name)) : otherwise;
  }

  /** The names of the options given that are not among these. */
  List<String> besides(List<String> known) {
    return values.keySet().stream().filter(name -> !known.contains(name)).sorted().toList();
  }
}
