package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.Trail;
import java.util.List;
import java.util.Map;

/** Writes what is handed on: a provider's own bytes, with their own content type. */
final class RelayWriter implements ReplyWriter {
  private static final String EVENTS = "text/event-stream";

  private String type = EVENTS;
  private int status = 200;
  private Map<String, String> headers = Map.of();

  @Override
  public String streamType() {
    return type;
  }

  @Override
  public String wholeType() {
    return type;
  }

  @Override
  public int status() {
    return status;
  }

  @Override
  public Map<String, String> headers() {
    return headers;
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    for (Part part : chunk.parts()) {
      if (part instanceof Part.Data data) {
        type = data.type();
        out.add(data.bytes());
      } else if (part instanceof Part.Head head) {
        status = head.status();
        headers = head.headers();
        type = headers.getOrDefault("content-type", "");
      }
    }
  }

  /** The provider's own end is among what was handed on. */
  @Override
  public void end(Bytes out) {}

  /** Only a stream of events has a place for it; anything else is broken off. */
  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    if (type.startsWith(EVENTS) && status == 200) {
      var event = OpenAiErrors.write(failure, trail).put("type", "error");
      out.add("event: error\ndata: ").add(Json.bytes(event)).add("\n\n");
    }
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    var out = new Bytes(0);
    chunks.forEach(chunk -> event(chunk, out));
    return out.take();
  }
}
