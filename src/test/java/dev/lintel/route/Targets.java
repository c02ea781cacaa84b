package dev.lintel.route;

import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Facts;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Target;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalDouble;

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
