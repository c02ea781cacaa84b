package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes turns as messages.
 *
 * <p>A thought goes back as {@code reasoning_content} where the caller speaks this dialect and
 * wrote it there, or where a provider of this dialect had it beside a tool call: that is where
 * DeepSeek and Moonshot ask for it. Else it is left out, which is what OpenAI expects; what another
 * vendor signed is never sent here.
 */
final class OpenAiTurnWriter {
  private final boolean own;
  private final Adaptation adaptation;
  private final ArrayNode messages = Json.array();

  /** What a tool's message cannot hold: it follows in a message of the user. */
  private final ArrayNode moved = Json.array();

  OpenAiTurnWriter(boolean own, Adaptation adaptation) {
    this.own = own;
    this.adaptation = adaptation;
  }

  ArrayNode write(List<Turn> turns) {
    for (Turn turn : turns) {
      switch (turn.role()) {
        case SYSTEM -> system(turn);
        case USER -> user(turn);
        case ASSISTANT -> assistant(turn);
      }
    }
    flushMoved();
    return own ? messages : new OpenAiPairs(adaptation).mended(messages);
  }

  private void system(Turn turn) {
    flushMoved();
    boolean developer = turn.extra().dialect().equals(OpenAiTurnReader.DEVELOPER);
    ObjectNode message = message(developer ? "developer" : "system");
    if (own) {
      content(message, turn.blocks());
    } else {
      // Many servers of this dialect take no array here.
      turn.blocks().forEach(block -> cacheOf(block, message));
      message.put("content", OpenAiRequestWriter.joined(turn.blocks(), "\n\n"));
      for (Block block : turn.blocks()) {
        if (!(block instanceof Block.Text)) {
          adaptation.drop("system");
        }
      }
    }
    Extra extra = turn.extra();
    OpenAiRequestWriter.extra(
        developer ? new Extra(OpenAiChat.NAME, extra.fields()) : extra, message, adaptation);
  }

  private void user(Turn turn) {
    var rest = new ArrayList<Block>();
    boolean results = false;
    for (Block block : turn.blocks()) {
      if (block instanceof Block.ToolResult result) {
        result(result);
        results = true;
      } else {
        rest.add(block);
      }
    }
    if (!rest.isEmpty() && !moved.isEmpty()) {
      ObjectNode message = message("user");
      ArrayNode parts = message.putArray("content").addAll(moved);
      moved.removeAll();
      parts(parts, rest);
      OpenAiRequestWriter.extra(turn.extra(), message, adaptation);
    } else if (!rest.isEmpty() || !results) {
      flushMoved();
      ObjectNode message = message("user");
      content(message, rest);
      OpenAiRequestWriter.extra(turn.extra(), message, adaptation);
    }
  }

  private void flushMoved() {
    if (!moved.isEmpty()) {
      message("user").putArray("content").addAll(moved);
      moved.removeAll();
    }
  }

  private void result(Block.ToolResult result) {
    if (result.extra().dialect().equals(OpenAiTurnReader.LEGACY)) {
      content(message("function").put("name", result.name()), result.content());
      return;
    }
    ObjectNode message =
        message("tool").put("tool_call_id", ToolId.fitted(result.id(), ToolId.USUAL));
    if (own) {
      content(message, result.content());
    } else {
      String text = OpenAiRequestWriter.joined(result.content(), "\n");
      ArrayNode others = Json.array();
      parts(
          others,
          result.content().stream().filter(block -> !(block instanceof Block.Text)).toList());
      if (!others.isEmpty()) {
        adaptation.rename("tool_result.content", "user.content");
        moved.addAll(others);
        text = text.isEmpty() ? "The result follows in the next message of the user." : text;
      }
      message.put("content", text);
      if (result.error()) {
        adaptation.drop("is_error");
      }
    }
    cache(result.cache(), message, own, adaptation);
    OpenAiRequestWriter.extra(result.extra(), message, adaptation);
  }

