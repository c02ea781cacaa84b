package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Errors in OpenAI's dialect: a provider's read, the gateway's own written. */
final class OpenAiErrors {
  /**
   * Where servers that speak OpenAI's dialect put their words when not in {@code error.message}.
   */
  private static final List<String> MESSAGES = List.of("message", "detail", "error", "msg");

  /**
   * OpenAI's words for a kind of failure; {@code own} ones stand even where a provider has other.
   */
  private record Words(String type, String code, boolean own) {}

  private OpenAiErrors() {}

  static Failure read(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(status, headers, body, tree -> read(status, headers, tree));
  }

  /** Also reads an error inside a reply with status 200. */
  static Failure read(int status, Headers headers, JsonNode tree) {
    JsonNode body = tree.isArray() ? tree.path(0) : tree;
    JsonNode error = body.path("error").isObject() ? body.get("error") : body;
    String code = word(error.path("code"));
    if (code.isEmpty()) {
      // Azure's more precise word, and at times its only one.
      code = word(error.path("innererror").path("code"));
    }
    String type = word(error.path("type"));
    if (type.isEmpty()) {
      // Google's OpenAI endpoint has a status, OpenRouter its own vocabulary.
      type =
          error.path("status").isString()
              ? error.get("status").asString()
              : error.path("metadata").path("error_type").asString("");
    }
    int named = status;
    if (code.length() == 3 && code.chars().allMatch(Character::isDigit)) {
      named = status < 300 ? Integer.parseInt(code) : status;
      code = "";
    }
    Failure failure = ProviderErrors.of(named, headers, code, type, message(error));
    if (failure.kind() == Failure.Kind.UPSTREAM_RATE_LIMITED
        && error.path("metadata").path("provider_name").isString()) {
      // OpenRouter's account has no part in it: the provider behind it limits everybody.
      failure.blame(Failure.Blame.MODEL);
    }
    String param = error.path("param").asString("");
    return param.isEmpty() ? failure : failure.at(param);
  }

  private static String message(JsonNode error) {
    for (String name : MESSAGES) {
      JsonNode value = error.path(name);
      if (value.path("detail").isArray()) {
        // Mistral puts a validator's list where the words are.
        value = value.get("detail");
      }
      if (value.isString() && !value.asString().isBlank()) {
        return value.asString();
      }
      if (value.isArray() && !value.isEmpty()) {
        return value.valueStream().map(OpenAiErrors::fault).collect(Collectors.joining("; "));
      }
    }
    return "";
  }

  /** A fault that FastAPI's validator found: {@code loc} says where, {@code msg} what. */
  private static String fault(JsonNode fault) {
    String place = place(fault);
    String words = fault.path("msg").asString("");
    return words.isEmpty()
        ? fault.isString() ? fault.asString() : fault.toString()
        : place.isEmpty() ? words : place + ": " + words;
  }

  private static String place(JsonNode fault) {
    return fault
        .path("loc")
        .valueStream()
        .map(step -> step.asString(""))
        .filter(step -> !step.equals("body"))
        .collect(Collectors.joining("."));
  }

  private static String word(JsonNode node) {
    return node.isString() || node.isNumber() ? node.asString() : "";
  }

  /** The whole envelope. */
  static ObjectNode write(Failure failure, Trail trail) {
    Words words = words(failure.kind());
    ObjectNode envelope = Json.object();
    ObjectNode error =
        envelope
            .putObject("error")
            .put("message", failure.message())
            .put("type", words.type)
            .put("param", failure.param().orElse(null))
            .put("code", words.own ? words.code : failure.code().orElse(words.code));
    error.set("lintel", failure.lintel(trail));
    return envelope;
  }

  /** Types and codes as OpenAI's API reference, "Error codes", gives them. */
  private static Words words(Failure.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST -> new Words("invalid_request_error", "invalid_request", false);
      case AUTHENTICATION -> new Words("invalid_request_error", "invalid_api_key", true);
      case PERMISSION -> new Words("invalid_request_error", "permission_denied", false);
      case NOT_FOUND -> new Words("invalid_request_error", "model_not_found", false);
      case PAYLOAD_TOO_LARGE -> new Words("invalid_request_error", "request_too_large", true);
      case CONTEXT_LENGTH_EXCEEDED ->
          new Words("invalid_request_error", "context_length_exceeded", true);
      case CONTENT_BLOCKED -> new Words("invalid_request_error", "content_policy_violation", false);
      case RATE_LIMITED -> new Words("rate_limit_error", "rate_limit_exceeded", true);
      case UPSTREAM_RATE_LIMITED -> new Words("rate_limit_error", "rate_limit_exceeded", false);
      case BUDGET_EXCEEDED -> new Words("insufficient_quota", "insufficient_quota", true);
      case UPSTREAM_OVERLOADED,
          UPSTREAM_UNAVAILABLE,
          UPSTREAM_ERROR,
          TIMEOUT,
          CANCELLED,
          UNAVAILABLE,
          INTERNAL ->
          new Words("server_error", kind.word(), false);
    };
  }
}
