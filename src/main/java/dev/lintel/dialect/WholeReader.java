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
      throw Garbled.reply("a reply that is not valid JSON", broken);
    }
    if (reply instanceof ObjectNode object) {
      return new Chunk(says.parts(headers, object), Frame.whole(dialect, body));
    }
    throw Garbled.reply("a reply that is no JSON object");
  }

  @Override
  public Chunk event(Frame frame) {
    throw Garbled.reply("a stream that nobody asked for");
  }

  @Override
  public void end() {
    throw Garbled.reply("a stream that nobody asked for");
  }
}
