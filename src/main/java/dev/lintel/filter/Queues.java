package dev.lintel.filter;

import dev.lintel.Listener;
import dev.lintel.Model;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** The calls that wait for targets to have room, by the model's name; outlives configurations. */
public final class Queues {
  private final ConcurrentMap<String, Waiting> models = new ConcurrentHashMap<>();
  private final Listener listener;

  /**
   * @param listener is told how each wait ended
   */
  public Queues(Listener listener) {
    this.listener = listener;
  }

  /** {@code null} where calls of that model do not wait. */
  @Nullable Waiting of(Model model) {
    return model.routing().queue().isEmpty()
        ? null
        : models.computeIfAbsent(model.name(), name -> new Waiting(name, listener));
  }

  /** How many calls of each model wait now; of those that ever had to. */
  public Map<String, Integer> lengths() {
    var lengths = new TreeMap<String, Integer>();
    models.forEach((name, waiting) -> lengths.put(name, waiting.length()));
    return lengths;
  }
}
