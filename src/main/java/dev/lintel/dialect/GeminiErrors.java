package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Google's errors, {@code {"error": {code, message, status, details}}} (AIP-193), read and written.
 */
final class GeminiErrors {
  private static final BigDecimal LONGEST_WAIT =
      BigDecimal.valueOf(Duration.ofDays(30).toSeconds());

  private GeminiErrors() {}

  static Failure failure(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(
        status,
        headers,
        body,
        root -> {
          JsonNode error = error(root);
          return error.isObject()
              ? failure(status, headers, error)
              : ProviderErrors.of(status, headers, "", "", root.path("message").asString(""));
        });
  }

  /** The error that a reply of whatever status holds; also streams' form, an array of one. */
  static JsonNode error(JsonNode root) {
    return root.isArray() ? root.path(0).path("error") : root.path("error");
  }

  /** A failure whose status is in the error itself. */
  static Failure failure(JsonNode error) {
    return failure(error.path("code").asInt(0), Headers.NONE, error);
  }

  private static Failure failure(int status, Headers headers, JsonNode error) {
    String word = error.path("status").asString("");
    String message = error.path("message").asString("");
    Failure failure = ProviderErrors.of(status, headers, word, type(word, message, error), message);
    return failure.retryAfter().isPresent() ? failure : failure.retryAfter(delay(error));
  }

  /**
   * What Google says more precisely than by its status: 503 UNAVAILABLE is an outage or an overload
   * by its words alone, and a key it does not know is a 400 with a reason in its details.
   */
  private static String type(String word, String message, JsonNode error) {
    if (word.equals("UNAVAILABLE") && message.toLowerCase(Locale.ROOT).contains("overloaded")) {
      return "overloaded";
    }
    for (JsonNode detail : error.path("details")) {
      if (detail.path("reason").asString("").equals("API_KEY_INVALID")) {
        return "invalid_api_key";
      }
    }
    return "";
  }

  /** {@code google.rpc.RetryInfo}, such as {@code "34.4s"}. */
  private static Optional<Duration> delay(JsonNode error) {
    for (JsonNode detail : error.path("details")) {
      String delay = detail.path("retryDelay").asString("");
      if (delay.endsWith("s") && delay.length() < 20) {
        try {
          BigDecimal seconds = new BigDecimal(delay.substring(0, delay.length() - 1));
          if (seconds.signum() >= 0 && seconds.compareTo(LONGEST_WAIT) < 0) {
            return Optional.of(Duration.ofMillis(seconds.movePointRight(3).longValue()));
          }
        } catch (NumberFormatException noDuration) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  static ObjectNode envelope(Failure failure, Trail trail) {
    ObjectNode root = Json.object();
    ObjectNode error = root.putObject("error");
    error
        .put("code", failure.status())
        .put("message", failure.message())
        .put("status", word(failure.kind()));
    // Google's SDKs show no headers of a refused call: for their callers the wait is only here.
    failure
        .retryAfter()
        .ifPresent(wait ->
            error
                .putArray("details")
                .addObject()
                .put("@type", "type.googleapis.com/google.rpc.RetryInfo")
                .put("retryDelay", seconds(wait)));
    error.set("lintel", failure.lintel(trail));
    return root;
  }

  /** A {@code google.protobuf.Duration} as its JSON has it. */
  private static String seconds(Duration wait) {
    return BigDecimal.valueOf(wait.toMillis(), 3).stripTrailingZeros().toPlainString() + "s";
  }

  /** The word of {@code google.rpc.Code}. */
  private static String word(Failure.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST, PAYLOAD_TOO_LARGE, CONTEXT_LENGTH_EXCEEDED, CONTENT_BLOCKED ->
          "INVALID_ARGUMENT";
      case AUTHENTICATION -> "UNAUTHENTICATED";
      case PERMISSION -> "PERMISSION_DENIED";
      case NOT_FOUND -> "NOT_FOUND";
      case RATE_LIMITED, BUDGET_EXCEEDED, UPSTREAM_RATE_LIMITED -> "RESOURCE_EXHAUSTED";
      case UPSTREAM_OVERLOADED, UPSTREAM_UNAVAILABLE, UNAVAILABLE -> "UNAVAILABLE";
      case TIMEOUT -> "DEADLINE_EXCEEDED";
      case CANCELLED -> "CANCELLED";
      case UPSTREAM_ERROR, INTERNAL -> "INTERNAL";
    };
  }
}
