package dev.lintel.dialect;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.Trail;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/** Writes a reply that never goes out as a stream: one JSON object. */
final class WholeWriter implements ReplyWriter {
  private final String dialect;
  private final Predicate<List<Part>> asAsked;
  private final Function<List<Part>, ObjectNode> says;

  /**
   * @param dialect whose replies' bytes may go out as they came
   * @param asAsked whether such bytes are what the caller asked for
   * @param says the object that says the parts
   */
  WholeWriter(
      String dialect, Predicate<List<Part>> asAsked, Function<List<Part>, ObjectNode> says) {
    this.dialect = dialect;
    this.asAsked = asAsked;
    this.says = says;
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1
        && chunks.getFirst().frame().wholeOf(dialect)
        && asAsked.test(chunks.getFirst().parts())) {
      // The frame of a whole reply is all of its bytes.
      return chunks.getFirst().frame().data();
    }
    var parts = new ArrayList<Part>();
    chunks.forEach(chunk -> parts.addAll(chunk.parts()));
    return Json.bytes(says.apply(parts));
  }

  @Override
  public String streamType() {
    return Answer.JSON;
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    throw noStream();
  }

  @Override
  public void end(Bytes out) {
    throw noStream();
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    throw noStream();
  }

  private static IllegalStateException noStream() {
    return new IllegalStateException("such a reply is never streamed");
  }
}
