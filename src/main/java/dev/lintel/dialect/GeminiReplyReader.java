package dev.lintel.dialect;

import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.ReplyReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a {@code generateContent} reply or the events of {@code streamGenerateContent}, which have
 * the same shape. Of several candidates the first is read; the others are in the frames only.
 */
final class GeminiReplyReader implements ReplyReader {
  private static final Set<String> FILTERED =
      Set.of(
          "SAFETY",
          "RECITATION",
          "LANGUAGE",
          "BLOCKLIST",
          "PROHIBITED_CONTENT",
          "SPII",
          "IMAGE_SAFETY",
          "IMAGE_PROHIBITED_CONTENT",
          "IMAGE_RECITATION");

  /** The model failed at calling a tool: no call exists, and agents that see none loop. */
  private static final Set<String> FAILED =
      Set.of(
          "MALFORMED_FUNCTION_CALL",
          "UNEXPECTED_TOOL_CALL",
          "MALFORMED_RESPONSE",
          "MISSING_THOUGHT_SIGNATURE");

  /** What the common model has words for. */
  private static final Set<String> KNOWN_OF_CANDIDATE =
      Set.of("content", "finishReason", "finishMessage", "index");

  private static final Set<String> KNOWN_OF_REPLY =
      Set.of("candidates", "usageMetadata", "modelVersion", "responseId", "createTime");

  private final ToolNames.Back names;
  private boolean started;
  private boolean finished;
  private int calls;

