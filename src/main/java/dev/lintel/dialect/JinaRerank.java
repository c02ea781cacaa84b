package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Dialect;
import dev.lintel.Headers;
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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reranking as Jina has it (https://api.jina.ai/redoc, 2026-11), as Cohere's first version had it,
 * and as vLLM, SiliconFlow, Voyage and others took it over.
 */
public final class JinaRerank implements Beside {
  static final String NAME = "rerank";

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, false, false);
  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Fields fields = RerankWords.fields(MANNER, inbound);
    boolean shown = fields.flag("return_documents").orElse(false);
    return RerankWords.read(this, inbound, fields, shown);
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
            written -> {
              written.putArray("documents").addAll(rerank.documents());
              // Some servers send them back unless told not to.
              written.put("return_documents", false);
            });
    return new Outbound("/rerank", Map.of(), body);
  }

  @Override
  public ReplyReader reader(Request request) {
    Rerank rerank = Rerank.of(request);
    return new WholeReader(
        NAME,
        (headers, reply) -> {
          if (reply.hasNonNull("error")) {
            throw OpenAiErrors.read(200, Headers.NONE, reply);
          }
          return RerankWords.parts(rerank, reply);
        });
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    Rerank rerank = Rerank.of(request);
    return new WholeWriter(NAME, RerankWords::sorted, parts -> reply(rerank, parts));
  }

  private static ObjectNode reply(Rerank rerank, List<Part> parts) {
    ObjectNode reply = Json.object();
    String id = EmbedWords.id(parts);
    if (!id.isEmpty()) {
      reply.put("id", id);
    }
    reply.put("model", EmbedWords.model(parts, rerank.model())).put("object", "list");
    ArrayNode results = reply.putArray("results");
    for (Part.Score score : RerankWords.ranked(rerank, parts)) {
      ObjectNode result = results.addObject().put("index", score.index());
      if (rerank.shown()) {
        JsonNode document = rerank.documents().get(score.index());
        result.set(
            "document", document.isString() ? Json.object().set("text", document) : document);
      }
      result.put("relevance_score", score.relevance());
    }
    Usage usage = EmbedWords.usage(parts);
    reply
        .putObject("usage")
        .put("prompt_tokens", usage.prompt())
        .put("total_tokens", usage.total());
    BigDecimal searches = usage.units().get(Usage.Unit.SEARCH);
    if (searches != null) {
      // Where clients of Cohere's first version look.
      reply.putObject("meta").putObject("billed_units").put("search_units", searches);
    }
    return reply;
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}