  private void assistant(Turn turn) {
    flushMoved();
    var said = new ArrayList<Block>();
    ArrayNode calls = Json.array();
    ObjectNode message = Json.object().put("role", "assistant");
    boolean callsTools = turn.blocks().stream().anyMatch(b -> b instanceof Block.ToolUse);
    for (Block block : turn.blocks()) {
      switch (block) {
        case Block.Thought thought -> thought(thought, callsTools, message);
        case Block.ToolUse call when call.extra().dialect().equals(OpenAiTurnReader.LEGACY) ->
            message
                .putObject("function_call")
                .put("name", call.name())
                .put("arguments", call.arguments());
        case Block.ToolUse call -> calls.add(call(call));
        case Block.Native piece
            when piece.extra().of(OpenAiChat.NAME) && piece.extra().fields().has("tool_call") ->
            calls.add(piece.extra().fields().get("tool_call"));
        case Block.Refusal refusal -> message.put("refusal", refusal.text());
        case Block.Media media when media.kind() == Block.Media.Kind.IMAGE ->
            parts(message.withArray("images"), List.of(media));
        default -> said.add(block);
      }
    }
    if (said.isEmpty()) {
      message.putNull("content");
    } else if (own) {
      content(message, said);
    } else {
      said.forEach(block -> cacheOf(block, message));
      message.put("content", OpenAiRequestWriter.joined(said, ""));
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    OpenAiRequestWriter.extra(turn.extra(), message, adaptation);
    // A turn of thoughts alone has nothing left to say, and OpenAI refuses an empty message.
    if (own || message.size() > 2 || !said.isEmpty()) {
      messages.add(message);
    }
  }

  private void thought(Block.Thought thought, boolean callsTools, ObjectNode message) {
    boolean wanted =
        own
            ? thought.signature().isEmpty()
            : thought.vendor().equals(OpenAiChat.NAME) && callsTools;
    if (wanted && !thought.text().isEmpty()) {
      String before = message.path("reasoning_content").asString("");
      message.put("reasoning_content", before + thought.text());
    }
  }

  private ObjectNode call(Block.ToolUse call) {
    ObjectNode node =
        Json.object().put("id", ToolId.fitted(call.id(), ToolId.USUAL)).put("type", "function");
    node.putObject("function")
        .put("name", own ? call.name() : ToolNames.OPENAI.out(call.name()))
        .put("arguments", call.arguments());
    Extra extra = call.extra();
    if (extra.dialect().equals(OpenAiTurnReader.SIGNED)) {
      node.set(OpenAiThoughts.TOOL, OpenAiThoughts.ofTool(call.signature()));
      extra = new Extra(OpenAiChat.NAME, extra.fields());
    }
    cache(call.cache(), node, own, adaptation);
    OpenAiRequestWriter.extra(extra, node, adaptation);
    return node;
  }

  private ObjectNode message(String role) {
    return messages.addObject().put("role", role);
  }

  /** A single plain text as a string, which every server takes; else an array of parts. */
  private void content(ObjectNode message, List<Block> blocks) {
    if (blocks.isEmpty()) {
      message.put("content", own ? null : "");
    } else if (blocks.size() == 1
        && blocks.getFirst() instanceof Block.Text text
        && (text.cache() == Block.Cache.NONE || !own)
        && text.extra().isEmpty()) {
      cacheOf(text, message);
      message.put("content", text.text());
    } else {
      parts(message.putArray("content"), blocks);
    }
  }

  private void parts(ArrayNode into, List<Block> blocks) {
    for (Block block : blocks) {
      ObjectNode part = part(block);
      if (part != null) {
        cacheOf(block, part);
        into.add(part);
      }
    }
  }

  /** {@code null} where this dialect has no place for the block, which is then reported. */
  private @Nullable ObjectNode part(Block block) {
    return switch (block) {
      case Block.Text text -> {
        ObjectNode part = Json.object().put("type", "text").put("text", text.text());
        OpenAiRequestWriter.extra(text.extra(), part, adaptation);
        yield part;
      }
      case Block.Media media -> new OpenAiMedia(own, adaptation).part(media);
      case Block.Refusal refusal ->
          Json.object().put("type", "refusal").put("refusal", refusal.text());
      case Block.Native piece -> {
        if (piece.extra().of(OpenAiChat.NAME)) {
          yield piece.extra().fields();
        }
        adaptation.drop(piece.extra().fields().path("type").asString("content"));
        yield null;
      }
      case Block.Thought thought -> null;
      case Block.ToolUse call -> dropped("tool_use");
      case Block.ToolResult result -> dropped("tool_result");
    };
  }

  private @Nullable ObjectNode dropped(String what) {
    adaptation.drop(what);
    return null;
  }

  private void cacheOf(Block block, ObjectNode into) {
    switch (block) {
      case Block.Text text -> cache(text.cache(), into, own, adaptation);
      case Block.Media media -> cache(media.cache(), into, own, adaptation);
      case Block.Thought thought -> {}
      case Block.ToolUse call -> {}
      case Block.ToolResult result -> {}
      case Block.Refusal refusal -> {}
      case Block.Native piece -> {}
    }
  }

  /**
   * Goes back to where a caller of this dialect put it; OpenAI itself has no such mark, because it
   * caches every prompt.
   */
  static void cache(Block.Cache cache, ObjectNode into, boolean own, Adaptation adaptation) {
    if (cache == Block.Cache.NONE) {
      return;
    }
    if (!own) {
      adaptation.drop("cache_control");
      return;
    }
    ObjectNode control = into.putObject("cache_control").put("type", "ephemeral");
    if (cache == Block.Cache.LONG) {
      control.put("ttl", "1h");
    }
  }
}
