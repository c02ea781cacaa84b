package dev.lintel.route;

import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import java.util.concurrent.atomic.AtomicInteger;

/** Begins each call at the target after the one at which the call before it began. */
public record RoundRobin() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    var calls = new AtomicInteger();
    return (call, targets) -> {
      int size = targets.size();
      if (size < 2) {
        return Ranking.AS_WRITTEN;
      }
      int turn = call.trail().supposed() ? calls.get() : calls.getAndIncrement();
      int first = Math.floorMod(turn, size);
      var scores = new double[size];
      for (int i = 0; i < size; i++) {
        scores[i] = Math.floorMod(i - first, size);
      }
      return Ranking.of(scores);
    };
  }
}
