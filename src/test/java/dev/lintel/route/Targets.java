package dev.lintel.route;

import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Facts;
import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Standing;
import dev.lintel.Target;
import dev.lintel.Traits;
import dev.lintel.Usage;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/** Targets for tests, at providers that are never asked. */
final class Targets {
  static final Dialect SILENT =
      (Dialect)
          Proxy.newProxyInstance(
              Targets.class.getClassLoader(),
              new Class<?>[] {Dialect.class},
              (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.getName());
              });

  private Targets() {}

  static Target of(String provider, String model, String... keys) {
    return new Target(provider(provider, keys), model);
  }

  static Target weighing(String provider, int weight) {
    return new Target(
        provider(provider, "k"),
        "m",
        new Profile(weight, "", "", "", OptionalDouble.empty(), 0, 0),
        Facts.UNKNOWN);
  }

  /** A target at a provider of its own, as it is told to be. */
  static final class Told extends Standing.Unwatched {
    final String name;
    int weight = 1;
    OptionalDouble quality = OptionalDouble.empty();
    Price price = Price.UNKNOWN;
    Traits traits = Traits.UNKNOWN;
    boolean well = true;
    int underWay;
    double seconds = Double.NaN;
    double speed = Double.NaN;
    double output = Double.NaN;

    Told(String name) {
      this.name = name;
    }

    Target target() {
      var profile = new Profile(weight, "", "", "", quality, 0, 0);
      return new Target(provider(name, "k"), "m", profile, Facts.of(traits, price), this);
    }

    @Override
    public boolean well() {
      return well;
    }

    @Override
    public int underWay() {
      return underWay;
    }

    @Override
    public double firstContentNanos(long now) {
      return seconds * 1e9;
    }

    @Override
    public double tokensPerSecond() {
      return speed;
    }

    @Override
    public double outputTokens() {
      return output;
    }
  }

  /** USD for a million tokens. */
  record Flat(double input, double cacheRead, double output) implements Price {
    @Override
    public Optional<BigDecimal> cost(Usage usage) {
      return Optional.of(
          BigDecimal.valueOf(
              (usage.input() * input + usage.cacheRead() * cacheRead + usage.output() * output)
                  / 1e6));
    }

    @Override
    public ObjectNode json() {
      return Json.object().put("input", input);
    }
  }

  static Provider provider(String name, String... keys) {
    return new Provider(
        name,
        SILENT,
        URI.create("http://127.0.0.1:1"),
        Provider.Auth.BEARER,
        Arrays.stream(keys).map(key -> new Credential(name + "#" + key, key)).toList(),
        Map.of(),
        Provider.Transport.PLAIN,
        Provider.Quirks.NONE);
  }
}
