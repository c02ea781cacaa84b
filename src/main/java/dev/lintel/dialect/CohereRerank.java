package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Dialect;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Cohere's {@code /v2/rerank}: https://docs.cohere.com/v2/reference/rerank (2026-11). */
public final class CohereRerank implements Beside {
  static final String NAME = "cohere-rerank";

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, false, false);
  private final CohereChat cohere = new CohereChat();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    return RerankWords.read(this, inbound, RerankWords.fields(MANNER, inbound), false);
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Rerank;
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Rerank rerank = Rerank.of(request);
    byte[] body =
        RerankWords.write(
            rerank,
            NAME,
            target,
            adaptation,
            written -> documents(rerank, written.putArray("documents"), adaptation));
    return new Outbound("/v2/rerank", Map.of(), body);
  }

  /** The second version takes texts only; an object's own text is what the first one ranked by. */
  private static void documents(Rerank rerank, ArrayNode into, Adaptation adaptation) {
    for (JsonNode document : rerank.documents()) {
      JsonNode text = document.isObject() ? document.path("text") : document;
      if (!text.isString() || document.size() > 1) {
        adaptation.change("documents[" + into.size() + "]", "text");
      }
      into.add(text.isString() ? text.asString() : Json.text(document));
    }
  }

  @Override
  public ReplyReader reader(Request request) {
    Rerank rerank = Rerank.of(request);
    return new WholeReader(NAME, (headers, reply) -> RerankWords.parts(rerank, reply));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    Rerank rerank = Rerank.of(request);
    return new WholeWriter(NAME, RerankWords::sorted, parts -> reply(rerank, parts));
  }

  private static ObjectNode reply(Rerank rerank, List<Part> parts) {
    String id = EmbedWords.id(parts);
    ObjectNode reply = Json.object().put("id", id.isEmpty() ? UUID.randomUUID().toString() : id);
    ArrayNode results = reply.putArray("results");
    for (Part.Score score : RerankWords.ranked(rerank, parts)) {
      results.addObject().put("index", score.index()).put("relevance_score", score.relevance());
    }
    ObjectNode meta = reply.putObject("meta");
    meta.putObject("api_version").put("version", "2");
    Usage usage = EmbedWords.usage(parts);
    BigDecimal searches = usage.units().get(Usage.Unit.SEARCH);
    if (searches != null) {
      meta.putObject("billed_units").put("search_units", searches);
    }
    if (usage.prompt() > 0) {
      meta.putObject("tokens").put("input_tokens", usage.prompt()).put("output_tokens", 0);
    }
    return reply;
  }

  @Override
  public Dialect chat() {
    return cohere;
  }
}
