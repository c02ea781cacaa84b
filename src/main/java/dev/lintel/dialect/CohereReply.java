package dev.lintel.dialect;

import static dev.lintel.dialect.CohereChat.NAME;

import dev.lintel.Block;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * The events that a reply's parts are for Cohere's clients: items of content and calls that follow
 * one another, each with its beginning and its end.
 *
 * <p>Text before a call is its plan, but a stream does not know what comes: where tools are on
 * offer a little text is held back until it is known to be the answer.
 */
final class CohereReply {
  private enum Open {
    NOTHING,
    TEXT,
    THINKING,
    CALL
  }

  /** So many characters may be a plan. A plan is a sentence or two. */
  private static final int LONGEST_PLAN = 300;

  private final boolean tools;
  private final Consumer<ObjectNode> out;
  private final Sequence turn = new Sequence(this::tell);
  private final StringBuilder plan = new StringBuilder();
  private final StringBuilder thought = new StringBuilder();

  /** Signed thoughts that the next call carries in its id. */
  private final List<Block.Thought> signed = new ArrayList<>();

  private Open open = Open.NOTHING;
  private boolean answering;
  private boolean refused;
  private int items;
  private int calls;
  private int calling = -1;

  /**
   * @param tools whether the model may call some
   */
  CohereReply(boolean tools, Consumer<ObjectNode> out) {
    this.tools = tools;
    this.out = out;
  }

  boolean refused() {
    return refused;
  }

  boolean called() {
    return calls > 0;
  }

  /**
   * The provider's own event goes out as it is; what is told after it goes on where it ends.
   *
   * @param name of the event
   */
  void passed(String name, List<Part> parts) {
    switch (name) {
      case "content-start" -> {
        close();
        open = Open.TEXT;
      }
      case "content-delta" -> {
        if (!parts.isEmpty()) {
          open = parts.getFirst() instanceof Part.Thought ? Open.THINKING : Open.TEXT;
        }
      }
      case "content-end" -> {
        open = Open.NOTHING;
        items++;
      }
      case "tool-plan-delta" -> close();
      case "tool-call-start" -> {
        close();
        open = Open.CALL;
        for (Part part : parts) {
          calling = part instanceof Part.ToolUse use ? use.index() : calling;
        }
      }
      case "tool-call-end" -> {
        open = Open.NOTHING;
        calls++;
      }
      default -> {}
    }
  }

  void add(Part part) {
    switch (part) {
      case Part.Piece foreign -> throw new IllegalStateException("no part of a chat: " + foreign);
      case Part.Start start -> {}
      case Usage usage -> {}
      case Part.Stop stop -> {}
      default -> turn.add(part);
    }
  }

  /** Everything has been said. */
  void finish() {
    turn.finish();
    settle();
    close();
  }

  /** The reply breaks off: what was held back is shown, and nothing is ended that is open. */
  void breakOff() {
    settle();
  }

  private void tell(Part part) {
    switch (part) {
      case Part.Text text -> text(text.text());
      case Part.Refusal refusal -> {
        refused = true;
        text(refusal.text());
      }
      // No item of an answer can hold media, and Markdown is what clients show.
      case Part.Media media ->
          text("![](" + new MediaData(media.mime(), media.base64()).url() + ")");
      case Part.Thought piece -> thought(piece);
      case Part.ToolUse use -> call(use);
      case Part.Native alien -> {
        if (alien.extra().of(NAME) && alien.extra().fields().has("type")) {
          settle();
          out.accept(alien.extra().fields().deepCopy());
        }
      }
      case Part.Piece foreign -> {}
      case Part.Start start -> {}
      case Usage usage -> {}
      case Part.Stop stop -> {}
    }
  }

  private void text(String text) {
    if (text.isEmpty()) {
      return;
    }
    if (tools && !answering && calls == 0) {
      plan.append(text);
      if (plan.length() > LONGEST_PLAN) {
        settle();
      }
      return;
    }
    show(text);
  }

  /** What was held back is the answer after all. */
  private void settle() {
    if (!plan.isEmpty()) {
      answering = true;
      show(plan.toString());
      plan.setLength(0);
    }
  }

  private void show(String text) {
    begin(Open.TEXT, "text");
    content("text", text);
  }

  private void thought(Part.Thought piece) {
    settle();
    thought.append(piece.text());
    if (!piece.text().isEmpty()) {
      begin(Open.THINKING, "thinking");
      content("thinking", piece.text());
    }
    if (!piece.signature().isEmpty()) {
      signed.add(
          new Block.Thought(
              piece.sealed() ? "" : thought.toString(),
              piece.signature(),
              piece.vendor(),
              piece.sealed()));
      thought.setLength(0);
      close();
    }
  }

  private void begin(Open kind, String type) {
    if (open != kind) {
      close();
      open = kind;
      ObjectNode event = event("content-start", items);
      message(event).putObject("content").put("type", type).put(type, "");
      out.accept(event);
    }
  }

  private void content(String type, String text) {
    ObjectNode event = event("content-delta", items);
    message(event).putObject("content").put(type, text);
    out.accept(event);
  }

  private void call(Part.ToolUse use) {
    if (open != Open.CALL || calling != use.index()) {
      close();
      if (!plan.isEmpty()) {
        ObjectNode event = Json.object().put("type", "tool-plan-delta");
        message(event).put("tool_plan", plan.toString());
        out.accept(event);
        plan.setLength(0);
      }
      open = Open.CALL;
      calling = use.index();
      ObjectNode event = event("tool-call-start", calls);
      ObjectNode call = message(event).putObject("tool_calls");
      call.put("id", id(use)).put("type", "function");
      call.putObject("function").put("name", use.name()).put("arguments", "");
      out.accept(event);
    }
    if (!use.arguments().isEmpty()) {
      ObjectNode event = event("tool-call-delta", calls);
      message(event)
          .putObject("tool_calls")
          .putObject("function")
          .put("arguments", use.arguments());
      out.accept(event);
    }
  }

  private String id(Part.ToolUse use) {
    String issued =
        use.id().isEmpty()
            ? use.name() + "_" + UUID.randomUUID().toString().replace("-", "")
            : use.id();
    String shown = ToolId.shown(issued, new Proofs(signed, use.signature(), use.vendor()));
    signed.clear();
    return shown;
  }

  private void close() {
    switch (open) {
      case NOTHING -> {}
      case TEXT, THINKING -> out.accept(event("content-end", items++));
      case CALL -> out.accept(event("tool-call-end", calls++));
    }
    open = Open.NOTHING;
  }

  private static ObjectNode event(String type, int index) {
    return Json.object().put("type", type).put("index", index);
  }

  private static ObjectNode message(ObjectNode event) {
    return event.putObject("delta").putObject("message");
  }
}
