package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The languages that a provider speaks, its main one first. A call goes out in the caller's own
 * language where the provider speaks it, so that nothing is lost on the way, else in the first that
 * can say it.
 */
public final class Dialects {
  /** Callers choose the names of models, so there may be any number of them. */
  private static final int MOST_LACKS = 4096;

  private record Lack(String dialect, String model) {}

  private final List<Dialect> spoken;
  private final Map<String, Predicate<String>> of;
  private final Set<Lack> unserved = ConcurrentHashMap.newKeySet();

  public Dialects(List<Dialect> spoken) {
    this(spoken, Map.of());
  }

  /**
   * @param of of which models a dialect is spoken, by its name; of all where it is left out
   */
  public Dialects(List<Dialect> spoken, Map<String, Predicate<String>> of) {
    this.spoken = List.copyOf(spoken);
    this.of = Map.copyOf(of);
    if (this.spoken.isEmpty()) {
      throw new IllegalArgumentException("a provider speaks at least one dialect");
    }
  }

  public Dialect main() {
    return spoken.getFirst();
  }

  /** Whether a dialect of that name is spoken. */
  public boolean has(String name) {
    return spoken.stream().anyMatch(dialect -> dialect.name().equals(name));
  }

  /**
   * The language in which that target is asked. Throws {@link Failure} {@code INVALID_REQUEST},
   * good for another target, where the provider has no word for such a request.
   */
  public Dialect of(Request request, Target target) {
    String own = request.dialect().name();
    Dialect first = null;
    for (Dialect dialect : spoken) {
      if (!usable(dialect, request, target)) {
        continue;
      }
      if (dialect.name().equals(own)) {
        return dialect;
      }
      if (first == null) {
        first = dialect;
      }
    }
    if (first == null) {
      throw Failure.invalid(
              "The provider '" + target.provider().name() + "' does not offer what is asked here.")
          .at("model")
          .again(Failure.Again.ELSEWHERE);
    }
    return first;
  }

  /** Whether that target can be asked this in some language. */
  public boolean takes(Request request, Target target) {
    return spoken.stream().anyMatch(dialect -> usable(dialect, request, target));
  }

  private boolean usable(Dialect dialect, Request request, Target target) {
    return dialect.takes(request)
        && (unserved.isEmpty() || !unserved.contains(new Lack(dialect.name(), target.model())))
        && target.traits().speaks(dialect.name())
        && (of.isEmpty() || speaksOf(dialect, target.model()));
  }

  private boolean speaksOf(Dialect dialect, String model) {
    Predicate<String> models = of.get(dialect.name());
    return models == null || models.test(model);
  }

  /**
   * Notes that the provider turned out not to serve that model in that one of its dialects: many
   * servers that speak OpenAI's chat have no more of OpenAI's API, and OpenAI's chat models are not
   * served as completions. False where the request cannot be asked in another one, which makes it
   * no news, or where that is noted already.
   */
  public boolean unserved(Dialect dialect, Request request, Target target) {
    boolean another =
        spoken.stream().anyMatch(other -> other != dialect && usable(other, request, target));
    if (dialect == main() || !another) {
      return false;
    }
    if (unserved.size() >= MOST_LACKS) {
      unserved.clear();
    }
    return unserved.add(new Lack(dialect.name(), target.model()));
  }
}
