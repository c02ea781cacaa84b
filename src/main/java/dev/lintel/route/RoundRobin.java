package dev.lintel.route;

import dev.lintel.Spec;
import dev.lintel.Strategy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Begins each call at the target after the one at which the call before it began. */
public record RoundRobin() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    var calls = new AtomicInteger();
    return (call, targets) -> {
      if (targets.size() < 2) {
        return targets;
      }
      var turned = new ArrayList<>(targets);
      Collections.rotate(turned, -Math.floorMod(calls.getAndIncrement(), targets.size()));
      return List.copyOf(turned);
    };
  }
}
