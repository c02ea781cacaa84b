package dev.lintel.dialect;

import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a count of tokens, which is the whole reply.
 *
 * @param dialect whose bytes they are
 * @param field in which the number stands
 */
record CountReader(String dialect, String field) implements ReplyReader {
  @Override
  public Chunk whole(byte[] body) {
    JsonNode tokens;
    try {
      tokens = Json.parse(body, 0, body.length).path(field);
    } catch (JacksonException broken) {
      throw nonsense();
    }
    if (!tokens.isIntegralNumber()) {
      throw nonsense();
    }
    return new Chunk(List.of(new Part.Count(tokens.asLong(0))), Frame.whole(dialect, body));
  }

  @Override
  public Chunk event(Frame frame) {
    throw nonsense();
  }

  @Override
  public void end() {
    throw nonsense();
  }

  static ReplyWriter writer(String dialect, String field) {
    return writer(dialect, field, Json.object());
  }

  /**
   * @param head what stands before the number
   */
  static ReplyWriter writer(String dialect, String field, ObjectNode head) {
    return new WholeWriter(dialect, parts -> true, parts -> head.put(field, tokens(parts)));
  }

  private static long tokens(List<Part> parts) {
    return parts.stream()
        .mapToLong(part -> part instanceof Part.Count count ? count.tokens() : 0)
        .sum();
  }

  /** It says nothing of the model that was to be counted for. */
  private static Failure nonsense() {
    return notOffered(
        Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider sent something that is no count."));
  }

  /** A provider that cannot count may chat as well as ever. */
  static Failure notOffered(Failure failure) {
    return switch (failure.upstreamStatus()) {
      case 0, 200, 404, 405, 501 ->
          failure.blame(Failure.Blame.NOBODY).again(Failure.Again.ELSEWHERE);
      default -> failure;
    };
  }
}
