package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;
import static java.nio.charset.StandardCharsets.UTF_8;

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
import dev.lintel.dialect.AnthropicReply.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a reply to a client. A provider's own events are passed on until something had to be
 * written in their place that moves the blocks' indexes; from there on everything is written anew.
 */
final class AnthropicReplyWriter implements ReplyWriter {
  private static final byte[] MESSAGE_STOP =
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".getBytes(UTF_8);

  private final Chat chat;
  private final Trail trail;
  private final AnthropicReply blocks;
  private Part.Start start = new Part.Start("", "");
  private Usage usage = Usage.UNKNOWN;
  private Part.@Nullable Stop stop;
  private boolean started;
  private boolean stopped;

  /**
   * @param trail of the call: what it cost is known from it
   */
  AnthropicReplyWriter(Chat chat, Trail trail) {
    this.chat = chat;
    this.trail = trail;
    this.blocks = new AnthropicReply(() -> AnthropicThinking.asked(chat));
  }

  @Override
  public String streamType() {
    return "text/event-stream; charset=utf-8";
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    chunk.parts().forEach(this::note);
    Frame frame = chunk.frame();
    if (frame.eventOf(NAME) && !blocks.made()) {
      pass(chunk, out);
      return;
    }
    var events = new AnthropicOut.Events(out);
    for (Part part : chunk.parts()) {
      begin(events);
      blocks.add(part, events);
    }
  }

  private void note(Part part) {
    switch (part) {
      case Part.Start known -> start = known;
      case Usage known -> usage = known;
      case Part.Stop known -> stop = known;
      default -> {}
    }
  }

  private void pass(Chunk chunk, Bytes out) {
    Frame frame = chunk.frame();
    String name = frame.event();
    if (name.isEmpty()) {
      // SDKs go by the event's name, which some compatible providers leave out.
      name = parse(frame).path("type").asString("");
      if (name.equals("message_stop")) {
        return;
      }
      out.add("event: ").add(name).add("\n");
    }
    switch (name) {
      case "content_block_delta" -> {}
      case "message_start" -> started = true;
      case "content_block_start" -> adopt(parse(frame));
      case "content_block_stop" -> blocks.release();
      case "message_delta" -> {
        blocks.finish(new AnthropicOut.Events(out));
        stopped |= stop != null;
        Optional<byte[]> priced =
            chat.cost() ? UsageCost.patched(frame, trail, "usage") : Optional.empty();
        if (priced.isPresent()) {
          if (!frame.event().isEmpty()) {
            out.add("event: message_delta\n");
          }
          out.add("data: ").add(priced.get()).add("\n\n");
          return;
        }
      }
      case "message_stop" -> {
        return;
      }
      default -> {}
    }
    out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
  }

  private void adopt(JsonNode event) {
    Kind kind =
        switch (event.path("content_block").path("type").asString("")) {
          case "text" -> Kind.TEXT;
          case "thinking" -> Kind.THINKING;
          case "tool_use" -> Kind.TOOL;
          default -> Kind.ALIEN;
        };
    blocks.adopt(event.path("index").asInt(0), kind);
  }

  private static JsonNode parse(Frame frame) {
    return Json.parse(frame.data(), frame.dataOffset(), frame.dataLength());
  }

  private void begin(AnthropicOut.Events events) {
    if (started) {
      return;
    }
    started = true;
    ObjectNode message = message();
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    message.set("usage", AnthropicWords.usage(plausible(0)));
    ObjectNode event = Json.object().put("type", "message_start");
    event.set("message", message);
    events.event("message_start", event);
  }

  private ObjectNode message() {
    return Json.object()
        .put("id", start.id().isEmpty() ? AnthropicReply.made("msg_") : start.id())
        .put("type", "message")
        .put("role", "assistant")
        .put("model", start.model().isEmpty() ? chat.model() : start.model());
  }

  /** What the provider counted; a guess where it has not: clients show how full the context is. */
  private Usage plausible(long output) {
    boolean counted = usage.prompt() > 0;
    boolean known = usage.source() != Usage.Source.NONE;
    return counted
        ? usage
        : new Usage(
            chat.estimatedTokens(),
            0,
            0,
            0,
            known ? usage.output() : output,
            usage.reasoning(),
            0,
            0,
            Usage.Source.ESTIMATE);
  }

  @Override
  public void end(Bytes out) {
    var events = new AnthropicOut.Events(out);
    begin(events);
    blocks.finish(events);
    if (!stopped) {
      ObjectNode event = Json.object().put("type", "message_delta");
      ObjectNode delta = event.putObject("delta");
      AnthropicWords.stop(Optional.ofNullable(stop), blocks.tools(), blocks.refused(), delta);
      ObjectNode counts = AnthropicWords.usage(plausible(blocks.estimatedTokens()));
      if (chat.cost()) {
        UsageCost.put(counts, trail);
      }
      event.set("usage", counts);
      events.event("message_delta", event);
    }
    out.add(MESSAGE_STOP);
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    new AnthropicOut.Events(out).event("error", AnthropicWords.error(failure, trail));
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(NAME)) {
      Frame frame = chunks.getFirst().frame();
      return Arrays.copyOfRange(
          frame.data(), frame.dataOffset(), frame.dataOffset() + frame.dataLength());
    }
    var folded = new AnthropicOut.Folded();
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        note(part);
        blocks.add(part, folded);
      }
    }
    blocks.finish(folded);
    ObjectNode message = message();
    message.set("content", folded.content());
    AnthropicWords.stop(Optional.ofNullable(stop), blocks.tools(), blocks.refused(), message);
    message.set("usage", AnthropicWords.usage(plausible(blocks.estimatedTokens())));
    return Json.bytes(message);
  }
}