  GeminiReplyReader(Chat chat) {
    this.names = new ToolNames.Back(ToolNames.GEMINI, chat, Gemini.asItIs(chat).isPresent());
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode root = parse(body, 0, body.length);
    List<Part> parts = read(root);
    if (!root.path("candidates").path(0).isObject()) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider answered without a candidate.")
          .upstream(200);
    }
    if (!finished && parts.stream().noneMatch(Part::content)) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider answered nothing.").upstream(200);
    }
    if (!finished) {
      // The JSON is whole, so the answer is: some servers leave the reason out.
      parts.add(new Part.Stop(calls > 0 ? Reason.TOOL_USE : Reason.END, Gemini.NAME, "", ""));
    }
    return new Chunk(parts, Frame.whole(Gemini.NAME, body));
  }

  @Override
  public Chunk event(Frame frame) {
    List<Part> usual = started ? GeminiTextEvent.read(frame) : null;
    if (usual != null) {
      return new Chunk(usual, frame);
    }
    return new Chunk(read(parse(frame.data(), frame.dataOffset(), frame.dataLength())), frame);
  }

  @Override
  public void end() {
    if (!finished) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's stream ended before its answer did.");
    }
  }

  private static JsonNode parse(byte[] bytes, int offset, int length) {
    JsonNode root;
    try {
      root = Json.parse(bytes, offset, length);
    } catch (JacksonException broken) {
      throw Garbled.reply("what is not JSON");
    }
    JsonNode error = GeminiErrors.error(root);
    if (error.isObject()) {
      throw GeminiErrors.failure(error);
    }
    if (!root.isObject()) {
      throw Garbled.reply("JSON that is no reply");
    }
    return root;
  }

  private List<Part> read(JsonNode root) {
    var parts = new ArrayList<Part>(4);
    if (!started) {
      started = true;
      parts.add(
          new Part.Start(
              root.path("responseId").asString(""), root.path("modelVersion").asString("")));
    }
    JsonNode candidates = root.path("candidates");
    if (candidates.isEmpty()) {
      blocked(root.path("promptFeedback"));
    }
    for (JsonNode candidate : candidates) {
      if (candidate.path("index").asInt(0) == 0) {
        int before = parts.size();
        for (JsonNode part : candidate.path("content").path("parts")) {
          part(part, parts);
        }
        if (parts.size() > before) {
          rest(candidate, root, parts);
        }
        usage(root, parts);
        stop(candidate, parts);
        return parts;
      }
    }
    usage(root, parts);
    return parts;
  }

  private void blocked(JsonNode feedback) {
    String reason = feedback.path("blockReason").asString("");
    if (!reason.isEmpty() && !finished) {
      String words = feedback.path("blockReasonMessage").asString("");
      throw Failure.of(
              Failure.Kind.CONTENT_BLOCKED,
              words.isEmpty()
                  ? "The provider blocked the prompt: " + reason + "."
                  : ProviderErrors.scrub(words))
          .code(reason)
          .upstream(200);
    }
  }

  private void part(JsonNode part, List<Part> parts) {
    String signature = part.path("thoughtSignature").asString("");
    JsonNode text = part.path("text");
    if (text.isString() && part.path("thought").asBoolean(false)) {
      parts.add(new Part.Thought(text.asString(), signature, Gemini.NAME, false));
      return;
    }
    JsonNode call = part.path("functionCall");
    if (call.path("name").isString()) {
      String id = call.path("id").asString("");
      JsonNode args = call.path("args");
      parts.add(
          new Part.ToolUse(
              calls++,
              id.isEmpty() ? GeminiIds.next() : id,
              names.of(call.get("name").asString()),
              args.isObject() ? Json.text(args) : "{}",
              signature,
              Gemini.NAME));
      return;
    }
    JsonNode inline = part.path("inlineData");
    boolean known = text.isString() || inline.isObject() || onlySigned(part);
    if (!known) {
      parts.add(new Part.Native(new Extra(Gemini.NAME, Json.object().set("part", part))));
      return;
    }
    if (!signature.isEmpty()) {
      parts.add(new Part.Thought("", signature, Gemini.NAME, false));
    }
    if (inline.isObject()) {
      parts.add(
          new Part.Media(inline.path("mimeType").asString(""), inline.path("data").asString("")));
    } else if (!text.asString("").isEmpty()) {
      parts.add(new Part.Text(text.asString()));
    }
  }

  private static boolean onlySigned(JsonNode part) {
    return part.isEmpty() || (part.size() == 1 && part.has("thoughtSignature"));
  }

  /** Grounding, citations, ratings: for a writer of this dialect, should the frame be lost. */
  private static void rest(JsonNode candidate, JsonNode root, List<Part> parts) {
    ObjectNode ofCandidate = unknown(candidate, KNOWN_OF_CANDIDATE);
    ObjectNode ofReply = unknown(root, KNOWN_OF_REPLY);
    if (!ofCandidate.isEmpty() || !ofReply.isEmpty()) {
      ObjectNode fields = Json.object();
      fields.set("candidate", ofCandidate);
      fields.set("reply", ofReply);
      parts.add(new Part.Native(new Extra(Gemini.NAME, fields)));
    }
  }

  private static ObjectNode unknown(JsonNode node, Set<String> known) {
    ObjectNode rest = Json.object();
    for (var field : node.properties()) {
      if (!known.contains(field.getKey())) {
        rest.set(field.getKey(), field.getValue());
      }
    }
    return rest;
  }

  private void stop(JsonNode candidate, List<Part> parts) {
    String word = candidate.path("finishReason").asString("");
    if (word.isEmpty()) {
      return;
    }
    String message = candidate.path("finishMessage").asString("");
    if (FAILED.contains(word)) {
      throw Failure.of(
              Failure.Kind.UPSTREAM_ERROR,
              "The model ended with "
                  + word
                  + (message.isEmpty() ? "." : ": " + ProviderErrors.scrub(message)))
          .code(word)
          .upstream(200);
    }
    finished = true;
    Reason reason;
    if (FILTERED.contains(word)) {
      reason = Reason.CONTENT_FILTER;
    } else if (word.equals("MAX_TOKENS")) {
      reason = Reason.LENGTH;
    } else {
      reason = calls > 0 ? Reason.TOOL_USE : Reason.END;
    }
    parts.add(new Part.Stop(reason, Gemini.NAME, word, message));
  }

  /** Every event has the figures so far, so the last ones hold. */
  private static void usage(JsonNode root, List<Part> parts) {
    JsonNode usage = root.path("usageMetadata");
    if (usage.has("promptTokenCount") || usage.has("candidatesTokenCount")) {
      parts.add(GeminiUsage.read(usage));
    }
  }
}
