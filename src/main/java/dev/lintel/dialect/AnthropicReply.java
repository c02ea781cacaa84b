package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;

import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the parts of a reply into blocks that follow one another, their indexes without a gap: what
 * Anthropic's clients rely on and other vendors do not keep.
 *
 * <p>The call that is open is told as it comes. Pieces of another one wait until the open call's
 * arguments are whole, or the reply is; so does whatever comes between pieces of calls.
 *
 * <p>A thought of a foreign vendor is shown as thinking with a {@link Proof}, and a signature that
 * belongs to a call travels in its {@link ToolId}, or in a sealed thought before it.
 */
final class AnthropicReply {
  enum Kind {
    NOTHING,
    TEXT,
    THINKING,
    TOOL,
    ALIEN
  }

  private static final class Call {
    final String id;
    final String name;
    final StringBuilder arguments = new StringBuilder();

    /** What goes before the call because its id cannot carry it; empty where nothing does. */
    final String proof;

    Call(String id, String name, String proof) {
      this.id = id;
      this.name = name;
      this.proof = proof;
    }

    boolean whole() {
      try {
        return Json.parse(arguments.toString()).isObject();
      } catch (JacksonException unfinished) {
        return false;
      }
    }
  }

  private Kind open = Kind.NOTHING;
  private int next;
  private boolean made;
  private final String dialect;
  private final Set<String> signers;
  private final boolean idsCarry;
  private final BooleanSupplier thinks;
  private String vendor = NAME;
  private int calling = -1;
  private final Map<Integer, Call> calls = new LinkedHashMap<>();
  private final Set<Integer> called = new HashSet<>();
  private final List<Part> held = new ArrayList<>();
  private boolean refused;

  /** Whether a thought was shown, or a call is marked for having none. */
  private boolean thoughtful;

  private boolean tools;
  private long characters;

  /**
   * @param thinks whether the caller asked for thinking
   */
  AnthropicReply(BooleanSupplier thinks) {
    this(NAME, Set.of(NAME), true, thinks);
  }

  /**
   * For a dialect that is as strict.
   *
   * @param dialect whose own blocks are shown
   * @param signers the vendors whose signatures its clients give back as they are
   * @param idsCarry whether an id of the dialect may be long
   */
  AnthropicReply(String dialect, Set<String> signers, boolean idsCarry, BooleanSupplier thinks) {
    this.dialect = dialect;
    this.signers = signers;
    this.idsCarry = idsCarry;
    this.thinks = thinks;
  }

