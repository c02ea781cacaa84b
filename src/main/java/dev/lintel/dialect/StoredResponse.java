package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Memory;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Trail;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a provider says of a response that it keeps: handed on with the ids that its client knows.
 */
final class StoredResponse implements ReplyReader, ReplyWriter {
  private final Memory memory;

  StoredResponse(Memory memory) {
    this.memory = memory;
  }

  @Override
  public Chunk whole(byte[] body) {
    var said = (ObjectNode) Garbled.object(body, 0, body.length);
    return new Chunk(
        List.of(new Part.Native(new Extra(ResponsesWords.NAME, said))),
        Frame.whole(ResponsesWords.NAME, body));
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    ObjectNode said = Json.object();
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Native whole) {
          said = whole.extra().fields().deepCopy();
        }
      }
    }
    if (said.path("object").asString("").startsWith("response")) {
      shown(said, "id");
      shown(said, "previous_response_id");
    }
    return Json.bytes(said);
  }

  private void shown(ObjectNode said, String name) {
    JsonNode id = said.path(name);
    if (id.isString()) {
      said.put(name, memory.shown(id.asString()));
    }
  }

  @Override
  public Chunk event(Frame frame) {
    throw new IllegalStateException("nobody asked for a stream");
  }

  @Override
  public void end() {}

  @Override
  public String streamType() {
    throw new IllegalStateException("nobody asked for a stream");
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    throw new IllegalStateException("nobody asked for a stream");
  }

  @Override
  public void end(Bytes out) {}

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {}
}
