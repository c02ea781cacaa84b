package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Event;
import dev.lintel.Handler;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Trail;

/**
 * The end of the way of a call that is not made: its trail then has the target that it would be
 * asked of first, and nobody was asked. Throws what the call itself would fail with where there is
 * none.
 */
public final class Foresee implements Handler {
  private final Queues queues;

  /**
   * @param queues of the calls that wait for targets, behind which it would stand
   */
  public Foresee(Queues queues) {
    this.queues = queues;
  }

  @Override
  public void handle(Call call, Sink sink) {
    var walk = new Walk(call, Foresee::firstKey, queues, Foresee::unseen);
    Target target = walk.foreseen().orElseThrow(walk::refusal);
    call.trail().asking(target);
  }

  private static void unseen(Trail trail, Event event) {}

  /** Whose turn it is stays as it is. */
  private static int firstKey(Target target) {
    return 0;
  }
}
