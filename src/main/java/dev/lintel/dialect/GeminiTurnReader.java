package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the parts of one conversation, turn by turn: function responses find their calls by id,
 * else by name in their order, and calls without id get one that is the same in every request.
 */
final class GeminiTurnReader {
  /** Calls without an answer yet: id to name. */
  private final Map<String, String> open = new LinkedHashMap<>();

  private int made;

  List<Block> read(List<Fields> parts) {
    var turn = new TurnBlocks();
    for (Fields part : parts) {
      read(part, turn);
    }
    return turn.finish();
  }

  private void read(Fields part, TurnBlocks turn) {
    String given = part.text("thoughtSignature", "");
    String signature = given.equals(Gemini.SKIP) ? "" : given;
    boolean thought = part.flag("thought").orElse(false);
    Optional<String> text = part.textIfAny("text");
    Optional<Fields> inline = part.object("inlineData");
    Optional<Fields> file = part.object("fileData");
    Optional<Fields> call = part.object("functionCall");
    Optional<Fields> response = part.object("functionResponse");
    if (call.isPresent()) {
      // On a call the waiver says what a signature would: whoever reads on may leave out the check.
      call(part, call.get(), given, turn);
    } else if (response.isPresent()) {
      turn.add(response(part, response.get()));
    } else if (inline.isPresent()) {
      turn.sign(signature);
      turn.add(inline(part, inline.get()));
    } else if (file.isPresent()) {
      turn.sign(signature);
      turn.add(file(part, file.get()));
    } else if (text.isPresent() && !thought) {
      turn.sign(signature);
      if (!text.get().isEmpty() || signature.isEmpty()) {
        turn.add(new Block.Text(text.get(), Block.Cache.NONE, part.extra()));
      }
    } else if (text.isPresent() && part.rest().isEmpty()) {
      turn.thought(text.get(), signature);
    } else if (!part.whole().isEmpty()) {
      turn.add(new Block.Native(part.extra(part.whole())));
    }
  }

  private void call(Fields part, Fields call, String signature, TurnBlocks turn) {
    String name = call.text("name");
    String arguments = call.object("args").map(args -> Json.text(args.whole())).orElse("{}");
    String id = call.textIfAny("id").filter(given -> !given.isEmpty()).orElseGet(this::nextId);
    open.put(id, name);
    ObjectNode rest = part.rest();
    ObjectNode inner = call.rest();
    if (!inner.isEmpty()) {
      rest.set("functionCall", inner);
    }
    turn.call(id, name, arguments, signature, part.extra(rest));
  }

  private Block response(Fields part, Fields response) {
    String name = response.text("name", "");
    String id = answered(response.text("id", ""), name);
    Optional<Fields> said = response.object("response");
    ObjectNode rest = part.rest();
    ObjectNode inner = response.rest();
    if (!inner.isEmpty()) {
      rest.set("functionResponse", inner);
    }
    ObjectNode value = said.map(Fields::whole).orElseGet(Json::object);
    boolean error = value.size() == 1 && value.has("error") && !value.get("error").isNull();
    String text = error ? textOf(value.get("error")) : result(value);
    return new Block.ToolResult(
        id, name, List.of(new Block.Text(text)), error, Block.Cache.NONE, part.extra(rest));
  }

  /** A result that is a plain string is taken out of its object; the writer puts it back. */
  private static String result(ObjectNode value) {
    JsonNode only = value.size() == 1 ? value.path("result") : value.path("");
    boolean plain = only.isString() && !only.asString().stripLeading().startsWith("{");
    return plain ? only.asString() : Json.text(value);
  }

  private static String textOf(JsonNode value) {
    return value.isString() ? value.asString() : Json.text(value);
  }

  private String answered(String id, String name) {
    String found = open.containsKey(id) ? id : "";
    for (var call : open.entrySet()) {
      if (found.isEmpty() && call.getValue().equals(name)) {
        found = call.getKey();
      }
    }
    if (found.isEmpty()) {
      return id.isEmpty() ? nextId() : id;
    }
    open.remove(found);
    return found;
  }

  private String nextId() {
    return GeminiIds.of(made++);
  }

  private static Block inline(Fields part, Fields inline) {
    String mime = inline.text("mimeType", "");
    String data = MediaData.standard(inline.text("data"));
    String name = inline.text("displayName", "");
    return new Block.Media(
        kind(mime), mime, new Source.Inline(data), name, Block.Cache.NONE, part.extra());
  }

  private static Block file(Fields part, Fields file) {
    String mime = file.text("mimeType", "");
    String uri = file.text("fileUri");
    String name = file.text("displayName", "");
    Source source = held(uri) ? new Source.Stored(uri) : new Source.Link(uri);
    return new Block.Media(kind(mime), mime, source, name, Block.Cache.NONE, part.extra());
  }

  /** Whether only Google can open it: its Files API and its cloud storage. */
  private static boolean held(String uri) {
    return !uri.startsWith("http") || uri.startsWith("https://generativelanguage.googleapis.com/");
  }

  static Block.Media.Kind kind(String mime) {
    String type = mime.substring(0, Math.max(0, mime.indexOf('/'))).toLowerCase(Locale.ROOT);
    return switch (type) {
      case "audio" -> Block.Media.Kind.AUDIO;
      case "video" -> Block.Media.Kind.VIDEO;
      case "application", "text" -> Block.Media.Kind.DOCUMENT;
      default -> Block.Media.Kind.IMAGE;
    };
  }

  /**
   * The blocks of one turn. Thoughts that a signature carries take their old place: before the text
   * it stood on, or at the head of the step whose call it stood on. Where a turn carries any, its
   * unsigned thought parts are the same thoughts as the client was shown them, and go.
   */
  private static final class TurnBlocks {
    private final List<Block> blocks = new ArrayList<>();
    private final Set<Block.Thought> carried = new HashSet<>();
    private int step;

    void add(Block block) {
      blocks.add(block);
    }

    void sign(String signature) {
      if (signature.isEmpty()) {
        return;
      }
      var foreign = Proofs.decode(signature);
      if (foreign.isPresent()) {
        insert(blocks.size(), foreign.get().thoughts());
      } else {
        blocks.add(new Block.Thought("", signature, Gemini.NAME, false));
      }
    }

    void thought(String text, String signature) {
      var foreign = Proofs.decode(signature);
      if (foreign.isPresent()) {
        insert(blocks.size(), foreign.get().thoughts());
      } else {
        blocks.add(new Block.Thought(text, signature, Gemini.NAME, false));
      }
    }

    void call(String id, String name, String arguments, String signature, Extra extra) {
      var foreign = Proofs.decode(signature);
      String own = foreign.map(Proofs::call).orElse(signature);
      String vendor = foreign.map(Proofs::vendor).orElse(Gemini.NAME);
      foreign.ifPresent(envelope -> insert(step, envelope.thoughts()));
      blocks.add(new Block.ToolUse(id, name, arguments, own, vendor, Block.Cache.NONE, extra));
      step = blocks.size();
    }

    private void insert(int at, List<Block.Thought> thoughts) {
      int place = at;
      for (Block.Thought thought : thoughts) {
        if (carried.add(thought)) {
          blocks.add(place++, thought);
        }
      }
    }

    List<Block> finish() {
      if (!carried.isEmpty()) {
        blocks.removeIf(block ->
            block instanceof Block.Thought thought
                && thought.signature().isEmpty()
                && thought.vendor().equals(Gemini.NAME));
      }
      return blocks;
    }
  }
}
