package dev.lintel.main;

import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Listener;
import dev.lintel.Provider;
import dev.lintel.SwiftTime;
import dev.lintel.admin.WhatIf;
import dev.lintel.config.Config;
import dev.lintel.filter.Admit;
import dev.lintel.filter.Preferences;
import dev.lintel.filter.Queues;
import dev.lintel.filter.Rollouts;
import dev.lintel.filter.Sticky;
import dev.lintel.ledger.MemoryCounters;
import dev.lintel.route.Scores;
import dev.lintel.route.Standings;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Builds what a configuration would decide if it were in force, in a time of its own: with counts,
 * breakers, sessions and queues of its own, and nobody behind it.
 */
final class Supposing implements WhatIf.Candidates {
  private static final long SEED = 1;
  private static final URI NOWHERE = URI.create("http://nobody.invalid");

  /** Callers' languages by the names that records have. */
  private static final Map<String, Dialect> DIALECTS =
      Builtins.LANGUAGES.stream()
          .map(language -> language.dialect())
          .collect(Collectors.toUnmodifiableMap(Dialect::name, one -> one, (one, other) -> one));

  private final BiFunction<String, String, Config> candidates;
  private final Gateway.Lasting lasting;
  private final Function<Predicate<String>, Scores> scores;

  /**
   * @param candidates the configuration of a file by its name and its text
   * @param lasting whose parts that nobody counts by are shared
   * @param scores how well those models were answered of late; may throw {@link Failure}
   */
  Supposing(
      BiFunction<String, String, Config> candidates,
      Gateway.Lasting lasting,
      Function<Predicate<String>, Scores> scores) {
    this.candidates = candidates;
    this.lasting = lasting;
    this.scores = scores;
  }

  @Override
  public WhatIf.Replaying of(String file, String text, Instant begin) {
    if (!SwiftTime.possible()) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "A what-if needs threads that loops carry: start without LINTEL_THREADS=stock.")
          .lasting();
    }
    Config config = candidates.apply(file, text);
    var time = new SwiftTime(begin, SEED);
    Listener nobody = (trail, event) -> {};
    Map<String, Provider> providers = config.providers(simulated -> NOWHERE);
    var standings = new Standings(time, time.wall());
    standings.use(config.breakers());
    var gateway =
        Gateway.of(
            config,
            providers,
            new Gateway.Lasting(
                lasting.node(),
                nobody,
                standings,
                new Queues(nobody),
                lasting.once(),
                lasting.tape(),
                lasting.signatures(),
                lasting.continuity(),
                new Rollouts(time, time.wall()),
                new Preferences(),
                lasting.shadow(),
                new Sticky(),
                lasting.spool(),
                lasting.fetcher(),
                (call, sink) -> {
                  throw new IllegalStateException("nobody is asked");
                },
                new Admit(
                    new MemoryCounters(time, time.wall(), (account, period, percent, spent) -> {}),
                    charges -> {}),
                lasting.firstKey(),
                lasting.directory(),
                lasting.issuers(),
                lasting.strikes()),
            0,
            new Hold(() -> {}),
            name -> Optional.empty());
    gateway.scored().map(scores).ifPresent(standings::scored);
    return new Replay(gateway, time, DIALECTS);
  }
}
