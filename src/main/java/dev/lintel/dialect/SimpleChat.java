package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.List;

/**
 * The least that a chat can be: {@code {messages, provider?, model?}} in, {@code {content, model,
 * provider}} out. Messages and errors are OpenAI's; no provider speaks it.
 */
public final class SimpleChat implements Beside {
  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return "simple";
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    body.requireObjects("messages");
    if (body.flag("stream")) {
      throw Failure.invalid("'stream' is not offered here; use /v1/chat/completions.").at("stream");
    }
    return Chat.read(
        this,
        body.text("model").orElse(""),
        false,
        false,
        inbound,
        original -> OpenAiRequestReader.read(original.body()));
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    throw noProvider();
  }

  @Override
  public ReplyReader reader(Request request) {
    throw noProvider();
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    throw noProvider();
  }

  private static IllegalStateException noProvider() {
    return new IllegalStateException("no provider speaks the simple dialect");
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    ReplyWriter events = openai.writer(request, trail);
    return new ReplyWriter() {
      @Override
      public String streamType() {
        return events.streamType();
      }

      @Override
      public void event(Chunk chunk, dev.lintel.Bytes out) {
        events.event(chunk, out);
      }

      @Override
      public void end(dev.lintel.Bytes out) {
        events.end(out);
      }

      @Override
      public void error(Failure failure, Trail known, dev.lintel.Bytes out) {
        events.error(failure, known, out);
      }

      @Override
      public byte[] whole(List<Chunk> chunks) {
        return answer(chunks, trail);
      }
    };
  }

  private static byte[] answer(List<Chunk> chunks, Trail trail) {
    var content = new StringBuilder();
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Text text) {
          content.append(text.text());
        } else if (part instanceof Part.Refusal refusal) {
          content.append(refusal.text());
        }
      }
    }
    Target target =
        trail.target().orElseThrow(() -> new IllegalStateException("answered by nobody"));
    return Json.bytes(
        Json.object()
            .put("content", content.toString())
            .put("model", target.model())
            .put("provider", target.provider().name()));
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}
