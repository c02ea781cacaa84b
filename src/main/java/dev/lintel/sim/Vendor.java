package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Dialect;
import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * A provider as it stands behind one dialect: its paths and those of its habits that the dialect
 * does not decide.
 */
enum Vendor {
  OPENAI(
      "openai",
      "chatcmpl-",
      "call_",
      "",
      """
      data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant"}}]}

      """),
  ANTHROPIC(
      "anthropic",
      "msg_",
      "toolu_",
      "event: error\n",
      """
      event: ping
      data: {"type":"ping"}

      """),
  GEMINI(
      "gemini",
      "",
      "",
      "",
      """
      data: {"candidates":[{"index":0,"content":{"role":"model","parts":[]}}]}

      """),
  RESPONSES(
      "responses",
      "resp_",
      "call_",
      "event: error\n",
      """
      event: keepalive
      data: {"type":"keepalive","sequence_number":0}

      """),
  COHERE(
      "cohere",
      "",
      "call_",
      "",
      """
      event: message-start
      data: {"type":"message-start","delta":{"message":{"role":"assistant"}}}

      """),
  /** Its streams begin with a message of their own that says nothing. */
  BEDROCK("bedrock", "", "tooluse_", "", "");

  /** Whose other languages there are, by their names. */
  private static final Map<String, Vendor> OTHERS =
      Map.of(
          "completions", OPENAI,
          "embeddings", OPENAI,
          "rerank", OPENAI,
          "gemini-embed", GEMINI,
          "cohere-embed", COHERE,
          "cohere-rerank", COHERE,
          "titan-embed", BEDROCK);

  /**
   * Where chat is served.
   *
   * @param variables what the dialect expects among the path's variables beside those that the path
   *     itself gives
   */
  record Place(String path, Map<String, String> variables) {
    private static final String INVOKED = "/invoke-with-response-stream";

    /** Whether it is asked for a stream by its path alone, and streams in AWS's events. */
    boolean invoked() {
      return path.endsWith(INVOKED);
    }
  }

  /** Where Google's cloud has a project's models. */
  private static final String VERTEX = "/v1/projects/{project}/locations/{location}";

  private static final String CLAUDE = VERTEX + "/publishers/anthropic/models/{model*}";

  private final String dialect;
  private final String replyPrefix;
  private final String callPrefix;
  private final String errorEvent;
  private final String silence;

  Vendor(String dialect, String replyPrefix, String callPrefix, String errorEvent, String silence) {
    this.dialect = dialect;
    this.replyPrefix = replyPrefix;
    this.callPrefix = callPrefix;
    this.errorEvent = errorEvent;
    this.silence = silence;
  }

  static boolean isKnown(Dialect spoken) {
    return Arrays.stream(values()).anyMatch(vendor -> vendor.dialect.equals(spoken.name()));
  }

  /** Whose language that is beside its chat; empty where it is nobody's. */
  static Optional<Vendor> beside(Dialect spoken) {
    return Optional.ofNullable(OTHERS.get(spoken.name()));
  }

