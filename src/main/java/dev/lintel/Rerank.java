package dev.lintel;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * Documents to be put in the order in which they fit a query.
 *
 * @param documents texts, or objects with a {@code text}; at least one
 * @param most how many the caller wants to see; empty for all
 * @param shown whether the caller wants the documents beside their scores
 * @param extra fields that the common model has no word for
 * @param original what the caller sent, where nobody changed it
 */
public record Rerank(
    Dialect dialect,
    String model,
    String query,
    List<JsonNode> documents,
    OptionalInt most,
    boolean shown,
    Extra extra,
    Optional<Inbound> original)
    implements Request {

  public Rerank {
    documents = List.copyOf(documents);
  }

  @Override
  public boolean stream() {
    return false;
  }

  /** A request that has been read as one for an order of documents. */
  public static Rerank of(Request request) {
    if (request instanceof Rerank rerank) {
      return rerank;
    }
    throw new IllegalArgumentException("no request for an order of documents");
  }

  /** A guess at the tokens that are read, at least 1: the query goes with every document. */
  public long estimatedTokens() {
    long characters = (long) query.length() * documents.size();
    for (JsonNode document : documents) {
      characters +=
          document.isString() ? document.asString().length() : document.toString().length();
    }
    return Math.max(1, characters / 4);
  }
}
