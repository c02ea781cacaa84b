package dev.lintel.sim;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.ArrayList;
import java.util.List;

/** A dialect with one event a chunk; {@code model} and {@code stream} are all that it reads. */
record FakeDialect(String name, Prompt prompt) implements Dialect {
  @Override
  public Request read(Inbound inbound) {
    String model = inbound.body().text("model").orElseThrow(() -> Failure.invalid("no model"));
    return Chat.read(this, model, inbound.body().flag("stream"), true, inbound, in -> prompt);
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new ReplyWriter() {
      @Override
      public String streamType() {
        return "text/event-stream";
      }

      @Override
      public void event(Chunk chunk, Bytes out) {
        out.add("data: " + json(chunk.parts()) + "\n\n");
      }

      @Override
      public void end(Bytes out) {
        out.add("data: [DONE]\n\n");
      }

      @Override
      public void error(Failure failure, Trail trail, Bytes out) {
        throw new UnsupportedOperationException();
      }

      @Override
      public byte[] whole(List<Chunk> chunks) {
        var parts = new ArrayList<Part>();
        chunks.forEach(chunk -> parts.addAll(chunk.parts()));
        return json(parts).getBytes(java.nio.charset.StandardCharsets.UTF_8);
      }
    };
  }

  private static String json(List<Part> parts) {
    var node = Json.object();
    parts.forEach(part -> node.withArray("parts").add(part.toString()));
    return Json.text(node);
  }

  @Override
  public Answer models(List<Listing> models) {
    return Answer.json(
        200, Json.object().put("models", name + models.stream().map(Listing::name).toList()));
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ReplyReader reader(Request request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    throw new UnsupportedOperationException();
  }
}
