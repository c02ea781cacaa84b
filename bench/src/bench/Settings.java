package bench;

import java.util.List;
import java.util.stream.Stream;

/**
 * How much of everything.
 *
 * @param youngRounds rounds of what needs a process of its own
 * @param paceMillis between the events of one stream while their price is measured, and {@code
 *     holdMillis} while thousands are held open
 */
record Settings(
    int rounds,
    int youngRounds,
    int warmCalls,
    int calls,
    int connections,
    int singleCalls,
    int firstTokens,
    int pacedStreams,
    int pacedEvents,
    int paceMillis,
    int heldEvents,
    int holdMillis,
    int bodies,
    int bodyConnections,
    int bodySize) {
  static final Settings FULL =
      new Settings(
          7, 3, 250_000, 100_000, 64, 10_000, 1_000, 500, 100, 50, 30, 750, 1_500, 100, 150_000);
  static final Settings QUICK =
      new Settings(3, 1, 250_000, 40_000, 64, 3_000, 400, 500, 40, 50, 24, 500, 1_500, 100, 150_000);

  /** Every model that a load may name, so that a proxy's configuration can list them. */
  static List<String> models() {
    return Stream.concat(
            Stream.of("m-1x0", "m-2x1", "m-100x1"),
            Stream.of(FULL, QUICK)
                .flatMap(each ->
                    Stream.of(
                        Load.model(each.pacedEvents, each.paceMillis),
                        Load.model(each.heldEvents, each.holdMillis))))
        .distinct()
        .toList();
  }
}