  /** Throws {@link IllegalArgumentException} where nobody has simulated the dialect's vendor. */
  static Vendor of(Dialect spoken) {
    return Arrays.stream(values())
        .filter(vendor -> vendor.dialect.equals(spoken.name()))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("no vendor is simulated for " + spoken.name()));
  }

  String dialect() {
    return dialect;
  }

  List<Place> places() {
    return switch (this) {
      case OPENAI ->
          Stream.concat(
                  openAi("/chat/completions"),
                  Stream.of(VERTEX + "/endpoints/openapi/chat/completions"))
              .map(path -> new Place(path, Map.of()))
              .toList();
      case ANTHROPIC ->
          List.of(
              new Place("/v1/messages", Map.of()),
              new Place("/anthropic/v1/messages", Map.of()),
              new Place(CLAUDE + ":rawPredict", Map.of()),
              new Place(CLAUDE + ":streamRawPredict", Map.of()),
              new Place("/model/anthropic.{model}/invoke", Map.of()),
              new Place("/model/{region}.anthropic.{model}/invoke", Map.of()),
              new Place("/model/anthropic.{model}" + Place.INVOKED, Map.of()),
              new Place("/model/{region}.anthropic.{model}" + Place.INVOKED, Map.of()));
      case COHERE -> List.of(new Place("/v2/chat", Map.of()));
      case GEMINI ->
          List.of(
              gemini("/v1beta", "generateContent"),
              gemini("/v1beta", "streamGenerateContent"),
              gemini("/v1", "generateContent"),
              gemini("/v1", "streamGenerateContent"),
              gemini(VERTEX + "/publishers/google", "generateContent"),
              gemini(VERTEX + "/publishers/google", "streamGenerateContent"));
      case RESPONSES -> openAi("/responses").map(path -> new Place(path, Map.of())).toList();
      case BEDROCK -> List.of(bedrock("converse"), bedrock("converse-stream"));
    };
  }

  /** Where OpenAI has that endpoint, and where Azure does. */
  static Stream<String> openAi(String endpoint) {
    return Stream.of("/v1", "/openai/v1", "/openai", "/openai/deployments/{model*}")
        .map(base -> base + endpoint);
  }

  /** Where the tokens of a prompt are counted; nowhere where the vendor does not. */
  List<Place> counters() {
    return switch (this) {
      case OPENAI, COHERE, BEDROCK, RESPONSES -> List.of();
      case ANTHROPIC -> List.of(new Place("/v1/messages/count_tokens", Map.of()));
      case GEMINI -> List.of(gemini("/v1beta", "countTokens"), gemini("/v1", "countTokens"));
    };
  }

  /** Whether that is the language in which this vendor is asked to count. */
  boolean counts(Dialect spoken) {
    return spoken.name().startsWith(dialect + "/count");
  }

  /** What the ids of its replies begin with; empty where it gives none. */
  String replyPrefix() {
    return replyPrefix;
  }

  /** The id of a tool call; empty where the vendor gives none, as Gemini does. */
  String callId(String seed) {
    return callPrefix.isEmpty() ? "" : callPrefix + Words.token(seed, 24);
  }

  /** An event that opens a stream and says nothing. */
  byte[] silence() {
    return silence.getBytes(StandardCharsets.UTF_8);
  }

  /** The error as the vendor writes it, without anything of the gateway's. */
  ObjectNode error(Trouble trouble, String message) {
    ObjectNode node = Json.object();
    switch (this) {
      case OPENAI, RESPONSES -> {
        ObjectNode error = node.putObject("error");
        error.put("message", message).put("type", trouble.openai()).putNull("param");
        if (trouble.openaiCode().isEmpty()) {
          error.putNull("code");
        } else {
          error.put("code", trouble.openaiCode());
        }
      }
      case ANTHROPIC -> {
        node.put("type", "error");
        node.putObject("error").put("type", trouble.anthropic()).put("message", message);
        node.put("request_id", "req_" + Words.token(message, 24));
      }
      case BEDROCK -> node.put("message", message);
      case GEMINI ->
          node.putObject("error")
              .put("code", trouble.status())
              .put("message", message)
              .put("status", trouble.gemini());
      case COHERE -> node.put("message", message).put("id", Words.token(message, 24));
    }
    return node;
  }

  /**
   * The same as an answer.
   *
   * @param status 200 where the error stands in an answer that looks good
   */
  Answer refusal(Trouble trouble, int status, String message) {
    byte[] body = Json.bytes(error(trouble, message));
    return switch (this) {
      case OPENAI, ANTHROPIC, GEMINI, COHERE, RESPONSES -> new Answer(status, Answer.JSON, body);
      case BEDROCK ->
          new Answer(status, Answer.JSON, body, Map.of("x-amzn-errortype", trouble.bedrock()));
    };
  }

  /** The same as an event of a stream. */
  byte[] errorEvent(Trouble trouble) {
    if (this == BEDROCK) {
      var event = new Bytes(256);
      String member =
          Character.toLowerCase(trouble.bedrock().charAt(0)) + trouble.bedrock().substring(1);
      AwsEvent.exception(member).write(Json.bytes(error(trouble, trouble.message())), event);
      return event.take();
    }
    if (this == COHERE) {
      ObjectNode end = Json.object().put("type", "message-end");
      end.putObject("delta").put("finish_reason", "ERROR").put("error", trouble.message());
      return ("event: message-end\ndata: " + Json.text(end) + "\n\n")
          .getBytes(StandardCharsets.UTF_8);
    }
    ObjectNode error = error(trouble, trouble.message());
    if (this == RESPONSES) {
      error.put("type", "error").put("sequence_number", 1);
    }
    String json = Json.text(error);
    return (errorEvent + "data: " + json + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  private static Place gemini(String version, String method) {
    return new Place(version + "/models/{model}:" + method, Map.of("method", method));
  }

  private static Place bedrock(String method) {
    return new Place("/model/{model}/" + method, Map.of("method", method));
  }
}
