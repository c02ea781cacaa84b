package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Channel;
import dev.lintel.Channel.Closing;
import dev.lintel.Channel.Message;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Identity;
import dev.lintel.Json;
import dev.lintel.Model;
import dev.lintel.RawRequest;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's responses over a WebSocket, as Codex speaks it: each {@code response.create} is a call
 * of its own, and its frames are what a stream of server-sent events would hold. The conversation
 * up to the last reply is kept for as long as the connection lasts, so that the next turn may name
 * that reply though nobody stored it.
 */
public final class ResponsesSocket implements Endpoint {
  private static final String PREVIOUS = "previous_response_id";
  private static final int LONGEST_MESSAGE = 16 << 20;
  private static final int TOO_BIG = 1009;

  private final Dialect dialect;
  private final Identity identity;
  private final Supplier<Handler> handler;

  /**
   * @param dialect of the frames; it writes a stream as server-sent events
   */
  public ResponsesSocket(Dialect dialect, Identity identity, Supplier<Handler> handler) {
    this.dialect = dialect;
    this.identity = identity;
    this.handler = handler;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    try {
      if (!exchange.wantsChannel()) {
        // Codex falls back to plain requests on this status alone (wire-facts §3.9).
        throw RealtimeFront.upgradeRequired();
      }
      Known.caller(exchange.request(), identity);
    } catch (Failure failure) {
      exchange.answer(dialect.error(failure, trail), RealtimeFront.refusalHeaders(failure, trail));
      return;
    }
    new Session(exchange.channel(), exchange.request()).run();
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.error(failure, trail);
  }

  /** One connection. */
  private final class Session {
    private final Channel channel;
    private final RawRequest head;
    private final CallThread thread = CallThread.current();
    private String lastId = "";
    private boolean lastStored;
    private ArrayNode said = Json.array();

    Session(Channel channel, RawRequest head) {
      this.channel = channel;
      this.head = head;
    }

    void run() {
      while (true) {
        thread.await(() -> channel.waiting() || channel.closing().isPresent(), Long.MAX_VALUE - 1);
        Message message = channel.poll();
        if (message == null || channel.closing().isPresent()) {
          return;
        }
        var trail = Trail.begin(System.nanoTime());
        try {
          turn(message, trail);
        } catch (RuntimeException | StackOverflowError thrown) {
          Failure failure = Front.told(thrown, trail);
          if (failure.kind() == Failure.Kind.CANCELLED) {
            return;
          }
          error(failure, trail);
        }
      }
    }

    private void turn(Message message, Trail trail) {
      if (message.bytes().length > LONGEST_MESSAGE) {
        error(
            Failure.of(
                Failure.Kind.PAYLOAD_TOO_LARGE,
                "The message is larger than " + (LONGEST_MESSAGE >> 20) + " MB."),
            trail);
        channel.close(new Closing(TOO_BIG, "message too big"));
        throw Failure.cancelled();
      }
      ObjectNode asked = asked(message);
      boolean generate = asked.path("generate").asBoolean(true);
      asked.remove("generate");
      ArrayNode conversation = conversation(asked);
      if (!generate) {
        warmUp(asked, conversation, trail);
        return;
      }
      asked.put("stream", true);
      var raw = new RawRequest(head.path(), head.query(), head.headers(), Json.bytes(asked));
      trail.from(head.peer());
      var frames = new Frames(trail);
      channel.whenClosed(thread::cancel);
      try {
        handler
            .get()
            .handle(
                Call.begin(
                    trail,
                    Front.credential(head),
                    Caller.UNKNOWN,
                    new Request.Unread(dialect, raw)),
                frames);
        frames.end();
      } catch (Failure failure) {
        if (failure.kind() == Failure.Kind.CANCELLED || !frames.begun()) {
          throw failure;
        }
        frames.fail(failure);
        return;
      } finally {
        channel.whenClosed(() -> {});
      }
      boolean stored = asked.path("store").asBoolean(true);
      frames.response().ifPresent(response -> remember(response, conversation, stored));
    }

    private ObjectNode asked(Message message) {
      JsonNode json;
      try {
        json = Json.parse(message.bytes(), 0, message.bytes().length);
      } catch (JacksonException broken) {
        throw Failure.invalid("The message is not valid JSON.");
      }
      if (!(json instanceof ObjectNode asked)) {
        throw Failure.invalid("The message must be a JSON object.");
      }
      String type = asked.path("type").asString("");
      if (!type.equals("response.create")) {
        throw Failure.invalid("'type' must be response.create.").at("type");
      }
      asked.remove("type");
      return asked;
    }

