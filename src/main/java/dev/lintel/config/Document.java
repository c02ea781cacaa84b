package dev.lintel.config;

import dev.lintel.Json;
import dev.lintel.Provider;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Timeouts;
import dev.lintel.config.Shape.Alone;
import dev.lintel.config.Shape.Key;
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
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

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
    Map<String, At<Entry>> providers,
    Map<String, At<ModelEntry>> models,
    Map<String, At<PriceEntry>> prices,
    Optional<At<Path>> catalogue,
    Optional<UnknownPrice> unknownPrice,
    Map<String, Tenant> tenants) {

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
      Optional<Boolean> streamUsage,
      Optional<At<BigDecimal>> priceFactor)
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
      Optional<RetryEntry> retry,
      Optional<At<BatchEntry>> batch) {}

  /** How concurrent requests for vectors are merged. */
  record BatchEntry(Duration window, Count size) {
    static final BatchEntry USUAL = new BatchEntry(Duration.ofMillis(5), new Count(64));
  }

  record TargetEntry(
      @Alone At<String> to,
      Optional<Count> weight,
      @NotYet Optional<String> tier,
      @NotYet Optional<String> region) {}

  record RetryEntry(Optional<Count> attempts, Optional<Span> backoff) {}

  record Tenant(
      @NotYet Optional<Limits> limits,
      @NotYet Map<Window, Money> budget,
      Optional<UnknownPrice> unknownPrice,
      Map<String, AppEntry> apps) {}

  record AppEntry(
      List<At<String>> keys,
      Optional<List<At<String>>> models,
      boolean ownKeys,
      @NotYet Optional<Limits> limits,
      @NotYet Map<Window, Money> budget,
      Optional<UnknownPrice> unknownPrice) {}

  /** What becomes of a call whose price nobody knows. */
  enum UnknownPrice {
    ALLOW,
    REFUSE
  }

  /** USD for each. */
  record Units(
      Optional<BigDecimal> image,
      Optional<BigDecimal> second,
      Optional<BigDecimal> character,
      Optional<BigDecimal> page,
      Optional<BigDecimal> search) {}

  /**
   * What a model costs, in USD per million tokens; a tier of service and a step of the prompt's
   * length are written the same way.
   */
  record PriceEntry(
      Optional<BigDecimal> input,
      Optional<BigDecimal> output,
      Optional<BigDecimal> cacheRead,
      Optional<BigDecimal> cacheWrite,
      @Key("cache_write_1h") Optional<BigDecimal> cacheWriteHour,
      Optional<BigDecimal> reasoning,
      Optional<BigDecimal> audioInput,
      Optional<BigDecimal> audioOutput,
      Optional<BigDecimal> imageInput,
      Optional<BigDecimal> imageOutput,
      Optional<Units> units,
      Optional<PriceEntry> batch,
      Optional<PriceEntry> flex,
      Optional<PriceEntry> priority,
      @Key("above_100k") Optional<PriceEntry> above100k,
      @Key("above_128k") Optional<PriceEntry> above128k,
      @Key("above_200k") Optional<PriceEntry> above200k,
      @Key("above_256k") Optional<PriceEntry> above256k,
      @Key("above_272k") Optional<PriceEntry> above272k,
      @Key("above_512k") Optional<PriceEntry> above512k) {
    PriceEntry {
      boolean nested =
          Stream.of(above100k, above128k, above200k, above256k, above272k, above512k)
                  .flatMap(Optional::stream)
                  .anyMatch(step -> step.tiered() || step.stepped())
              || Stream.of(batch, flex, priority)
                  .flatMap(Optional::stream)
                  .anyMatch(PriceEntry::tiered);
      if (nested) {
        throw new IllegalArgumentException(
            "may have tiers (batch, flex, priority), each with steps (above_200k), and nothing below them");
      }
    }

    private boolean tiered() {
      return Stream.of(batch, flex, priority).anyMatch(Optional::isPresent);
    }

    private boolean stepped() {
      return Stream.of(above100k, above128k, above200k, above256k, above272k, above512k)
          .anyMatch(Optional::isPresent);
    }

    /** In the words of the file. */
    ObjectNode json() {
      return json(this);
    }

    private static ObjectNode json(Record rates) {
      ObjectNode node = Json.object();
      Shape.given(rates)
          .forEach((key, value) -> {
            if (value instanceof Record inner) {
              node.set(key, json(inner));
            } else {
              node.put(key, ((BigDecimal) value).toPlainString());
            }
          });
      return node;
    }
  }

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
