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
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Writes a chat completion, whole or in chunks. */
final class OpenAiReplyWriter implements ReplyWriter {
  static final byte[] DONE = ascii("data: [DONE]\n\n");
  private static final byte[] DATA = ascii("data: ");
  private static final byte[] CLOSE = ascii("\n\n");
  private static final byte[] UNFINISHED = ascii(",\"finish_reason\":null}]}\n\n");

  private final Chat chat;
  private final Trail trail;
  private final OpenAiReply message = new OpenAiReply();
  private final long created = Instant.now().getEpochSecond();
  private String id = "";
  private String model;
  private boolean roleShown;
  private boolean usageShown;

  /** An event of the provider's own went out, under its own id. */
  private boolean passed;

  private Usage usage = Usage.UNKNOWN;

  /** What every chunk of ours begins with, up to its delta. */
  private byte @Nullable [] opening;

  /**
   * @param trail of the call: what it cost is known from it
   */
  OpenAiReplyWriter(Chat chat, Trail trail) {
    this.chat = chat;
    this.trail = trail;
    this.model = chat.model();
  }

  @Override
  public String streamType() {
    return "text/event-stream";
  }

  @Override
  public void event(Chunk chunk, Bytes out) {
    if (chunk.frame().eventOf(OpenAiChat.NAME)) {
      pass(chunk, out);
      return;
    }
    for (Part part : chunk.parts()) {
      part(part, out);
    }
  }

  /** Sends the provider's bytes, unless they tell of usage that the client did not ask for. */
  private void pass(Chunk chunk, Bytes out) {
    Frame frame = chunk.frame();
    if (frame.data()[frame.dataOffset()] != '{') {
      return;
    }
    boolean counted = false;
    boolean more = false;
    for (Part part : chunk.parts()) {
      if (part instanceof Usage figures) {
        usage = figures;
        counted = true;
      } else {
        more = true;
        if (part instanceof Part.Start start) {
          start(start);
        }
      }
    }
    roleShown = true;
    passed = true;
    if (!counted || chat.usage()) {
      usageShown |= counted;
      Optional<byte[]> priced =
          counted ? UsageCost.patched(frame, trail, "usage") : Optional.empty();
      if (priced.isPresent()) {
        out.add(DATA).add(priced.get()).add(CLOSE);
      } else {
        out.add(frame.raw(), frame.rawOffset(), frame.rawLength());
      }
    } else if (more) {
      withoutUsage(frame, out);
    }
  }

  /** The event's JSON without the usage, of which the client did not ask to be told. */
  static void withoutUsage(Frame frame, Bytes out) {
    ObjectNode tree = (ObjectNode) Json.parse(frame.text());
    tree.remove("usage");
    send(tree, out);
  }

  private void start(Part.Start start) {
    if (!start.id().isEmpty()) {
      id = start.id();
    }
    if (!start.model().isEmpty()) {
      model = start.model();
    }
  }

  private void part(Part part, Bytes out) {
    switch (part) {
      case Part.Start start -> {
        start(start);
        role(out);
      }
      case Usage figures -> usage = figures;
      case Part.Stop stop -> {
        role(out);
        for (ObjectNode delta : message.closing(stop)) {
          delta(delta, out);
        }
        finish(stop, out);
      }
      default -> {
        ObjectNode delta = message.delta(part);
        if (!delta.isEmpty()) {
          role(out);
          delta(delta, out);
        }
      }
    }
  }

  private void role(Bytes out) {
    if (!roleShown) {
      roleShown = true;
      delta(Json.object().put("role", "assistant").put("content", ""), out);
    }
  }

  private void delta(ObjectNode delta, Bytes out) {
    byte[] known = opening;
    if (known == null) {
      byte[] empty = Json.bytes(head("chat.completion.chunk"));
      var start = new Bytes(empty.length + 48).add(DATA).add(empty, 0, empty.length - 1);
      known = start.add(",\"choices\":[{\"index\":0,\"delta\":").take();
      opening = known;
    }
    out.add(known).add(Json.bytes(delta)).add(UNFINISHED);
  }

  private void finish(Part.Stop stop, Bytes out) {
    ObjectNode chunk = head("chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
    choice.putObject("delta");
    message.finish(stop, choice);
    send(chunk, out);
  }

  static void send(ObjectNode chunk, Bytes out) {
    out.add(DATA).add(Json.bytes(chunk)).add(CLOSE);
  }

  /** Clients group chunks by id, so it is the provider's, in OpenAI's form, or one of our own. */
  private ObjectNode head(String object) {
    if (id.isEmpty()) {
      id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
    }
    return Json.object()
        .put("id", passed || id.startsWith("chatcmpl-") ? id : "chatcmpl-" + id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  @Override
  public void end(Bytes out) {
    if (chat.usage() && !usageShown && usage.source() != Usage.Source.NONE) {
      ObjectNode chunk = head("chat.completion.chunk");
      chunk.putArray("choices");
      ObjectNode counts = OpenAiUsage.write(usage);
      UsageCost.put(counts, trail);
      chunk.set("usage", counts);
      send(chunk, out);
    }
    out.add(DONE);
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes out) {
    send(OpenAiErrors.write(failure, trail), out);
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(OpenAiChat.NAME)) {
      return raw(chunks.getFirst().frame());
    }
    Part.Stop stop = new Part.Stop(Part.Stop.Reason.END, OpenAiChat.NAME, "stop", "");
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        switch (part) {
          case Part.Start start -> start(start);
          case Usage figures -> usage = figures;
          case Part.Stop last -> stop = last;
          default -> message.delta(part);
        }
      }
    }
    message.closing(stop);
    ObjectNode reply = head("chat.completion");
    ObjectNode choice = reply.putArray("choices").addObject().put("index", 0);
    choice.set("message", message.whole());
    message.finish(stop, choice);
    if (usage.source() != Usage.Source.NONE) {
      reply.set("usage", OpenAiUsage.write(usage));
    }
    return Json.bytes(reply);
  }

  /** The bytes of a whole reply as they came. */
  static byte[] raw(Frame frame) {
    if (frame.dataOffset() == 0 && frame.dataLength() == frame.data().length) {
      return frame.data();
    }
    return new Bytes(frame.dataLength())
        .add(frame.data(), frame.dataOffset(), frame.dataLength())
        .take();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
