package dev.lintel.dialect;

import dev.lintel.Answer;
import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Bedrock's exceptions: as answers with their name in {@code x-amzn-errortype}, and as the last
 * message of a stream. Names and statuses are those of botocore's {@code
 * bedrock-runtime/2023-09-30/service-2.json}.
 */
final class BedrockErrors {
  private static final String TYPE = "x-amzn-errortype";
  private static final String EXCEPTION = "exception/";
  private static final String ERROR = "error/";

  /** An exception that a client may meet. */
  private enum Named {
    VALIDATION("ValidationException", 400, "validationException"),
    ACCESS_DENIED("AccessDeniedException", 403, "validationException"),
    NOT_FOUND("ResourceNotFoundException", 404, "validationException"),
    THROTTLING("ThrottlingException", 429, "throttlingException"),
    TIMEOUT("ModelTimeoutException", 504, "modelStreamErrorException"),
    MODEL("ModelErrorException", 502, "modelStreamErrorException"),
    UNAVAILABLE("ServiceUnavailableException", 503, "serviceUnavailableException"),
    INTERNAL("InternalServerException", 500, "internalServerException");

    final String type;
    final int status;

    /** The stream's member that says it: a stream has no words for the others. */
    final AwsEvent event;

    Named(String type, int status, String member) {
      this.type = type;
      this.status = status;
      this.event = AwsEvent.exception(member);
    }
  }

  /** The statuses of the exceptions that streams and replies with status 200 name. */
  private static final Map<String, Integer> STATUSES =
      Map.of(
          "throttlingexception", 429,
          "modelnotreadyexception", 429,
          "validationexception", 400,
          "accessdeniedexception", 403,
          "resourcenotfoundexception", 404,
          "modeltimeoutexception", 408,
          "modelerrorexception", 424,
          "modelstreamerrorexception", 424,
          "serviceunavailableexception", 503,
          "internalserverexception", 500);

  private BedrockErrors() {}

  private static Named named(Failure.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED, CONTENT_BLOCKED, PAYLOAD_TOO_LARGE ->
          Named.VALIDATION;
      case AUTHENTICATION, PERMISSION -> Named.ACCESS_DENIED;
      case NOT_FOUND -> Named.NOT_FOUND;
      case RATE_LIMITED, BUDGET_EXCEEDED, UPSTREAM_RATE_LIMITED -> Named.THROTTLING;
      case TIMEOUT -> Named.TIMEOUT;
      case UPSTREAM_ERROR -> Named.MODEL;
      case UPSTREAM_OVERLOADED, UPSTREAM_UNAVAILABLE, UNAVAILABLE -> Named.UNAVAILABLE;
      case CANCELLED, INTERNAL -> Named.INTERNAL;
    };
  }

  static Answer answer(Failure failure, Trail trail) {
    Named named = named(failure.kind());
    boolean usual = failure.status() == failure.kind().status();
    int status =
        switch (named) {
          // Its kinds have statuses of their own.
          case VALIDATION, MODEL -> failure.status();
          case ACCESS_DENIED, NOT_FOUND, THROTTLING, TIMEOUT, UNAVAILABLE, INTERNAL ->
              usual ? named.status : failure.status();
        };
    return new Answer(
        status,
        Answer.JSON,
        Json.bytes(body(failure, trail)),
        Map.of(TYPE, named.type, "x-amzn-requestid", trail.id()));
  }

  /** Adds the exception that ends a stream. */
  static void event(Failure failure, Trail trail, Bytes out) {
    named(failure.kind()).event.write(Json.bytes(body(failure, trail)), out);
  }

  private static ObjectNode body(Failure failure, Trail trail) {
    return Json.object().put("message", failure.message()).set("lintel", failure.lintel(trail));
  }

  /** Throws what an exception's message stands for; returns for any other event. */
  static void check(Frame frame) {
    String event = frame.event();
    if (event.startsWith(EXCEPTION) || event.startsWith(ERROR)) {
      String type = event.substring(event.indexOf('/') + 1);
      throw of(200, Headers.NONE, type, tree(frame));
    }
  }

  private static JsonNode tree(Frame frame) {
    try {
      return Json.parse(frame.data(), frame.dataOffset(), frame.dataLength());
    } catch (JacksonException words) {
      return Json.object().put("message", frame.text());
    }
  }

  static Failure read(int status, Headers headers, JsonNode body) {
    String type = headers.get(TYPE).orElse(body.path("__type").asString(""));
    return of(status, headers, type, body);
  }

  /**
   * @param status of the reply; 200 means that the type says it
   * @param type as AWS's protocols write it: with a namespace before {@code #}, or with an address
   *     behind a colon
   */
  private static Failure of(int status, Headers headers, String type, JsonNode body) {
    String name = type.substring(type.lastIndexOf('#') + 1);
    int colon = name.indexOf(':');
    name = colon < 0 ? name : name.substring(0, colon);
    int known = status == 200 ? STATUSES.getOrDefault(name.toLowerCase(Locale.ROOT), 200) : status;
    String message = body.path("message").asString(body.path("Message").asString(""));
    return ProviderErrors.of(known, headers, name, "", message);
  }
}
