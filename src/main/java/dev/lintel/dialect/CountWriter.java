package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.Trail;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a count of tokens.
 *
 * @param dialect whose bytes may pass
 * @param field in which the number stands
 * @param head what stands before it
 */
record CountWriter(String dialect, String field, ObjectNode head) implements ReplyWriter {
  @Override
  public String streamType() {
    throw noStream();
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
    return new IllegalStateException("a number is no stream");
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    Frame frame = chunks.getFirst().frame();
    if (chunks.size() == 1 && frame.wholeOf(dialect)) {
      return Arrays.copyOfRange(
          frame.data(), frame.dataOffset(), frame.dataOffset() + frame.dataLength());
    }
    long tokens = 0;
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        tokens += part instanceof Part.Count count ? count.tokens() : 0;
      }
    }
    return Json.bytes(head.deepCopy().put(field, tokens));
  }
}
