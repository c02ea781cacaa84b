package dev.lintel.dialect;

import dev.lintel.Body;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Stateful;
import dev.lintel.Ties;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A request's input items as they stand on the wire, read and changed without the common model. */
final class ResponsesInput {
  private static final String PREVIOUS = "previous_response_id";
  private static final String CONVERSATION = "conversation";
  private static final String REFERENCE = "item_reference";
  private static final String SEALED = "encrypted_content";

  /** Requests without these words name no item: most need not be parsed to see that. */
  private static final List<byte[]> WORDS =
      List.of(
          ('"' + REFERENCE + '"').getBytes(StandardCharsets.US_ASCII),
          ('"' + SEALED + '"').getBytes(StandardCharsets.US_ASCII));

  private ResponsesInput() {}

  /**
   * The items without what the gateway wrote into them: ids of calls as they were issued, and no
   * thought of another vendor's.
   */
  static JsonNode unproved(JsonNode input) {
    if (!input.isArray()) {
      return input;
    }
    ArrayNode items = Json.array();
    for (JsonNode item : input) {
      String proof = item.path(SEALED).asString("");
      if (isProof(proof)) {
        continue;
      }
      String id = item.path("call_id").asString("");
      boolean shown = id.startsWith(ToolId.MARK) && item.isObject();
      items.add(
          shown
              ? ((ObjectNode) item.deepCopy())
                  .put("call_id", ToolId.fitted(ToolId.of(id).id(), ToolId.USUAL))
              : item);
    }
    return items;
  }

  private static boolean isProof(String sealed) {
    return Proof.decode(sealed).isPresent() || Proofs.decode(sealed).isPresent();
  }

  static Ties ties(Body body) {
    var references = new ArrayList<Ties.Named>();
    var sealed = new ArrayList<Ties.Named>();
    if (within(body.bytes())) {
      JsonNode input = body.tree().path("input");
      for (int i = 0; i < input.size(); i++) {
        JsonNode item = input.get(i);
        String id = item.path("id").asString("");
        String proof = item.path(SEALED).asString("");
        if (item.path("type").asString("").equals(REFERENCE)) {
          if (id.isEmpty()) {
            String place = "input[" + i + "].id";
            throw Failure.invalid("'" + place + "' is missing.").at(place);
          }
          references.add(new Ties.Named(id, "input[" + i + "].id"));
        } else if (!proof.isEmpty() && !isProof(proof)) {
          sealed.add(new Ties.Named(sealed(proof), "input[" + i + "]." + SEALED));
        }
      }
    }
    boolean kept =
        body.value("store").map(store -> !store.isBoolean() || store.asBoolean()).orElse(true);
    return new Ties(
        body.text(PREVIOUS).filter(id -> !id.isEmpty()),
        conversation(body),
        references,
        sealed,
        kept);
  }

  /** An id, or an object that has it. */
  private static Optional<String> conversation(Body body) {
    if (!body.has(CONVERSATION) || body.isText(CONVERSATION)) {
      return body.text(CONVERSATION);
    }
    return body.value(CONVERSATION)
        .filter(given -> !given.isNull())
        .map(given -> {
          if (!given.path("id").isString()) {
            throw Failure.invalid("'conversation' must be an id, or an object that has it.")
                .at(CONVERSATION);
          }
          return given.path("id").asString();
        });
  }

  private static boolean within(byte[] body) {
    for (int i = 0; i < body.length; i++) {
      if (body[i] == '"') {
        for (byte[] word : WORDS) {
          int end = i + word.length;
          if (end <= body.length && Arrays.equals(body, i, end, word, 0, word.length)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** By which a sealed thought is known: some clients leave its id out. */
  static String sealed(String content) {
    return "sealed_" + ToolNames.hex(content, 32);
  }

  static List<JsonNode> items(JsonNode input) {
    if (!input.isString()) {
      return input.valueStream().toList();
    }
    ObjectNode message = Json.object().put("type", "message").put("role", "user");
    message.putArray("content").addObject().put("type", "input_text").put("text", input.asString());
    return List.of(message);
  }

  /** What changes in a request once it is known what its names stand for. */
  static Map<String, Optional<byte[]>> tied(Body body, Stateful.Knowledge knowledge) {
    var changes = new HashMap<String, Optional<byte[]>>(4);
    if (body.has(PREVIOUS)) {
      changes.put(PREVIOUS, knowledge.previous().map(Json::string));
    }
    if (knowledge.before().isEmpty()
        && knowledge.items().isEmpty()
        && knowledge.without().isEmpty()) {
      return changes;
    }
    ArrayNode input = Json.array();
    knowledge.before().forEach(input::add);
    for (JsonNode item : items(body.tree().path("input"))) {
      String id = item.path("id").asString("");
      boolean reference = item.path("type").asString("").equals(REFERENCE);
      if (reference && knowledge.items().containsKey(id)) {
        input.add(knowledge.items().get(id));
      } else if (!isWithout(item, knowledge.without())) {
        input.add(item);
      }
    }
    changes.put("input", Optional.of(Json.bytes(input)));
    return changes;
  }

  private static boolean isWithout(JsonNode item, Set<String> without) {
    String content = item.path(SEALED).asString("");
    return !without.isEmpty() && !content.isEmpty() && without.contains(sealed(content));
  }
}
