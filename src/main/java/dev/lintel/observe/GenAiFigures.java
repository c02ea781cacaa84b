package dev.lintel.observe;

import dev.lintel.Attempt;
import dev.lintel.Failure;
import dev.lintel.GenAi;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Optional;

/**
 * The same calls under OpenTelemetry's names. The gateway is a client of its providers, so that
 * each attempt is an operation, and to its callers it is the server.
 */
final class GenAiFigures {
  private static final String OTHER = "other";
  private static final int MOST = 1_000;

  private record Key(String operation, String provider, String model) {
    Key folded() {
      return new Key(OTHER, provider, OTHER);
    }
  }

  private final Buckets clientDurations;
  private final Buckets clientTokens;
  private final Buckets serverDurations;
  private final Buckets firstTokens;
  private final Buckets perTokens;
  private final Sparing<Key, Cells> all = new Sparing<>(MOST, Cells::new, Key::folded);

  GenAiFigures(PrometheusRegistry registry) {
    clientDurations =
        new Buckets(
            registry,
            GenAiNames.CLIENT_DURATION,
            "How long providers took, an attempt each.",
            Buckets.NANOS,
            GenAiNames.DURATIONS,
            GenAiNames.OPERATION,
            GenAiNames.PROVIDER,
            GenAiNames.MODEL,
            GenAiNames.ERROR);
    clientTokens =
        new Buckets(
            registry,
            GenAiNames.CLIENT_TOKENS,
            "Tokens that calls used; the cache's are in the input, and reasoning in the output.",
            1,
            GenAiNames.TOKENS,
            GenAiNames.OPERATION,
            GenAiNames.PROVIDER,
            GenAiNames.MODEL,
            GenAiNames.TOKEN);
    serverDurations =
        new Buckets(
            registry,
            GenAiNames.SERVER_DURATION,
            "From the request's arrival to the end of the reply.",
            Buckets.NANOS,
            GenAiNames.DURATIONS,
            GenAiNames.OPERATION,
            GenAiNames.PROVIDER,
            GenAiNames.MODEL,
            GenAiNames.ERROR);
    firstTokens =
        new Buckets(
            registry,
            GenAiNames.SERVER_FIRST_TOKEN,
            "From the request's arrival to the first content of a good reply.",
            Buckets.NANOS,
            GenAiNames.FIRST_TOKENS,
            GenAiNames.OPERATION,
            GenAiNames.PROVIDER,
            GenAiNames.MODEL);
    perTokens =
        new Buckets(
            registry,
            GenAiNames.SERVER_PER_TOKEN,
            "Between the tokens of a good stream after the first, in the mean of the call.",
            Buckets.NANOS,
            GenAiNames.PER_TOKENS,
            GenAiNames.OPERATION,
            GenAiNames.PROVIDER,
            GenAiNames.MODEL);
  }

  /**
   * @param known whether the model that was asked for is a configured one
   */
  void attempted(Trail trail, Attempt attempt, Target target, boolean known) {
    if (attempt.took() >= 0) {
      all.of(key(trail, target, known)).attempted(attempt);
    }
  }

  /**
   * @param known the same
   * @param perToken nanoseconds; -1 where there is no telling
   */
  void ended(
      Trail trail,
      boolean known,
      Optional<Failure> failure,
      long nanos,
      long perToken,
      Example example) {
    Optional<Target> target = trail.target();
    if (target.isPresent()) {
      all.of(key(trail, target.get(), known)).ended(trail, failure, nanos, perToken, example);
    }
  }

  private static Key key(Trail trail, Target target, boolean known) {
    return new Key(
        GenAi.operation(trail), GenAi.provider(target.provider()), known ? target.model() : OTHER);
  }

  private final class Cells {
    private final Key key;
    private final Buckets.Cell answered;
    private final Buckets.Cell served;
    private final Buckets.Cell input;
    private final Buckets.Cell output;
    private final Buckets.Cell first;
    private final Buckets.Cell perToken;

    Cells(Key key) {
      this.key = key;
      this.answered = clientDurations.of(key.operation, key.provider, key.model, "");
      this.served = serverDurations.of(key.operation, key.provider, key.model, "");
      this.input = clientTokens.of(key.operation, key.provider, key.model, "input");
      this.output = clientTokens.of(key.operation, key.provider, key.model, "output");
      this.first = firstTokens.of(key.operation, key.provider, key.model);
      this.perToken = perTokens.of(key.operation, key.provider, key.model);
    }

    void attempted(Attempt attempt) {
      Buckets.Cell cell =
          attempt.kind().isEmpty()
              ? answered
              : clientDurations.of(
                  key.operation, key.provider, key.model, attempt.kind().get().word());
      cell.observe(attempt.took());
    }

    void ended(Trail trail, Optional<Failure> failure, long nanos, long perToken, Example example) {
      Usage usage = trail.usage();
      if (usage.source() != Usage.Source.NONE && !trail.free()) {
        input.observe(
            usage.input() + usage.cacheRead() + usage.cacheWrite() + usage.cacheWriteHour());
        output.observe(usage.output());
      }
      if (failure.isPresent()) {
        serverDurations
            .of(key.operation, key.provider, key.model, failure.get().kind().word())
            .observe(nanos, example);
        return;
      }
      served.observe(nanos, example);
      if (trail.firstContentNanos() >= 0) {
        first.observe(trail.firstContentNanos(), example);
      }
      if (perToken >= 0) {
        this.perToken.observe(perToken, example);
      }
    }
  }
}