    /**
     * All that is said up to the end of this turn's input. Where the turn goes on from the
     * connection's last reply and nobody else has kept that, it is said instead of named.
     */
    private ArrayNode conversation(ObjectNode asked) {
      ArrayNode all = Json.array();
      boolean goesOn = !lastId.isEmpty() && asked.path(PREVIOUS).asString("").equals(lastId);
      if (goesOn) {
        all.addAll(said);
      }
      JsonNode input = asked.path("input");
      if (input.isString()) {
        all.addObject().put("role", "user").put("content", input.asString());
      } else {
        input.forEach(all::add);
      }
      if (goesOn && !lastStored) {
        asked.remove(PREVIOUS);
        asked.set("input", all);
      }
      return all;
    }

    private void remember(JsonNode response, ArrayNode conversation, boolean stored) {
      lastId = response.path("id").asString("");
      lastStored = stored;
      response.path("output").forEach(conversation::add);
      said = conversation;
      if (Json.bytes(said).length > LONGEST_MESSAGE) {
        // A connection holds no more than one message may: the next turn has to say it all itself.
        said = Json.array();
        lastId = "";
      }
    }

    /** Nothing is generated: the next turn may go on from what was said here. */
    private void warmUp(ObjectNode asked, ArrayNode conversation, Trail trail) {
      ObjectNode response =
          Json.object()
              .put("id", "resp_" + UUID.randomUUID().toString().replace("-", ""))
              .put("object", "response")
              .put("created_at", Instant.now().getEpochSecond())
              .put("model", asked.path("model").asString(""));
      response.putArray("output");
      response.putObject("metadata").put("lintel_request_id", trail.id());
      int number = 0;
      for (String type : new String[] {"response.created", "response.completed"}) {
        ObjectNode event = Json.object().put("type", type).put("sequence_number", number++);
        event.set(
            "response",
            response
                .deepCopy()
                .put("status", type.endsWith("created") ? "in_progress" : "completed"));
        send(Json.bytes(event));
      }
      remember(response, conversation, false);
    }

    private void error(Failure failure, Trail trail) {
      byte[] body = dialect.error(failure, trail).body();
      ObjectNode event = Json.object().put("type", "error").put("status", failure.status());
      event.setAll((ObjectNode) Json.parse(body, 0, body.length));
      send(Json.bytes(event));
    }

    private void send(byte[] json) {
      channel.send(new Message(true, json));
    }

    /** Turns the events of one reply into frames. */
    private final class Frames implements Sink {
      private final Trail trail;
      private final Bytes out = new Bytes(0);
      private @Nullable ReplyWriter writer;
      private @Nullable JsonNode response;
      private boolean begun;

      Frames(Trail trail) {
        this.trail = trail;
      }

      boolean begun() {
        return begun;
      }

      /** The whole of it, once it is complete. */
      Optional<JsonNode> response() {
        return Optional.ofNullable(response);
      }

      @Override
      public void emit(Chunk chunk) {
        writer().event(chunk, out);
        drain();
      }

      void end() {
        writer().end(out);
        drain();
      }

      void fail(Failure failure) {
        writer().error(failure, trail, out);
        drain();
      }

      private ReplyWriter writer() {
        ReplyWriter known = writer;
        if (known == null) {
          Request request =
              trail
                  .request()
                  .orElseThrow(() -> new IllegalStateException("a reply before its request"));
          known = dialect.writer(request, trail);
          writer = known;
        }
        return known;
      }

      private void drain() {
        if (out.length() == 0) {
          return;
        }
        var data = new StringBuilder();
        for (String line : new String(out.take(), StandardCharsets.UTF_8).split("\r?\n", -1)) {
          if (line.startsWith("data:")) {
            data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
          } else if (line.isEmpty() && !data.isEmpty()) {
            frame(data.toString());
            data.setLength(0);
          }
        }
        long patience = trail.model().map(Model::timeouts).orElse(Timeouts.USUAL).write().toNanos();
        if (!channel.writable() && !thread.await(channel::writable, System.nanoTime() + patience)) {
          throw Failure.of(
                  Failure.Kind.TIMEOUT, "The caller did not read what was sent to it in time.")
              .blame(Failure.Blame.NOBODY)
              .again(Failure.Again.NOWHERE);
        }
      }

      /** An event that holds the response says whose record it is. */
      private void frame(String json) {
        begun = true;
        if (!json.contains("\"response\":{")) {
          send(json.getBytes(StandardCharsets.UTF_8));
          return;
        }
        ObjectNode event = (ObjectNode) Json.parse(json);
        if (event.get("response") instanceof ObjectNode whole) {
          ObjectNode metadata =
              whole.get("metadata") instanceof ObjectNode given
                  ? given
                  : whole.putObject("metadata");
          metadata.put("lintel_request_id", trail.id());
          switch (event.path("type").asString("")) {
            case "response.completed", "response.incomplete" -> response = whole;
            default -> {}
          }
        }
        send(Json.bytes(event));
      }
    }
  }
}
