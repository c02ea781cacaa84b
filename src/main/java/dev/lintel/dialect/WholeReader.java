package dev.lintel.dialect;

import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a reply that never comes as a stream: one JSON object. */
final class WholeReader implements ReplyReader {
  /** What the object says. */
  @FunctionalInterface
  interface Says {
    /** Throws {@link Failure} where the object is an error, or no answer to what was asked. */
    List<Part> parts(Headers headers, ObjectNode reply);
  }

  private final String dialect;
  private final Says says;
  private Headers headers = Headers.NONE;

  /**
   * @param dialect whose words the reply's bytes are
   */
  WholeReader(String dialect, Says says) {
    this.dialect = dialect;
    this.says = says;
  }

  @Override
  public void head(Headers received) {
    headers = received;
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode reply;
    try {
      reply = Numbers.tree(body);
    } catch (JacksonException broken) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider sent a reply that is not valid JSON.", broken);
    }
    if (reply instanceof ObjectNode object) {
      return new Chunk(says.parts(headers, object), Frame.whole(dialect, body));
    }
    throw broken("a reply that is no JSON object");
  }

  /**
   * @param what the provider sent, such as {@code a reply without results}
   */
  static Failure broken(String what) {
    return Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider sent " + what + ".");
  }

  @Override
  public Chunk event(Frame frame) {
    throw broken("a stream that nobody asked for");
  }

  @Override
  public void end() {
    throw broken("a stream that nobody asked for");
  }
}
