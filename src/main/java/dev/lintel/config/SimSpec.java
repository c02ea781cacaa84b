package dev.lintel.config;

import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Limits;
import dev.lintel.Provider;
import java.util.List;
import java.util.Map;

/**
 * A simulated provider that the configuration asks for; whoever starts it knows where it is.
 *
 * @param dialects that it speaks, the main one first
 * @param options of the simulator by their names, such as {@code ttft} to {@code 120ms}
 */
public record SimSpec(
    String name,
    List<Dialect> dialects,
    Provider.Auth auth,
    List<Credential> credentials,
    Map<String, String> options,
    Limits limits) {
  public SimSpec {
    dialects = List.copyOf(dialects);
    credentials = List.copyOf(credentials);
    options = Map.copyOf(options);
  }
}
