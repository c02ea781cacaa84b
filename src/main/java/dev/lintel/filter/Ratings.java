package dev.lintel.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.lintel.Event;
import dev.lintel.Lesson;
import dev.lintel.Listener;
import dev.lintel.Rater;
import dev.lintel.Trail;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Who wants to know how well a call was answered: the strategy that chose its target, where it
 * learns, and the arm of its model's split. Others are not kept. Outlives reloads.
 */
public final class Ratings implements Listener {
  /** Some 20 MB. */
  private static final long MOST_CALLS = 100_000;

  /** A call that has ended, with what was said of it last. */
  private record Rated(
      String tenant, Lesson lesson, Optional<Rater> arm, AtomicReference<@Nullable Double> score) {}

  private final Cache<String, Rated> calls =
      Caffeine.newBuilder().maximumSize(MOST_CALLS).executor(Runnable::run).build();

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended
        && (trail.lesson() != Lesson.NONE || trail.arm().isPresent())
        && !trail.beside()) {
      calls.put(
          trail.id(),
          new Rated(trail.caller().tenant(), trail.lesson(), trail.arm(), new AtomicReference<>()));
    }
  }

  /**
   * A caller says how well a call was answered. What was said of the call before does not count any
   * more.
   *
   * @param score from 0 to 1
   * @return who was told: {@code strategy}, {@code rollout}; empty where nobody wants to know of a
   *     call of that tenant's with that id
   */
  public Optional<List<String>> rate(String tenant, String id, double score) {
    Rated call = calls.getIfPresent(id);
    if (call == null || !call.tenant.equals(tenant)) {
      return Optional.empty();
    }
    Double before = call.score.getAndSet(score);
    OptionalDouble known = before == null ? OptionalDouble.empty() : OptionalDouble.of(before);
    var told = new ArrayList<String>(2);
    if (call.lesson != Lesson.NONE) {
      call.lesson.rated(known, score);
      told.add("strategy");
    }
    if (call.arm.isPresent()) {
      call.arm.get().rated(known, score);
      told.add("rollout");
    }
    return Optional.of(told);
  }
}
