package dev.lintel.main;

import dev.lintel.config.Address;
import java.net.UnknownHostException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Why an address cannot be listened on, and what to do about it. */
final class Refusal {
  /** By what the operating system's own words hold. */
  private static final Map<String, String> REASONS =
      Map.of(
          "in use", "another program listens there; stop it, or choose another port",
          "denied", "this user may not use that port; choose one above 1023",
          "assign", "this machine has no such address; choose one of its own");

  private Refusal() {}

  /** One sentence. */
  static String sentence(Address address, Throwable thrown) {
    String why = null;
    for (Throwable cause = thrown; cause != null && why == null; cause = cause.getCause()) {
      why = reason(cause);
    }
    return "Lintel cannot listen on "
        + address
        + ": "
        + (why == null ? thrown.getMessage() : why + " with --listen HOST:PORT.");
  }

  private static @Nullable String reason(Throwable cause) {
    if (cause instanceof UnknownHostException
        || cause instanceof java.nio.channels.UnresolvedAddressException) {
      return "no host has that name; choose an address";
    }
    String words = String.valueOf(cause.getMessage());
    return REASONS.entrySet().stream()
        .filter(reason -> words.contains(reason.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }
}
