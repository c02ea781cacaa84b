package dev.lintel.dialect;

import static dev.lintel.dialect.CohereChat.NAME;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.ToolChoice;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a reply to a client of Cohere's dialect. */
final class CohereReplyWriter implements ReplyWriter {
  private static final byte[] DONE = "data: [DONE]\n\n".getBytes(US_ASCII);

  private final Chat chat;
  private final Trail trail;
  private String id = "";
  private Usage usage = Usage.UNKNOWN;
  private Part.Stop stop = new Part.Stop(Part.Stop.Reason.END, NAME, "COMPLETE", "");
  private boolean passed;
  private boolean started;
  private boolean ended;
  private final Bytes events = new Bytes(0);
  private CohereReply reply;

  CohereReplyWriter(Chat chat, Trail trail) {
    this.chat = chat;
    this.trail = trail;
    this.reply = new CohereReply(false, event -> {});
  }

  @Override
  public String streamType() {
    return "text/event-stream";
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    chunk.parts().forEach(this::note);
    Frame frame = chunk.frame();
    if (frame.eventOf(NAME) && (passed || !started)) {
      pass(chunk, out);
      return;
    }
    if (chunk.parts().isEmpty()) {
      return;
    }
    begin();
    chunk.parts().forEach(reply::add);
    flush(out);
  }

  private void note(Part part) {
    switch (part) {
      case Part.Start start -> id = start.id().isEmpty() ? id : start.id();
      case Usage figures -> usage = figures;
      case Part.Stop last -> {
        stop = last;
        refused(last.reason());
      }
      case Part.Refusal refusal -> refused(Part.Stop.Reason.REFUSAL);
      default -> {}
    }
  }

  /** Cohere has no word for it, so the reply's head says it. */
  private void refused(Part.Stop.Reason reason) {
    if (reason == Part.Stop.Reason.REFUSAL || reason == Part.Stop.Reason.CONTENT_FILTER) {
      trail.adapted("change:refusal->COMPLETE");
    }
  }

  private void pass(Chunk chunk, Bytes out) {
    Frame frame = chunk.frame();
    if (frame.data()[frame.dataOffset()] == '{') {
      if (!passed) {
        started = true;
        passed = true;
        reply = new CohereReply(false, this::add);
      }
      reply.passed(frame.event(), chunk.parts());
      flush(out);
      ended |= chunk.parts().stream().anyMatch(Part.Stop.class::isInstance);
      boolean last = frame.event().equals("message-end");
      Optional<ObjectNode> priced =
          last && chat.cost() ? UsageCost.priced(frame, trail, "delta", "usage") : Optional.empty();
      if (priced.isPresent()) {
        add(priced.get());
        flush(out);
      } else {
        out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
      }
    }
  }

  private void begin() {
    if (started) {
      return;
    }
    started = true;
    reply = new CohereReply(offersTools(), this::add);
    ObjectNode event = Json.object().put("id", id()).put("type", "message-start");
    ObjectNode message = event.putObject("delta").putObject("message").put("role", "assistant");
    message.putArray("content");
    message.put("tool_plan", "");
    message.putArray("tool_calls");
    message.putArray("citations");
    add(event);
  }

  private boolean offersTools() {
    return !chat.prompt().tools().isEmpty()
        && chat.prompt().toolChoice().map(ToolChoice::mode).orElse(ToolChoice.Mode.AUTO)
            != ToolChoice.Mode.NONE;
  }

  private String id() {
    if (id.isEmpty()) {
      id = UUID.randomUUID().toString();
    }
    return id;
  }

  private void add(ObjectNode event) {
    events
        .add("event: ")
        .add(event.path("type").asString(""))
        .add("\ndata: ")
        .add(Json.bytes(event))
        .add("\n\n");
  }

  private void flush(Bytes out) {
    if (events.length() > 0) {
      out.add(events.take());
    }
  }

  @Override
  public void end(Bytes out) {
    if (!ended) {
      begin();
      words();
      reply.finish();
      ObjectNode event = Json.object().put("type", "message-end").put("id", id());
      finish(event.putObject("delta"));
      add(event);
      flush(out);
    }
    out.add(DONE);
  }

  /** The words of a refusal that came with its end alone. */
  private void words() {
    if (stop.reason() == Part.Stop.Reason.REFUSAL && !reply.refused() && !stop.detail().isEmpty()) {
      reply.add(new Part.Refusal(stop.detail()));
    }
  }

  private void finish(ObjectNode into) {
    Part.Stop.Reason reason = stop.reason();
    if (reason == Part.Stop.Reason.END && reply.called()) {
      reason = Part.Stop.Reason.TOOL_USE;
    }
    into.put("finish_reason", CohereWords.word(reason));
    if (usage.source() != Usage.Source.NONE) {
      ObjectNode counts = CohereWords.usage(usage);
      if (chat.stream() && chat.cost()) {
        UsageCost.put(counts, trail);
      }
      into.set("usage", counts);
    }
  }

  @Override
  public void error(Failure failure, Trail known, Bytes out) {
    begin();
    reply.breakOff();
    ObjectNode event = Json.object().put("type", "message-end").put("id", id());
    event.putObject("delta").put("finish_reason", "ERROR").put("error", failure.message());
    event.set("lintel", failure.lintel(known));
    add(event);
    flush(out);
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(NAME)) {
      Frame frame = chunks.getFirst().frame();
      return Arrays.copyOfRange(
          frame.data(), frame.dataOffset(), frame.dataOffset() + frame.dataLength());
    }
    var folded = new CohereFold();
    reply = new CohereReply(false, folded);
    ObjectNode extras = Json.object();
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        note(part);
        reply.add(part);
        if (part instanceof Part.Native alien && alien.extra().of(NAME)) {
          extras.setAll(alien.extra().fields());
        }
      }
    }
    words();
    reply.finish();
    ObjectNode whole = Json.object().put("id", id());
    ObjectNode message = folded.message();
    if (extras.path("citations") instanceof ArrayNode citations) {
      message.withArray("citations").addAll(citations);
    }
    finish(whole);
    whole.set("message", message);
    if (extras.path("logprobs") instanceof ArrayNode logprobs) {
      whole.set("logprobs", logprobs);
    }
    return Json.bytes(whole);
  }
}
