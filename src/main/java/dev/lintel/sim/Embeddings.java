package dev.lintel.sim;

import dev.lintel.Body;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The vendors' embedding calls, answered with {@link Vectors}. */
final class Embeddings {
  private static final int USUAL = 256;
  private static final int MOST = 4096;

  /** Where embeddings are served, and what the reply's body is there. */
  record Place(String path, Model model) {}

  /** Answers one request. */
  @FunctionalInterface
  interface Model {
    /** Throws {@link Failure} {@code INVALID_REQUEST} naming the field at fault. */
    Reply answer(RawRequest request, SimOptions options);
  }

  private Embeddings() {}

  static List<Place> places(Vendor vendor) {
    return switch (vendor) {
      case OPENAI ->
          Vendor.openAi("/embeddings").map(path -> new Place(path, Embeddings::openai)).toList();
      case ANTHROPIC, RESPONSES -> List.of();
      case GEMINI ->
          List.of(
              new Place("/v1beta/models/{model}:embedContent", Embeddings::gemini),
              new Place("/v1/models/{model}:embedContent", Embeddings::gemini),
              new Place("/v1beta/models/{model}:batchEmbedContents", Embeddings::geminiBatch),
              new Place("/v1/models/{model}:batchEmbedContents", Embeddings::geminiBatch));
      case COHERE -> List.of(new Place("/v2/embed", Embeddings::cohere));
      case BEDROCK -> List.of(new Place("/model/{model*}/invoke", Embeddings::bedrock));
    };
  }

  /** One path serves every maker's models, each in its own language. */
  private static Reply bedrock(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    return body.has("inputText") || body.has("inputImage")
        ? titan(raw, body, options)
        : cohere(raw, options);
  }

  private static Reply titan(RawRequest raw, Body body, SimOptions options) {
    SimOptions own = options.call(raw, named(raw));
    String text = body.text("inputText").orElse("") + body.text("inputImage").orElse("");
    JsonNode asked =
        body.value("embeddingConfig")
            .map(config -> config.path("outputEmbeddingLength"))
            .or(() -> body.value("dimensions"))
            .orElse(Json.MAPPER.nullNode());
    ObjectNode reply = Json.object();
    reply.set("embedding", array(Vectors.of(text, checked(asked, "dimensions"))));
    reply.put("inputTextTokenCount", own.figure(Option.INPUT_TOKENS, 1 + text.length() / 4));
    return Reply.whole(Json.bytes(reply), 0, own);
  }

  private static Reply cohere(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    boolean bedrock = raw.path().containsKey("model");
    SimOptions own =
        options.call(
            raw, bedrock ? named(raw) : body.text("model").orElseThrow(() -> missing("model")));
    if (!body.has("input_type")) {
      throw missing("input_type");
    }
    var texts = new ArrayList<String>();
    for (String field : List.of("texts", "images", "inputs")) {
      for (JsonNode one : body.value(field).orElse(Json.array())) {
        texts.add(one.isString() ? one.asString() : Json.text(one));
      }
    }
    if (texts.isEmpty()) {
      throw missing("texts");
    }
    int dimensions = dimensions(body, "output_dimension");
    JsonNode types = body.value("embedding_types").orElse(Json.array().add("float"));
    ObjectNode reply = Json.object().put("id", Words.token(texts.toString(), 24));
    ObjectNode embeddings = reply.putObject("embeddings");
    long tokens = 0;
    for (String text : texts) {
      float[] vector = Vectors.of(text, dimensions);
      for (JsonNode type : types) {
        embeddings.withArray(type.asString()).add(cohere(type.asString(), vector));
      }
      tokens += 1 + text.length() / 4;
    }
    reply.set("texts", body.value("texts").orElse(Json.array()));
    ObjectNode meta = reply.putObject("meta");
    meta.putObject("api_version").put("version", "2");
    meta.putObject("billed_units").put("input_tokens", own.figure(Option.INPUT_TOKENS, tokens));
    return Reply.whole(Json.bytes(reply.put("response_type", "embeddings_by_type")), 0, own);
  }

