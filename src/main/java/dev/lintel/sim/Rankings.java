package dev.lintel.sim;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Body;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The vendors' reranking: a document fits as well as its {@link Vectors vector} does. */
final class Rankings {
  private static final int DIMENSIONS = 256;

  /** A document, and the cosine of its angle to the query. */
  private record Ranked(int index, JsonNode document, double score) {}

  private Rankings() {}

  static List<Embeddings.Place> places(Vendor vendor) {
    return switch (vendor) {
      case OPENAI -> List.of(new Embeddings.Place("/v1/rerank", Rankings::jina));
      case COHERE -> List.of(new Embeddings.Place("/v2/rerank", Rankings::cohere));
      case RESPONSES, ANTHROPIC, GEMINI, BEDROCK -> List.of();
    };
  }

  private static Reply jina(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElseThrow(() -> missing("model"));
    ObjectNode reply = Json.object().put("model", model).put("object", "list");
    boolean shown = !body.has("return_documents") || body.flag("return_documents");
    long tokens = 0;
    ArrayNode results = reply.putArray("results");
    for (Ranked ranked : ranked(body)) {
      ObjectNode result = results.addObject().put("index", ranked.index);
      result.put("relevance_score", ranked.score);
      if (shown) {
        result.putObject("document").put("text", text(ranked.document));
      }
      tokens += 1 + text(ranked.document).length() / 4;
    }
    SimOptions own = options.call(raw, model);
    reply.putObject("usage").put("total_tokens", own.figure(Option.INPUT_TOKENS, tokens));
    return Reply.whole(Json.bytes(reply), 0, own);
  }

  private static Reply cohere(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElseThrow(() -> missing("model"));
    ObjectNode reply = Json.object().put("id", Words.token(new String(raw.body(), UTF_8), 24));
    ArrayNode results = reply.putArray("results");
    for (Ranked ranked : ranked(body)) {
      if (!ranked.document.isString()) {
        throw Failure.invalid("'documents' must be strings.").at("documents");
      }
      results.addObject().put("index", ranked.index).put("relevance_score", ranked.score);
    }
    ObjectNode meta = reply.putObject("meta");
    meta.putObject("api_version").put("version", "2");
    // A search is a query with up to a hundred documents: https://cohere.com/pricing.
    int searches = (body.value("documents").orElse(Json.array()).size() + 99) / 100;
    meta.putObject("billed_units").put("search_units", searches);
    return Reply.whole(Json.bytes(reply), 0, options.call(raw, model));
  }

  private static List<Ranked> ranked(Body body) {
    float[] query = Vectors.of(body.text("query").orElseThrow(() -> missing("query")), DIMENSIONS);
    var all = new ArrayList<Ranked>();
    for (JsonNode document : body.value("documents").orElseThrow(() -> missing("documents"))) {
      float[] vector = Vectors.of(text(document), DIMENSIONS);
      double cosine = 0;
      for (int i = 0; i < DIMENSIONS; i++) {
        cosine += (double) query[i] * vector[i];
      }
      all.add(new Ranked(all.size(), document, (1 + cosine) / 2));
    }
    all.sort(Comparator.comparingDouble(Ranked::score).reversed());
    int most = body.value("top_n").map(number -> number.asInt(0)).orElse(all.size());
    return all.subList(0, Math.min(all.size(), Math.max(0, most)));
  }

  private static String text(JsonNode document) {
    return document.isObject() ? document.path("text").asString("") : document.asString("");
  }

  private static Failure missing(String field) {
    return Failure.invalid("'" + field + "' is missing.").at(field);
  }
}
