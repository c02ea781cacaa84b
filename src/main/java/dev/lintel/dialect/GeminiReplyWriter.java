package dev.lintel.dialect;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a reply to a Gemini client, streams as server-sent events or as one JSON array.
 *
 * <p>Such a stream has no terminal marker: a client takes it for complete once it saw a {@code
 * finishReason}. So the event that has one, and all after it, wait for {@link #end}.
 */
final class GeminiReplyWriter implements ReplyWriter {
  private static final byte[] DATA = "data: ".getBytes(UTF_8);
  private static final byte[] HEAD =
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":".getBytes(UTF_8);
  private static final byte[] BLANK = "\n\n".getBytes(UTF_8);
  private static final byte[] OPEN = "[".getBytes(UTF_8);
  private static final byte[] NEXT = ",\n".getBytes(UTF_8);
  private static final byte[] CLOSE = "]".getBytes(UTF_8);

  private final Chat chat;
  private final boolean array;
  private final Trail trail;
  private final GeminiReply reply;
  private final List<Chunk> held = new ArrayList<>();
  private boolean begun;

  /** What follows the text of every event; made once the reply has its name. */
  private byte @Nullable [] tail;

  /**
   * @param array as one JSON array, else as server-sent events
   * @param trail of the call: what it cost is known from it
   */
  GeminiReplyWriter(Chat chat, boolean array, Trail trail) {
    this.chat = chat;
    this.array = array;
    this.trail = trail;
    this.reply = new GeminiReply(chat.model());
  }

  @Override
  public String streamType() {
    return array ? "application/json" : "text/event-stream";
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    if (!held.isEmpty() || finishes(chunk)) {
      held.add(chunk);
    } else if (raw(chunk.frame())) {
      pass(chunk.frame(), out);
    } else if (!array
        && chunk.parts().size() == 1
        && chunk.parts().getFirst() instanceof Part.Text text
        && reply.plain()) {
      plain(text.text(), out);
    } else {
      chunk.parts().forEach(reply::add);
      flush(out);
    }
  }

  @Override
  public void end(Bytes out) {
    if (held.stream().allMatch(chunk -> raw(chunk.frame()))) {
      for (Chunk chunk : held) {
        boolean last = chunk == held.getLast();
        Optional<byte[]> priced =
            last && chat.cost()
                ? UsageCost.patched(chunk.frame(), trail, "usageMetadata")
                : Optional.empty();
        if (priced.isPresent()) {
          send(priced.get(), out);
        } else {
          pass(chunk.frame(), out);
        }
      }
    } else {
      held.forEach(chunk -> chunk.parts().forEach(reply::add));
      ObjectNode last = reply.finished();
      if (chat.cost() && last.get("usageMetadata") instanceof ObjectNode counts) {
        UsageCost.put(counts, trail);
      }
      send(Json.bytes(last), out);
    }
    held.clear();
    if (array) {
      out.add(begun ? CLOSE : "[]".getBytes(UTF_8));
    }
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    for (Chunk chunk : held) {
      chunk.parts().stream().filter(part -> !(part instanceof Part.Stop)).forEach(reply::add);
    }
    held.clear();
    flush(out);
    send(Json.bytes(GeminiErrors.envelope(failure, trail)), out);
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(Gemini.NAME)) {
      Frame frame = chunks.getFirst().frame();
      byte[] body = new byte[frame.dataLength()];
      System.arraycopy(frame.data(), frame.dataOffset(), body, 0, body.length);
      return body;
    }
    chunks.forEach(chunk -> chunk.parts().forEach(reply::add));
    return Json.bytes(reply.finished());
  }

  private static boolean finishes(Chunk chunk) {
    for (Part part : chunk.parts()) {
      if (part instanceof Part.Stop) {
        return true;
      }
    }
    return false;
  }

  /** An event of a provider of this dialect; its last one may lack the blank line. */
  private static boolean raw(Frame frame) {
    return !frame.whole() && frame.dataLength() > 0 && frame.dialect().equals(Gemini.NAME);
  }

  private void pass(Frame frame, Bytes out) {
    if (!array && frame.rawLength() > 0) {
      out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
    } else {
      byte[] data = new byte[frame.dataLength()];
      System.arraycopy(frame.data(), frame.dataOffset(), data, 0, data.length);
      send(data, out);
    }
  }

  /** The event that a stream is made of, without building its tree. */
  private void plain(String text, Bytes out) {
    if (!text.isEmpty()) {
      byte[] rest = tail;
      if (rest == null) {
        rest = reply.tail().getBytes(UTF_8);
        tail = rest;
      }
      out.add(HEAD).add(Json.string(text)).add(rest);
    }
  }

  private void flush(Bytes out) {
    ObjectNode event = reply.event();
    if (!event.isEmpty()) {
      send(Json.bytes(event), out);
    }
  }

  private void send(byte[] json, Bytes out) {
    if (array) {
      out.add(begun ? NEXT : OPEN).add(json);
      begun = true;
      return;
    }
    out.add(DATA);
    int from = 0;
    for (int i = 0; i < json.length; i++) {
      if (json[i] == '\n') {
        out.add(json, from, i + 1 - from).add(DATA);
        from = i + 1;
      }
    }
    out.add(json, from, json.length - from).add(BLANK);
  }
}
