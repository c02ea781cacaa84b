package dev.lintel.server;

import dev.lintel.Headers;
import io.vertx.core.MultiMap;
import java.util.Optional;
import java.util.function.BiConsumer;

/** The engine's headers, which can be listed. */
record Listed(MultiMap all) implements Headers {
  @Override
  public Optional<String> get(String name) {
    return Optional.ofNullable(all.get(name));
  }

  @Override
  public void each(BiConsumer<String, String> to) {
    all.forEach(to);
  }
}