  /** The bits are signs; a byte is a number of 127ths. */
  private static JsonNode cohere(String type, float[] vector) {
    ArrayNode array = Json.array();
    switch (type) {
      case "float" -> {
        return array(vector);
      }
      case "base64" -> {
        return Json.MAPPER.valueToTree(Vectors.base64(vector));
      }
      case "int8", "uint8" -> {
        for (float component : vector) {
          array.add(Math.round(component * 127) + (type.equals("int8") ? 0 : 128));
        }
      }
      case "binary", "ubinary" -> {
        for (int from = 0; from < vector.length; from += 8) {
          int bits = 0;
          for (int i = from; i < from + 8; i++) {
            bits = bits << 1 | (i < vector.length && vector[i] > 0 ? 1 : 0);
          }
          array.add(type.equals("binary") ? bits - 128 : bits);
        }
      }
      default ->
          throw Failure.invalid("'embedding_types' has an unknown type: " + type + ".")
              .at("embedding_types");
    }
    return array;
  }

  private static Reply openai(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElseThrow(() -> missing("model"));
    SimOptions own = options.call(raw, model);
    List<String> texts = inputs(body.value("input").orElseThrow(() -> missing("input")));
    int dimensions = dimensions(body, "dimensions");
    boolean packed = body.text("encoding_format").filter("base64"::equals).isPresent();
    ObjectNode reply = Json.object().put("object", "list");
    ArrayNode data = reply.putArray("data");
    long tokens = 0;
    for (String text : texts) {
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", data.size() - 1);
      float[] vector = Vectors.of(text, dimensions);
      if (packed) {
        entry.put("embedding", Vectors.base64(vector));
      } else {
        entry.set("embedding", array(vector));
      }
      tokens += 1 + text.length() / 4;
    }
    long counted = own.figure(Option.INPUT_TOKENS, tokens);
    reply.put("model", model);
    reply.putObject("usage").put("prompt_tokens", counted).put("total_tokens", counted);
    return Reply.whole(Json.bytes(reply), 0, own);
  }

  /** A text, several, the numbers of a text's tokens, or several of those. */
  private static List<String> inputs(JsonNode input) {
    if (input.isString()) {
      return List.of(input.asString());
    }
    if (!input.isArray() || input.isEmpty()) {
      throw Failure.invalid("'input' must be a string or an array that is not empty.").at("input");
    }
    if (input.get(0).isNumber()) {
      return List.of(Json.text(input));
    }
    var texts = new ArrayList<String>();
    for (JsonNode one : input) {
      texts.add(one.isString() ? one.asString() : Json.text(one));
    }
    return texts;
  }

  private static Reply gemini(RawRequest raw, SimOptions options) {
    ObjectNode reply = Json.object();
    reply.set("embedding", content(Body.scan(raw.body()).tree()));
    return Reply.whole(Json.bytes(reply), 0, options.call(raw, named(raw)));
  }

  private static Reply geminiBatch(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    body.requireObjects("requests");
    ObjectNode reply = Json.object();
    ArrayNode all = reply.putArray("embeddings");
    for (JsonNode one : body.tree().get("requests")) {
      all.add(content(one));
    }
    return Reply.whole(Json.bytes(reply), 0, options.call(raw, named(raw)));
  }

  private static ObjectNode content(JsonNode request) {
    var text = new StringBuilder();
    for (JsonNode part : request.path("content").path("parts")) {
      text.append(part.path("text").asString("")).append(' ');
    }
    if (text.isEmpty()) {
      throw missing("content.parts");
    }
    ObjectNode embedding = Json.object();
    int dimensions = checked(request.path("outputDimensionality"), "outputDimensionality");
    embedding.set("values", array(Vectors.of(text.toString().strip(), dimensions)));
    return embedding;
  }

  private static String named(RawRequest raw) {
    return raw.path().getOrDefault("model", "");
  }

  private static int dimensions(Body body, String field) {
    return checked(body.value(field).orElse(Json.MAPPER.nullNode()), field);
  }

  private static int checked(JsonNode given, String field) {
    if (given.isNull() || given.isMissingNode()) {
      return USUAL;
    }
    if (!given.isInt() || given.asInt() < 1 || given.asInt() > MOST) {
      throw Failure.invalid("'" + field + "' must be a whole number from 1 to " + MOST + ".")
          .at(field);
    }
    return given.asInt();
  }

  private static ArrayNode array(float[] vector) {
    ArrayNode array = Json.array();
    for (float component : vector) {
      array.add(component);
    }
    return array;
  }

  private static Failure missing(String field) {
    return Failure.invalid("'" + field + "' is missing.").at(field);
  }
}
