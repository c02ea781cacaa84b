package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Handler;
import dev.lintel.Sink;
import dev.lintel.Target;

/**
 * The end of the way of a call that is not made: its trail then has the target that it would be
 * asked of first, and nobody was asked. Throws what the call itself would fail with where there is
 * none.
 */
public final class Foresee implements Handler {
  @Override
  public void handle(Call call, Sink sink) {
    var walk = new Walk(call, Foresee::firstKey);
    Target target = walk.foreseen().orElseThrow(walk::refusal);
    call.trail().asking(target);
  }

  /** Whose turn it is stays as it is. */
  private static int firstKey(Target target) {
    return 0;
  }
}
