package dev.lintel.compat;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One official SDK, driven the way its own documentation drives it, so that all answer to the same cases. */
interface Sdk {
  String name();

  /** Begins a conversation that the SDK's own types remember. */
  Chat chat(Settings settings);

  /** Empty where the SDK has no such list. */
  default Optional<List<String>> models(String key) {
    return Optional.empty();
  }

  /** One a text, of 64 dimensions; empty where the SDK has none. */
  default List<List<Float>> vectors(String key, String model, List<String> texts) {
    return List.of();
  }

  Refusal refusal(RuntimeException thrown);

  /** The most relevant first; empty where the SDK has no reranking. */
  default Optional<List<String>> ranked(
      String key, String model, String query, List<String> texts) {
    return Optional.empty();
  }

  default int wrongKeyStatus() {
    return 401;
  }

  /** Whether the SDK's exception tells how long to wait. */
  default boolean tellsWait() {
    return true;
  }

  /** Whether it tells the input tokens that the provider counted. */
  default boolean tellsInput(boolean stream) {
    return true;
  }

  interface Chat {
    default Answer say(String text) {
      return say(text, "");
    }

    /**
     * @param image a PNG in base64, or nothing
     */
    Answer say(String text, String image);

    Answer give(List<Result> results);
  }

  /**
   * @param schema of the answer; empty for plain text
   * @param maxTokens 0 for the usual
   */
  record Settings(
      String model,
      String key,
      boolean stream,
      String system,
      List<Tool> tools,
      Map<String, Object> schema,
      int maxTokens,
      boolean thinking) {
    static Settings of(String model, String key, boolean stream) {
      return new Settings(model, key, stream, "", List.of(), Map.of(), 0, false);
    }

    Settings model(String other) {
      return new Settings(other, key, stream, system, tools, schema, maxTokens, thinking);
    }

    Settings key(String other) {
      return new Settings(model, other, stream, system, tools, schema, maxTokens, thinking);
    }

    Settings system(String prompt) {
      return new Settings(model, key, stream, prompt, tools, schema, maxTokens, thinking);
    }

    Settings tools(Tool... offered) {
      return new Settings(model, key, stream, system, List.of(offered), schema, maxTokens, thinking);
    }

    Settings schema(Map<String, Object> wanted) {
      return new Settings(model, key, stream, system, tools, wanted, maxTokens, thinking);
    }

    Settings maxTokens(int most) {
      return new Settings(model, key, stream, system, tools, schema, most, thinking);
    }

    Settings thoughtful() {
      return new Settings(model, key, stream, system, tools, schema, maxTokens, true);
    }
  }

  record Tool(String name, String description, Map<String, Object> properties) {
    /** Every property is required. */
    Map<String, Object> parameters() {
      return Map.of(
          "type",
          "object",
          "properties",
          properties,
          "required",
          List.copyOf(properties.keySet()),
          "additionalProperties",
          false);
    }
  }

  record Call(String id, String name, Map<String, Object> arguments) {}

  record Result(Call call, Map<String, Object> value) {}

  /**
   * @param stop {@code stop}, {@code length}, {@code tools}, else the SDK's own word; empty where the
   *     answer did not say that it is complete
   */
  record Answer(
      String text, String thoughts, List<Call> calls, String stop, long input, long output) {}

  enum Kind {
    AUTHENTICATION,
    NOT_FOUND,
    RATE_LIMITED,
    OTHER
  }

  /**
   * @param retryAfter empty where the SDK does not tell
   */
  record Refusal(Kind kind, int status, String retryAfter) {}
}
