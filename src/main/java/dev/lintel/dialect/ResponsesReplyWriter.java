package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Memory;
import dev.lintel.Part;
import dev.lintel.ReplyWriter;
import dev.lintel.Tool;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a response. A provider's own events are passed on, ids of responses apart, and nothing of
 * them is kept; what is written here is kept until its end, which repeats it.
 */
final class ResponsesReplyWriter implements ReplyWriter {
  private final Chat chat;
  private final Trail trail;
  private final Memory memory;
  private final ResponsesOut out = new ResponsesOut();
  private final ResponsesReply reply = new ResponsesReply(out, this::id, this::customTools);
  private final long created = Instant.now().getEpochSecond();
  private final Map<String, String> ids = new HashMap<>(4);
  private Part.Start start = new Part.Start("", "");
  private Usage usage = Usage.UNKNOWN;
  private Part.Stop stop = new Part.Stop(Part.Stop.Reason.END, "", "", "");
  private Frame passed = Frame.NONE;
  private int items;
  private String id = "";
  private boolean begun;
  private boolean ended;

  /** What the response repeats of its request: the same in every event. */
  private byte[] echo = {};

  ResponsesReplyWriter(Chat chat, Trail trail) {
    this.chat = chat;
    this.trail = trail;
    this.memory = trail.memory();
  }

  private Set<String> customTools() {
    var names = new HashSet<String>();
    for (Tool tool : chat.prompt().tools()) {
      if (ResponsesRequestWriter.isCustom(tool) && tool instanceof Tool.Function function) {
        names.add(function.name());
      }
    }
    return names;
  }

  @Override
  public String streamType() {
    return "text/event-stream; charset=utf-8";
  }

  @Override
  public void event(Chunk chunk, Bytes bytes) {
    chunk.parts().forEach(this::note);
    if (chunk.frame().eventOf(ResponsesWords.NAME) && !begun) {
      pass(chunk, bytes);
      return;
    }
    if (chunk.parts().isEmpty()) {
      return;
    }
    begin(bytes);
    chunk.parts().forEach(reply::add);
  }

  private void note(Part part) {
    switch (part) {
      case Part.Start known -> start = known;
      case Usage known -> usage = known;
      case Part.Stop known -> stop = known;
      default -> {}
    }
  }

  private void pass(Chunk chunk, Bytes bytes) {
    Frame frame = chunk.frame();
    if (frame.data()[frame.dataOffset()] != '{') {
      return;
    }
    passed = frame;
    switch (frame.event()) {
      case "response.created", "response.in_progress", "response.queued", "" ->
          renamed(frame, bytes);
      case "response.completed", "response.incomplete" -> last(frame, bytes);
      default -> bytes.add(frame.raw(), frame.rawOffset(), frame.rawLength());
    }
    if (frame.event().equals("response.output_item.done")) {
      items++;
      remember(frame, "item");
    }
    for (Part part : chunk.parts()) {
      ended |= part instanceof Part.Stop;
    }
  }

  private void last(Frame frame, Bytes bytes) {
    Optional<byte[]> priced =
        chat.cost() ? UsageCost.patched(frame, trail, "response", "usage") : Optional.empty();
    if (priced.isEmpty()) {
      renamed(frame, bytes);
      return;
    }
    byte[] data = priced.get();
    bytes.add("event: ").add(frame.event()).add("\ndata: ");
    renamed(data, 0, data.length, bytes);
    bytes.add("\n\n");
  }

  private void renamed(Frame frame, Bytes bytes) {
    int from = frame.rawOffset();
    renamed(frame.raw(), from, from + frame.rawLength(), bytes);
  }

  /** The provider's bytes, with the ids of responses by which the client knows them. */
  private void renamed(byte[] raw, int offset, int end, Bytes bytes) {
    if (ids.isEmpty()) {
      name(start.id(), memory.shown(start.id()));
      chat.original()
          .map(Inbound::body)
          .flatMap(body -> body.text("previous_response_id"))
          .ifPresent(previous -> name(memory.known(previous), previous));
    }
    int from = offset;
    for (int i = from; i < end; i++) {
      if (raw[i] != '"') {
        continue;
      }
      for (var id : ids.entrySet()) {
        byte[] old = id.getKey().getBytes(StandardCharsets.UTF_8);
        int to = i + old.length;
        if (to <= end && Arrays.equals(raw, i, to, old, 0, old.length)) {
          bytes.add(raw, from, i - from).add(id.getValue());
          from = to;
          i = to - 1;
          break;
        }
      }
    }
    bytes.add(raw, from, end - from);
  }

  private void name(String known, String shown) {
    if (!known.isEmpty() && !known.equals(shown)) {
      ids.put('"' + known + '"', '"' + shown + '"');
    }
  }

