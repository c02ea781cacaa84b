package dev.lintel.config;

import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Timeouts;
import dev.lintel.config.Shape.Alone;
import dev.lintel.config.Shape.Kind;
import dev.lintel.config.Shape.NotYet;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The configuration file as it is written; each component is a key. What the words mean together is
 * the {@link Loader}'s to find out.
 */
record Document(
    Optional<Address> listen,
    Optional<Path> data,
    @NotYet Optional<URI> database,
    @NotYet Optional<URI> shared,
    @NotYet Optional<URI> otlp,
    Optional<Pem> tls,
    Optional<Config.Sizes> limits,
    Optional<Config.Threads> threads,
    Optional<Fetch> fetch,
    Map<String, At<Entry>> providers,
    Map<String, At<ModelEntry>> models,
    @NotYet Map<String, At<Price>> prices,
    Map<String, Tenant> tenants) {

  /** Where links in requests may lead beside public addresses. */
  record Fetch(List<Reach.Network> allow) {}

  /** A certificate with its key, as PEM files. */
  record Pem(At<Path> certificate, At<Path> key) {}

  /** What a {@code providers} entry may be. */
  sealed interface Entry {
    Optional<At<String>> key();

    List<At<String>> keys();
  }

  /** A provider at the other end of a network. */
  record Remote(
      Optional<At<String>> kind,
      Optional<At<URI>> url,
      Optional<At<String>> key,
      List<At<String>> keys,
      Optional<Provider.Auth> auth,
      Map<String, At<String>> headers,
      Optional<At<URI>> proxy,
      Optional<Tls> tls,
      boolean http2,
      Set<String> drop,
      Map<String, String> rename,
      Optional<Boolean> streamUsage)
      implements Entry {}

  record Tls(
      Optional<At<Path>> ca,
      Optional<At<Path>> certificate,
      Optional<At<Path>> key,
      Optional<Boolean> verify) {
    Tls {
      if (certificate.isPresent() != key.isPresent()) {
        throw new IllegalArgumentException("needs both 'certificate' and 'key', or neither");
      }
    }
  }

  /** The simulated provider. */
  @Kind("sim")
  record Simulated(
      String kind,
      Optional<At<String>> key,
      List<At<String>> keys,
      Optional<At<String>> dialect,
      Optional<Duration> ttft,
      Optional<BigDecimal> tokensPerSecond,
      Optional<Long> tokens,
      Optional<Long> inputTokens,
      Optional<Long> cacheReadTokens,
      Optional<Long> cacheWriteTokens,
      Optional<Long> outputTokens,
      Optional<Long> reasoningTokens,
      Optional<At<String>> fault,
      Optional<BigDecimal> faultShare,
      Optional<Duration> retryAfter,
      Optional<Long> calls,
      Optional<Boolean> interleave,
      Optional<Boolean> preface,
      Optional<Boolean> image,
      Optional<Boolean> sealed,
      Optional<Boolean> verify,
      Optional<String> stop)
      implements Entry {

    /** What was set of the simulator's own options, by their names there, which are the keys. */
    Map<String, String> options() {
      var set = new TreeMap<String, String>();
      Shape.given(this)
          .forEach((key, value) -> {
            switch (value) {
              case Duration time -> set.put(key, time.toMillis() + "ms");
              case BigDecimal number -> set.put(key, number.toPlainString());
              case Long number -> set.put(key, number.toString());
              case Boolean truth -> set.put(key, truth.toString());
              case String word -> set.put(key, word);
              default -> {}
            }
          });
      fault.flatMap(At::value).ifPresent(word -> set.put("fault", word));
      return set;
    }
  }

  record ModelEntry(
      @Alone At<List<TargetEntry>> targets,
      Optional<Spec<Strategy>> strategy,
      Optional<At<Timeouts>> timeouts,
      Optional<RetryEntry> retry) {}

  record TargetEntry(
      @Alone At<String> to,
      Optional<Count> weight,
      @NotYet Optional<String> tier,
      @NotYet Optional<String> region) {}

  record RetryEntry(Optional<Count> attempts, Optional<Span> backoff) {}

  record Tenant(
      @NotYet Optional<Limits> limits,
      @NotYet Map<Window, Money> budget,
      Map<String, AppEntry> apps) {}

  record AppEntry(
      List<At<String>> keys,
      Optional<List<At<String>>> models,
      boolean ownKeys,
      @NotYet Optional<Limits> limits,
      @NotYet Map<Window, Money> budget) {}

  record Limits(Optional<Rate> requests, Optional<Rate> tokens, Optional<Count> concurrent) {}

  /** How long a budget lasts. */
  enum Window {
    MINUTE,
    HOUR,
    DAY,
    WEEK,
    MONTH,
    TOTAL
  }
}