  /** A new id of Anthropic's form. */
  static String made(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  /** Whether a block was begun here: the provider's own events count differently from then on. */
  boolean made() {
    return made;
  }

  boolean refused() {
    return refused;
  }

  boolean tools() {
    return tools;
  }

  /** A cautious count of what was shown, where the provider gives none. */
  long estimatedTokens() {
    return (characters + 3) / 4;
  }

  /** The provider's own event that begins a block was passed on. */
  void adopt(int index, Kind kind) {
    open = kind;
    next = index;
  }

  /** The provider's own event that ends the open block was passed on. */
  void release() {
    if (open != Kind.NOTHING) {
      open = Kind.NOTHING;
      next++;
    }
  }

  void add(Part part, AnthropicOut out) {
    switch (part) {
      case Part.Text text -> text(text, text.text(), out);
      case Part.Refusal refusal -> {
        refused = true;
        text(refusal, refusal.text(), out);
      }
      // No block of an answer can hold media, and Markdown is what clients show.
      case Part.Media media ->
          text(media, "![](" + new MediaData(media.mime(), media.base64()).url() + ")", out);
      case Part.Thought thought -> thought(thought, out);
      case Part.ToolUse use -> toolUse(use, out);
      case Part.Piece foreign -> throw new IllegalStateException("no part of a chat: " + foreign);
      case Part.Native alien -> {
        if (alien.extra().of(dialect) && !waits(alien)) {
          alien(alien.extra().fields(), out);
        }
      }
      case Part.Start start -> {}
      case Usage usage -> {}
      case Part.Stop stop -> {}
    }
  }

  /** Everything has been said. */
  void finish(AnthropicOut out) {
    close(out);
    var late = List.copyOf(held);
    held.clear();
    late.forEach(part -> add(part, out));
    close(out);
  }

  private void text(Part part, String text, AnthropicOut out) {
    // An empty piece says nothing, and so ends nothing.
    if (text.isEmpty() || waits(part)) {
      return;
    }
    if (open != Kind.TEXT) {
      start(Kind.TEXT, Json.object().put("type", "text").put("text", ""), out);
    }
    characters += text.length();
    out.delta(next, "text_delta", "text", text);
  }

  private void thought(Part.Thought thought, AnthropicOut out) {
    if ((thought.text().isEmpty() && thought.signature().isEmpty()) || waits(thought)) {
      return;
    }
    thoughtful = true;
    if (thought.sealed()) {
      ObjectNode block = Json.object().put("type", "redacted_thinking");
      // Unlike a signature, a sealed thought is good at the dialect's own provider alone.
      boolean own = thought.vendor().equals(dialect);
      String data = own ? thought.signature() : proof(thought.vendor(), thought.signature());
      start(Kind.ALIEN, block.put("data", data), out);
      close(out);
      return;
    }
    boolean another = !vendor.equals(thought.vendor());
    if (open != Kind.THINKING || (another && !thought.text().isEmpty())) {
      ObjectNode block = Json.object().put("type", "thinking").put("thinking", "");
      start(Kind.THINKING, block.put("signature", ""), out);
    }
    vendor = thought.vendor();
    if (!thought.text().isEmpty()) {
      characters += thought.text().length();
      out.delta(next, "thinking_delta", "thinking", thought.text());
    }
    if (!thought.signature().isEmpty()) {
      sign(thought.signature(), out);
      stop(out);
    }
  }

  private void sign(String signature, AnthropicOut out) {
    out.delta(next, "signature_delta", "signature", shown(vendor, signature));
  }

  private String shown(String vendor, String signature) {
    return signers.contains(vendor) ? signature : proof(vendor, signature);
  }

  private static String proof(String vendor, String signature) {
    return new Proof(vendor, signature).encode();
  }

  private void toolUse(Part.ToolUse use, AnthropicOut out) {
    if (called.contains(use.index())) {
      // Its arguments were whole, so this can be no more than white space.
      return;
    }
    tools = true;
    characters += use.arguments().length();
    Call call = calls.get(use.index());
    if (call == null) {
      call = called(use);
      calls.put(use.index(), call);
    }
    call.arguments.append(use.arguments());
    if (open == Kind.TOOL && calling == use.index()) {
      arguments(use.arguments(), out);
    } else if (calls.size() == 1 || (waitingFor(use.index()) && whole(calling))) {
      show(use.index(), call, out);
    }
  }

  /**
   * The call as the client is shown it. While Claude thinks it refuses to go on from a call without
   * a thought, so such a call is marked where another model made it.
   */
  private Call called(Part.ToolUse use) {
    var proofs = new Proofs(List.of(), use.signature(), use.vendor());
    if (idsCarry && ToolId.carries(use.id(), proofs)) {
      return new Call(ToolId.shown(use.id(), proofs), use.name(), "");
    }
    if (!proofs.none()) {
      return new Call(new ToolId(use.id()).shown(), use.name(), proofs.encode());
    }
    if (use.id().isEmpty()) {
      return new Call(made("toolu_"), use.name(), "");
    }
    boolean mark = !thoughtful && !signers.contains(use.vendor()) && thinks.getAsBoolean();
    thoughtful |= mark;
    return new Call(
        mark ? ToolId.marked(use.id(), use.vendor()) : new ToolId(use.id()).shown(),
        use.name(),
        "");
  }

  /** Whether that call has just begun and no other one waits. */
  private boolean waitingFor(int index) {
    return calls.size() == 2 && calls.containsKey(index) && open == Kind.TOOL;
  }

  private boolean whole(int index) {
    Call call = calls.get(index);
    return call != null && call.whole();
  }

  private void show(int index, Call call, AnthropicOut out) {
    endBlock(out);
    if (!call.proof.isEmpty()) {
      ObjectNode sealed = Json.object().put("type", "redacted_thinking");
      begin(Kind.ALIEN, sealed.put("data", call.proof), out);
      endBlock(out);
    }
    ObjectNode block = Json.object().put("type", "tool_use").put("id", call.id);
    block.put("name", call.name).putObject("input");
    begin(Kind.TOOL, block, out);
    calling = index;
    arguments(call.arguments.toString(), out);
  }

  private void arguments(String json, AnthropicOut out) {
    if (!json.isEmpty()) {
      out.delta(next, "input_json_delta", "partial_json", json);
    }
  }

  /** Keeps the part for later where a call's arguments are still under way. */
  private boolean waits(Part part) {
    boolean later = !held.isEmpty() || !calls.values().stream().allMatch(Call::whole);
    if (later) {
      held.add(part);
    }
    return later;
  }

  private void alien(ObjectNode fields, AnthropicOut out) {
    switch (fields.path("type").asString("")) {
      case "content_block_start" -> {
        if (fields.path("content_block") instanceof ObjectNode block) {
          boolean text = AnthropicTurnWriter.isType(block, "text");
          start(text ? Kind.TEXT : Kind.ALIEN, block.deepCopy(), out);
        }
      }
      case "content_block_delta" -> {
        if (open != Kind.NOTHING && fields.path("delta") instanceof ObjectNode delta) {
          out.delta(next, delta);
        }
      }
      case "content_block_stop" -> close(out);
      default -> {
        start(Kind.ALIEN, fields.deepCopy(), out);
        close(out);
      }
    }
  }

  private void start(Kind kind, ObjectNode block, AnthropicOut out) {
    close(out);
    begin(kind, block, out);
  }

  private void begin(Kind kind, ObjectNode block, AnthropicOut out) {
    made = true;
    open = kind;
    out.start(next, block);
  }

  /** Ends the open block, and tells the calls that wait. */
  private void close(AnthropicOut out) {
    endBlock(out);
    while (!calls.isEmpty()) {
      var first = calls.entrySet().iterator().next();
      show(first.getKey(), first.getValue(), out);
      endBlock(out);
    }
  }

  private void endBlock(AnthropicOut out) {
    if (open == Kind.NOTHING) {
      return;
    }
    if (open == Kind.THINKING && made && !signers.contains(vendor)) {
      sign("", out);
    }
    if (open == Kind.TOOL) {
      calls.remove(calling);
      called.add(calling);
    }
    stop(out);
  }

  private void stop(AnthropicOut out) {
    out.stop(next);
    open = Kind.NOTHING;
    next++;
  }
}
