package dev.lintel;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/**
 * What a call asked for, without what it said: enough to tell where it would go under another
 * configuration. As the caller asked, before any policy forced or bounded something.
 *
 * @param endpoint in the words of {@link Service}; empty where the request was not read
 * @param inputTokens a guess; 0 where nobody can tell
 * @param maxTokens of the answer; 0 where the request does not say
 * @param tools how many the model is offered; -1 where nobody has read the conversation
 * @param images how many the model is shown; -1 likewise
 * @param terms those that were given, but for those which stand beside
 */
public record Asked(
    String endpoint,
    long inputTokens,
    long maxTokens,
    int tools,
    int images,
    Map<String, String> terms) {
  public static final Asked NOTHING = new Asked("", 0, 0, -1, -1, Map.of());

  private static final SerializedString ENDPOINT = new SerializedString("endpoint");
  private static final SerializedString REQUEST = new SerializedString("request");
  private static final SerializedString INPUT_TOKENS = new SerializedString("input_tokens");
  private static final SerializedString MAX_TOKENS = new SerializedString("max_tokens");
  private static final Set<String> BESIDE = Set.of("use_case", "user", "tags");

  static Asked of(Request request, Terms terms) {
    if (request instanceof Request.Unread) {
      return NOTHING;
    }
    boolean known = !(request instanceof Chat chat) || chat.isRead();
    return new Asked(
        Service.of(request).word(),
        known ? Extent.inputTokens(request) : Chat.of(request).estimatedTokens(),
        Extent.maxTokens(request),
        known ? Extent.tools(request) : -1,
        known ? Extent.images(request) : -1,
        terms.values().isEmpty() ? Map.of() : others(terms.values()));
  }

  private static Map<String, String> others(Map<String, String> values) {
    return values.entrySet().stream()
        .filter(one -> !BESIDE.contains(one.getKey()))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** {@code endpoint}, {@code request} and {@code terms}, into an object that is open. */
  void write(JsonGenerator json) {
    if (endpoint.isEmpty()) {
      return;
    }
    json.writeName(ENDPOINT);
    json.writeString(endpoint);
    json.writeName(REQUEST);
    json.writeStartObject();
    json.writeName(INPUT_TOKENS);
    json.writeNumber(inputTokens);
    json.writeName(MAX_TOKENS);
    json.writeNumber(maxTokens);
    if (tools >= 0) {
      json.writeNumberProperty("tools", tools);
    }
    if (images >= 0) {
      json.writeNumberProperty("images", images);
    }
    json.writeEndObject();
    if (!terms.isEmpty()) {
      json.writeObjectPropertyStart("terms");
      terms.forEach(json::writeStringProperty);
      json.writeEndObject();
    }
  }
}