  /** Tells the memory of the ids of items: the value of that member, or its elements. */
  private void remember(Frame frame, String member) {
    if (memory.equals(Memory.NONE)) {
      return;
    }
    try (JsonParser parser =
        Json.MAPPER
            .tokenStreamFactory()
            .createParser(
                ObjectReadContext.empty(), frame.data(), frame.dataOffset(), frame.dataLength())) {
      parser.nextToken();
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (!name.equals(member)) {
          parser.skipChildren();
        } else if (value == JsonToken.START_OBJECT) {
          item(parser);
        } else if (value == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            item(parser);
          }
        }
      }
    }
  }

  private void item(JsonParser parser) {
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      boolean text = parser.nextToken() == JsonToken.VALUE_STRING;
      if (text && name.equals("id")) {
        memory.item(parser.getString());
      } else if (text && name.equals("encrypted_content")) {
        memory.item(ResponsesInput.sealed(parser.getString()));
      } else {
        parser.skipChildren();
      }
    }
  }

  private void begin(Bytes bytes) {
    out.to(bytes);
    if (begun) {
      return;
    }
    begun = true;
    if (passed.isEmpty()) {
      byte[] response = response("in_progress", "", false);
      out.response("response.created", response);
      out.response("response.in_progress", response);
    } else {
      // Somebody changed what the provider said from here on: its numbers are gone on from.
      JsonNode last = Json.parse(passed.text());
      out.goOn(last.path("sequence_number").asLong(0) + 1);
      reply.skip(items);
    }
  }

  /** The response as it stands. */
  private byte[] response(String status, String incomplete, boolean whole) {
    if (echo.length == 0) {
      echo = Json.bytes(ResponsesEcho.of(chat));
    }
    byte[] head = Json.bytes(head(status, incomplete, whole));
    return new Bytes(head.length + echo.length)
        .add(head, 0, head.length - 1)
        .add(",")
        .add(echo, 1, echo.length - 1)
        .take();
  }

  /** The same in every event: clients tell replies apart by it. */
  private String id() {
    if (id.isEmpty()) {
      boolean own = memory.equals(Memory.NONE) && start.id().startsWith("resp_");
      id = own || !passed.isEmpty() ? memory.shown(start.id()) : memory.made();
    }
    return id;
  }

  private ObjectNode head(String status, String incomplete, boolean whole) {
    ObjectNode response =
        Json.object()
            .put("id", id())
            .put("object", "response")
            .put("created_at", created)
            .put("status", status)
            .putNull("error");
    if (whole && incomplete.isEmpty()) {
      response.put("completed_at", Instant.now().getEpochSecond());
    }
    if (incomplete.isEmpty()) {
      response.putNull("incomplete_details");
    } else {
      response.putObject("incomplete_details").put("reason", incomplete);
    }
    response.put("model", start.model().isEmpty() ? chat.model() : start.model());
    response.set("output", whole ? reply.output() : Json.array());
    if (whole && usage.source() != Usage.Source.NONE) {
      ObjectNode counts = ResponsesWords.usage(usage);
      if (chat.stream() && chat.cost()) {
        UsageCost.put(counts, trail);
      }
      response.set("usage", counts);
    } else {
      response.putNull("usage");
    }
    return response;
  }

  /** Ends the items, and returns why the reply is incomplete; empty where it is not. */
  private String finished() {
    if (stop.reason() == Part.Stop.Reason.REFUSAL && !reply.refused() && !stop.detail().isEmpty()) {
      reply.add(new Part.Refusal(stop.detail()));
    }
    String incomplete = ResponsesWords.incomplete(stop.reason(), false);
    boolean cut = stop.reason() != Part.Stop.Reason.REFUSAL && !incomplete.isEmpty();
    reply.finish(!cut);
    return ResponsesWords.incomplete(stop.reason(), reply.refused());
  }

  private void keep(byte[] response) {
    if (!memory.equals(Memory.NONE) && passed.isEmpty()) {
      memory.reply(response, reply.output().valueStream().toList());
    }
  }

  @Override
  public void end(Bytes bytes) {
    if (ended && !begun) {
      return;
    }
    begin(bytes);
    String incomplete = finished();
    String status = incomplete.isEmpty() ? "completed" : "incomplete";
    byte[] response = response(status, incomplete, true);
    out.response("response." + status, response);
    keep(response);
  }

  @Override
  public void error(Failure failure, Trail trail, Bytes bytes) {
    JsonNode error = OpenAiErrors.write(failure, trail).path("error");
    if (!passed.isEmpty() && !begun) {
      out.goOn(Json.parse(passed.text()).path("sequence_number").asLong(0) + 1);
    }
    ObjectNode fields = Json.object();
    fields.set("code", error.path("code"));
    fields.set("message", error.path("message"));
    fields.set("param", error.path("param"));
    fields.put("status", failure.status());
    fields.set("error", error);
    out.to(bytes).error(fields);
  }

  @Override
  public byte[] whole(List<Chunk> chunks) {
    chunks.forEach(chunk -> chunk.parts().forEach(this::note));
    if (chunks.size() == 1 && chunks.getFirst().frame().wholeOf(ResponsesWords.NAME)) {
      Frame frame = chunks.getFirst().frame();
      remember(frame, "output");
      var bytes = new Bytes(frame.dataLength() + 256);
      renamed(frame, bytes);
      return bytes.take();
    }
    chunks.forEach(chunk -> chunk.parts().forEach(reply::add));
    String incomplete = finished();
    byte[] response = response(incomplete.isEmpty() ? "completed" : "incomplete", incomplete, true);
    keep(response);
    return response;
  }
}
