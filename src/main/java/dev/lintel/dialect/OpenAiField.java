package dev.lintel.dialect;

import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A value in a request together with its place, so that whoever finds it of the wrong shape can
 * name it as the caller would.
 *
 * @param path such as {@code messages[3].content}; empty for the whole body
 */
record OpenAiField(JsonNode node, String path) {

  OpenAiField field(String key) {
    return new OpenAiField(node.path(key), path.isEmpty() ? key : path + "." + key);
  }

  /** Whether nothing stands there, or null. */
  boolean absent() {
    return node.isMissingNode() || node.isNull();
  }

  Failure wrong(String what) {
    return Failure.invalid("'" + path + "' " + what).at(path);
  }

  String text() {
    if (!node.isString()) {
      throw wrong("must be a string.");
    }
    return node.asString();
  }

  /** Empty where nothing stands there. */
  String textIfAny() {
    return absent() ? "" : text();
  }

  Optional<Boolean> flagIfAny() {
    if (absent()) {
      return Optional.empty();
    }
    if (!node.isBoolean()) {
      throw wrong("must be true or false.");
    }
    return Optional.of(node.booleanValue());
  }

  ObjectNode object() {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw wrong("must be an object.");
  }

  /** The elements of an array of objects. */
  List<OpenAiField> objects() {
    if (!node.isArray()) {
      throw wrong("must be an array.");
    }
    var list = new ArrayList<OpenAiField>(node.size());
    for (int i = 0; i < node.size(); i++) {
      var element = new OpenAiField(node.get(i), path + "[" + i + "]");
      element.object();
      list.add(element);
    }
    return list;
  }

  /**
   * The members that are none of those known, for the same dialect to put back. What says nothing
   * (null, an empty array) is left out: clients echo whole messages with all their empty fields.
   */
  Extra rest(Set<String> known) {
    ObjectNode rest = null;
    for (var member : object().properties()) {
      JsonNode value = member.getValue();
      if (!known.contains(member.getKey())
          && !value.isNull()
          && !(value.isArray() && value.isEmpty())) {
        rest = rest == null ? Json.object() : rest;
        rest.set(member.getKey(), value);
      }
    }
    return rest == null ? Extra.NONE : new Extra(OpenAiChat.NAME, rest);
  }
}
