package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a legacy completion, whole or in chunks: text alone. Words of a refusal are text here,
 * with {@code content_filter} at the end; thoughts, tool calls and media have no place.
 */
final class CompletionsWriter implements ReplyWriter {
  private final Chat chat;
  private final long created = Instant.now().getEpochSecond();
  private String id = "";
  private String model;
  private boolean refused;
  private boolean usageShown;
  private Usage usage = Usage.UNKNOWN;

  CompletionsWriter(Chat chat) {
    this.chat = chat;
    this.model = chat.model();
  }

  @Override
  public String streamType() {
    return "text/event-stream";
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    boolean pass = chunk.frame().eventOf(OpenAiCompletions.NAME);
    boolean counted = false;
    boolean more = false;
    for (Part part : chunk.parts()) {
      counted |= part instanceof Usage;
      more |= !(part instanceof Usage);
      String text = take(part);
      if (!pass && !text.isEmpty()) {
        OpenAiReplyWriter.send(chunk(text, null), out);
      }
      if (!pass && part instanceof Part.Stop stop) {
        OpenAiReplyWriter.send(chunk("", finish(stop)), out);
      }
    }
    if (pass) {
      pass(chunk.frame(), counted, more, out);
    }
  }

  private void pass(Frame frame, boolean counted, boolean more, Bytes out) {
    if (frame.data()[frame.dataOffset()] != '{') {
      return;
    }
    if (!counted || chat.usage()) {
      usageShown |= counted;
      out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
    } else if (more) {
      OpenAiReplyWriter.withoutUsage(frame, out);
    }
  }

  /** Notes what the part says beside text; gives its text, empty where it has none. */
  private String take(Part part) {
    return switch (part) {
      case Part.Start start -> {
        id = start.id().isEmpty() ? id : start.id();
        model = start.model().isEmpty() ? model : start.model();
        yield "";
      }
      case Usage figures -> {
        usage = figures;
        yield "";
      }
      case Part.Text text -> text.text();
      case Part.Refusal refusal -> {
        refused = true;
        yield refusal.text();
      }
      case Part.Thought thought -> "";
      case Part.ToolUse use -> "";
      case Part.Media media -> "";
      // Some providers give the words of a refusal with its end alone.
      case Part.Stop stop ->
          stop.reason() == Part.Stop.Reason.REFUSAL && !refused ? stop.detail() : "";
      case Part.Native other -> "";
      case Part.Piece piece -> "";
    };
  }

  /** A tool that nobody gave it is no reason that a client of completions knows. */
  private String finish(Part.Stop stop) {
    return switch (stop.reason()) {
      case TOOL_USE -> "stop";
      case END, STOP_SEQUENCE, PAUSE -> refused ? "content_filter" : "stop";
      case LENGTH, CONTEXT_EXCEEDED, REFUSAL, CONTENT_FILTER -> OpenAiStops.write(stop.reason());
    };
  }

  private ObjectNode chunk(String text, @org.jspecify.annotations.Nullable String finish) {
    ObjectNode chunk = head();
    chunk
        .putArray("choices")
        .addObject()
        .put("text", text)
        .put("index", 0)
        .putNull("logprobs")
        .put("finish_reason", finish);
    return chunk;
  }

  private ObjectNode head() {
    if (id.isEmpty()) {
      id = "cmpl-" + UUID.randomUUID().toString().replace("-", "");
    }
    return Json.object()
        .put("id", id.startsWith("cmpl-") ? id : "cmpl-" + id)
        .put("object", "text_completion")
        .put("created", created)
        .put("model", model);
  }

  @Override
  public void end(Bytes out) {
    if (chat.usage() && !usageShown && usage.source() != Usage.Source.NONE) {
      ObjectNode chunk = head();
      chunk.putArray("choices");
      chunk.set("usage", OpenAiUsage.write(usage));
      OpenAiReplyWriter.send(chunk, out);
    }
    out.add(OpenAiReplyWriter.DONE);
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    OpenAiReplyWriter.send(OpenAiErrors.write(failure, trail), out);
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(OpenAiCompletions.NAME)) {
      return OpenAiReplyWriter.raw(chunks.getFirst().frame());
    }
    var text = new StringBuilder();
    Part.Stop stop = new Part.Stop(Part.Stop.Reason.END, OpenAiCompletions.NAME, "stop", "");
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        text.append(take(part));
        stop = part instanceof Part.Stop last ? last : stop;
      }
    }
    ObjectNode reply = chunk(text.toString(), finish(stop));
    if (usage.source() != Usage.Source.NONE) {
      reply.set("usage", OpenAiUsage.write(usage));
    }
    return Json.bytes(reply);
  }
}
