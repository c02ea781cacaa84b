package dev.lintel.config;

import dev.lintel.config.Document.ModelEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds models that would be asked in place of themselves, whatever the causes on the way: such a
 * call could go round for ever.
 */
final class Fallbacks {
  private final Faults faults;
  private final Map<String, List<At<String>>> others = new LinkedHashMap<>();

  /** The models on the way from the first to the one that is looked at. */
  private final Deque<Step> way = new ArrayDeque<>();

  private final Map<String, Boolean> seen = new HashMap<>();

  private record Step(String model, Iterator<At<String>> rest) {}

  Fallbacks(Faults faults, Map<String, At<ModelEntry>> models) {
    this.faults = faults;
    models.forEach((name, at) ->
        others.put(
            name,
            at.value().stream()
                .flatMap(entry -> entry.fallback().values().stream())
                .flatMap(List::stream)
                .toList()));
  }

  /** Reports each step that leads back to where its way began. */
  void check() {
    others.keySet().forEach(this::follow);
  }

  /** Depth first without recursion, for chains may be as long as there are models. */
  private void follow(String first) {
    enter(first);
    while (!way.isEmpty()) {
      Step step = way.peek();
      if (step.rest.hasNext()) {
        At<String> at = step.rest.next();
        at.value().ifPresent(next -> look(at, next));
      } else {
        seen.put(way.pop().model, false);
      }
    }
  }

  private void look(At<String> at, String next) {
    if (Boolean.TRUE.equals(seen.get(next))) {
      faults.add(at, "leads back: " + String.join(" -> ", since(next)) + " -> " + next);
    } else {
      enter(next);
    }
  }

  /**
   * Enters a model that no way has led to yet; its value in {@code seen} is whether it is on this.
   */
  private void enter(String model) {
    List<At<String>> next = others.get(model);
    if (next != null && seen.putIfAbsent(model, true) == null) {
      way.push(new Step(model, next.iterator()));
    }
  }

  private List<String> since(String model) {
    var names = new ArrayList<String>();
    for (Step step : way) {
      names.addFirst(step.model);
      if (step.model.equals(model)) {
        break;
      }
    }
    return names;
  }
}
