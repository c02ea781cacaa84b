package dev.lintel.sim;

/** An HTTP status with which a provider refuses, and what each vendor says with it. */
enum Trouble {
  BAD_REQUEST(
      400,
      "The request is not valid.",
      "invalid_request_error",
      "",
      "invalid_request_error",
      "INVALID_ARGUMENT",
      "ValidationException"),
  UNAUTHORIZED(
      401,
      "The API key that was given is not valid.",
      "invalid_request_error",
      "invalid_api_key",
      "authentication_error",
      "UNAUTHENTICATED",
      "UnrecognizedClientException"),
  FORBIDDEN(
      403,
      "The API key may not use this model.",
      "permission_error",
      "",
      "permission_error",
      "PERMISSION_DENIED",
      "AccessDeniedException"),
  NOT_FOUND(
      404,
      "The model does not exist.",
      "invalid_request_error",
      "model_not_found",
      "not_found_error",
      "NOT_FOUND",
      "ResourceNotFoundException"),
  RATE_LIMITED(
      429,
      "The rate limit of this account is reached.",
      "requests",
      "rate_limit_exceeded",
      "rate_limit_error",
      "RESOURCE_EXHAUSTED",
      "ThrottlingException"),
  INTERNAL(
      500,
      "The server had an internal error.",
      "server_error",
      "",
      "api_error",
      "INTERNAL",
      "InternalServerException"),
  BAD_GATEWAY(
      502,
      "Bad gateway.",
      "server_error",
      "",
      "api_error",
      "UNAVAILABLE",
      "InternalServerException"),
  UNAVAILABLE(
      503,
      "The service is not available for the moment.",
      "server_error",
      "",
      "api_error",
      "UNAVAILABLE",
      "ServiceUnavailableException"),
  GATEWAY_TIMEOUT(
      504,
      "The request took too long.",
      "server_error",
      "",
      "timeout_error",
      "DEADLINE_EXCEEDED",
      "ModelTimeoutException"),
  OVERLOADED(
      529,
      "The model is overloaded.",
      "server_error",
      "server_is_overloaded",
      "overloaded_error",
      "UNAVAILABLE",
      "ServiceUnavailableException");

  private final int status;
  private final String message;
  private final String openai;
  private final String openaiCode;
  private final String anthropic;
  private final String gemini;
  private final String bedrock;

  Trouble(
      int status,
      String message,
      String openai,
      String openaiCode,
      String anthropic,
      String gemini,
      String bedrock) {
    this.status = status;
    this.message = message;
    this.openai = openai;
    this.openaiCode = openaiCode;
    this.anthropic = anthropic;
    this.gemini = gemini;
    this.bedrock = bedrock;
  }

  int status() {
    return status;
  }

  String message() {
    return message;
  }

  /** OpenAI's {@code error.type}. */
  String openai() {
    return openai;
  }

  /** OpenAI's {@code error.code}; empty where it gives none. */
  String openaiCode() {
    return openaiCode;
  }

  /** Anthropic's {@code error.type}. */
  String anthropic() {
    return anthropic;
  }

  /** Gemini's {@code error.status}. */
  String gemini() {
    return gemini;
  }

  /** Bedrock's {@code x-amzn-errortype}. */
  String bedrock() {
    return bedrock;
  }
}
