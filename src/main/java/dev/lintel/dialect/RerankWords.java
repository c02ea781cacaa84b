package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Rerank;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What both languages of reranking share, which is nearly all. */
final class RerankWords {
  private static final Comparator<Part.Score> BEST_FIRST =
      Comparator.comparing(Part.Score::relevance).reversed();

  private RerankWords() {}

  /** A request's body without what is read elsewhere. */
  static Fields fields(Fields.Manner manner, Inbound inbound) {
    return Fields.of(manner, inbound.body().tree())
        .ignore("model")
        .ignore(Fit.gatewayFields(inbound.body()).toArray(String[]::new));
  }

  /** Throws {@link Failure} naming the field where the request makes no sense. */
  static Rerank read(Dialect dialect, Inbound inbound, Fields fields, boolean shown) {
    String model = OpenAiChat.model(inbound);
    String query = fields.text("query");
    if (query.isEmpty()) {
      throw Failure.invalid("'query' must not be empty.").at("query");
    }
    JsonNode given = fields.needed("documents");
    if (!given.isArray()) {
      throw fields.wrong("documents", "an array");
    }
    EmbedWords.count("documents", given.size(), Integer.MAX_VALUE);
    var documents = new ArrayList<JsonNode>(given.size());
    for (JsonNode document : given) {
      if (!document.isString() && !document.isObject()) {
        String place = "documents[" + documents.size() + "]";
        throw Failure.invalid("'" + place + "' must be a string or an object.").at(place);
      }
      documents.add(document);
    }
    OptionalInt most =
        fields
            .integer("top_n")
            .map(number -> OptionalInt.of(EmbedWords.positive("top_n", number)))
            .orElse(OptionalInt.empty());
    return new Rerank(
        dialect, model, query, documents, most, shown, fields.extra(), Optional.of(inbound));
  }

  /**
   * The body for a target: what a caller of the same language wrote, or else its words anew.
   *
   * @param rest adds what the language has beside model, query and number of results
   */
  static byte[] write(
      Rerank rerank,
      String dialect,
      Target target,
      Adaptation adaptation,
      Consumer<ObjectNode> rest) {
    Provider.Quirks quirks = target.provider().quirks();
    boolean own = rerank.dialect().name().equals(dialect);
    if (own && rerank.original().isPresent()) {
      var changes = new HashMap<String, Optional<byte[]>>(4);
      changes.put("model", Optional.of(Json.string(target.model())));
      return Fit.patched(rerank.original().get().body(), changes, quirks, adaptation);
    }
    ObjectNode written = Json.object().put("model", target.model()).put("query", rerank.query());
    rest.accept(written);
    rerank.most().ifPresent(number -> written.put("top_n", number));
    Fit.putBack(rerank.extra(), dialect, written, "", adaptation);
    Fit.written(written, field -> own, quirks, adaptation);
    return Json.bytes(written);
  }

  /**
   * The scores of a reply and what it used: Cohere counts searches, others tokens, some neither.
   * Voyage calls the results {@code data}.
   */
  static List<Part> parts(Rerank rerank, ObjectNode reply) {
    JsonNode results = reply.path("results").isArray() ? reply.get("results") : reply.path("data");
    if (!results.isArray()) {
      throw Garbled.reply("a reply without results");
    }
    var parts = new ArrayList<Part>(results.size() + 2);
    parts.add(new Part.Start(reply.path("id").asString(""), reply.path("model").asString("")));
    var known = new HashSet<Integer>();
    for (JsonNode result : results) {
      int index = result.path("index").asInt(-1);
      JsonNode score = result.path("relevance_score");
      if (index < 0 || index >= rerank.documents().size() || !score.isNumber()) {
        throw Garbled.reply("a result that belongs to no document");
      }
      if (!known.add(index)) {
        throw Garbled.reply("two results for one document");
      }
      parts.add(new Part.Score(index, score.decimalValue()));
    }
    parts.add(usage(rerank, reply));
    return parts;
  }

  private static Usage usage(Rerank rerank, ObjectNode reply) {
    JsonNode meta = reply.path("meta");
    JsonNode counts = reply.path("usage");
    Optional<Long> tokens =
        EmbedWords.number(counts.path("total_tokens"))
            .or(() -> EmbedWords.number(meta.path("tokens").path("input_tokens")))
            .or(() -> EmbedWords.number(reply.path("tokens").path("input_tokens")));
    JsonNode searches = meta.path("billed_units").path("search_units");
    if (searches.isNumber()) {
      return Usage.of(0, 0, Usage.Source.PROVIDER)
          .units(Map.of(Usage.Unit.SEARCH, searches.decimalValue()));
    }
    return tokens
        .map(number -> Usage.of(number, 0, Usage.Source.PROVIDER))
        .orElseGet(() -> Usage.of(rerank.estimatedTokens(), 0, Usage.Source.ESTIMATE));
  }

  /** The scores, the best first, and no more than the caller wants. */
  static List<Part.Score> ranked(Rerank rerank, List<Part> parts) {
    return scores(parts).stream()
        .sorted(BEST_FIRST)
        .limit(rerank.most().orElse(Integer.MAX_VALUE))
        .toList();
  }

  /** Whether the provider sent them the best first. */
  static boolean sorted(List<Part> parts) {
    BigDecimal before = null;
    for (Part.Score score : scores(parts)) {
      if (before != null && score.relevance().compareTo(before) > 0) {
        return false;
      }
      before = score.relevance();
    }
    return true;
  }

  private static List<Part.Score> scores(List<Part> parts) {
    var scores = new ArrayList<Part.Score>(parts.size());
    for (Part part : parts) {
      if (part instanceof Part.Score score) {
        scores.add(score);
      }
    }
    return scores;
  }
}
