package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.AwsEvent;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a reply to a client. A provider's own events are passed on until something had to be
 * written in their place; from there on everything is written anew.
 *
 * <p>A client takes a stream for complete once it saw {@code messageStop}, so that and what follows
 * wait for {@link #end}.
 */
final class BedrockReplyWriter implements ReplyWriter {
  private final Chat chat;
  private final Trail trail;
  private final AnthropicReply blocks;
  private final BedrockOut events = new BedrockOut(new Bytes(0));
  private final List<Frame> held = new ArrayList<>(2);
  private Usage usage = Usage.UNKNOWN;
  private Part.@Nullable Stop stop;
  private boolean started;

  /** Of the provider's block that is passed on. */
  private boolean passing;

  private int index;

  BedrockReplyWriter(Chat chat, Trail trail) {
    this.chat = chat;
    this.trail = trail;
    // An id of Bedrock's has 64 characters at most, too few to carry a signature.
    this.blocks =
        new AnthropicReply(
            NAME, Set.of(NAME, BedrockWords.SIGNER), false, () -> AnthropicThinking.asked(chat));
  }

  @Override
  public String streamType() {
    return AwsEvent.STREAM;
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    chunk.parts().forEach(this::note);
    Frame frame = chunk.frame();
    if (frame.eventOf(NAME) && !blocks.made()) {
      pass(chunk, out);
      return;
    }
    events.to(out);
    for (Part part : chunk.parts()) {
      begin();
      blocks.add(part, events);
    }
  }

  private void note(Part part) {
    switch (part) {
      case Usage known -> usage = known;
      case Part.Stop known -> stop = known;
      default -> {}
    }
  }

  private void pass(Chunk chunk, Bytes out) {
    Frame frame = chunk.frame();
    switch (frame.event()) {
      case "messageStart" -> started = true;
      case "contentBlockStart", "contentBlockDelta" -> adopt(chunk);
      case "contentBlockStop" -> {
        adopt(chunk);
        if (!chunk.parts().isEmpty()) {
          // The arguments of a call of which the provider told none.
          events.to(out).delta(index, "input_json_delta", "", "{}");
        }
        blocks.release();
        passing = false;
        index++;
      }
      case "messageStop", "metadata" -> {
        held.add(frame);
        return;
      }
      default -> {}
    }
    out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
  }

  private void adopt(Chunk chunk) {
    if (passing) {
      return;
    }
    passing = true;
    Kind kind = Kind.ALIEN;
    for (Part part : chunk.parts()) {
      kind =
          switch (part) {
            case Part.Text text -> Kind.TEXT;
            case Part.Thought thought -> Kind.THINKING;
            case Part.ToolUse use -> Kind.TOOL;
            default -> kind;
          };
    }
    blocks.adopt(index, kind);
  }

  private void begin() {
    if (!started) {
      started = true;
      events.messageStart();
    }
  }

  @Override
  public void end(Bytes out) {
    events.to(out);
    if (!held.isEmpty() && !blocks.made()) {
      blocks.finish(events);
      held.forEach(frame ->
          Optional.of(frame)
              .filter(last -> chat.cost() && last.event().equals("metadata"))
              .flatMap(last -> UsageCost.priced(last, trail, "usage"))
              .ifPresentOrElse(
                  events::metadata,
                  () -> out.add(frame.raw(), frame.rawOffset(), frame.rawLength())));
      return;
    }
    begin();
    explain(events);
    blocks.finish(events);
    events.messageStop(reason());
    events.metadata(measured(Json.object()));
  }

  @Override
  public void error(Failure failure, Trail known, Bytes out) {
    BedrockErrors.event(failure, known, out);
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
    explain(folded);
    blocks.finish(folded);
    ObjectNode reply = Json.object();
    ObjectNode message = reply.putObject("output").putObject("message").put("role", "assistant");
    message.set("content", BedrockOut.content(folded.content()));
    reply.put("stopReason", reason());
    return Json.bytes(measured(reply));
  }

  /** The words of a refusal that came with the stop alone. */
  private void explain(AnthropicOut out) {
    Part.Stop known = stop;
    if (known != null
        && known.reason() == Part.Stop.Reason.REFUSAL
        && !known.detail().isEmpty()
        && blocks.estimatedTokens() == 0) {
      blocks.add(new Part.Text(known.detail()), out);
    }
  }

  private String reason() {
    return BedrockWords.stop(Optional.ofNullable(stop), blocks.tools(), blocks.refused());
  }

  /** SDKs expect figures, also where the provider gave none. */
  private ObjectNode measured(ObjectNode into) {
    boolean known = usage.source() != Usage.Source.NONE;
    Usage shown =
        known
            ? usage
            : Usage.of(chat.estimatedTokens(), blocks.estimatedTokens(), Usage.Source.ESTIMATE);
    ObjectNode counts = BedrockWords.usage(shown);
    if (chat.stream() && chat.cost()) {
      UsageCost.put(counts, trail);
    }
    into.set("usage", counts);
    into.putObject("metrics")
        .put("latencyMs", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - trail.started()));
    return into;
  }
}
