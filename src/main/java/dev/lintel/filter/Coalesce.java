package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Sink;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes one call of concurrent calls that ask the same, where the model says so: it is made on a
 * thread that belongs to none of them, and each follows its reply at its own pace, also one that
 * comes when the reply has begun.
 *
 * <p>A caller who leaves, or whose time is over, does so alone; where all have, the call is ended.
 * A failure is everybody's. What it cost is billed to the first who is still there at its end.
 */
public final class Coalesce implements Filter {
  private final Map<Likeness, Flight> flights = new ConcurrentHashMap<>();

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!call.resolved().routing().coalesce()) {
      next.handle(call, sink);
      return;
    }
    Optional<Likeness> likeness =
        call.trail().keyed().isPresent() ? Optional.empty() : Likeness.of(call);
    if (likeness.isEmpty()) {
      next.handle(call, sink);
      return;
    }
    var seat = new Flight.Seat(call, CallThread.current());
    join(likeness.get(), seat, next).follow(seat, sink);
  }

  private Flight join(Likeness likeness, Flight.Seat seat, Handler next) {
    var opened = new Flight[1];
    // Whoever joins or leaves does so while nobody else does.
    Flight joined =
        flights.compute(
            likeness,
            (same, known) -> {
              if (known != null && known.take(seat)) {
                return known;
              }
              opened[0] = new Flight(likeness, flights, seat, next);
              return opened[0];
            });
    if (opened[0] != null) {
      opened[0].start();
    }
    return Objects.requireNonNull(joined);
  }
}
