package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes turns as items. A thought goes back only where a provider of this dialect sealed it; what
 * another vendor signed is left out in silence, because the caller did not write it.
 */
final class ResponsesItemWriter {
  private final boolean own;
  private final Adaptation adaptation;
  private final ArrayNode items = Json.array();
  private final List<String> instructions = new ArrayList<>();

  ResponsesItemWriter(boolean own, Adaptation adaptation) {
    this.own = own;
    this.adaptation = adaptation;
  }

  ResponsesItemWriter add(List<Turn> turns) {
    boolean began = false;
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      String place = "messages[" + i + "]";
      if (!began && instructs(turn)) {
        for (Block block : turn.blocks()) {
          cache(block);
        }
        instructions.add(OpenAiRequestWriter.joined(turn.blocks(), "\n\n"));
        Fit.putBack(turn.extra(), "", Json.object(), place + ".", adaptation);
        continue;
      }
      began = true;
      switch (turn.role()) {
        case SYSTEM -> system(turn, place);
        case USER -> user(turn, place);
        case ASSISTANT -> assistant(turn, place);
      }
    }
    if (!own && items.isEmpty()) {
      begin();
    }
    return this;
  }

  /** OpenAI wants an input: where all is instruction, that is it. */
  private void begin() {
    ObjectNode message = items.addObject().put("type", "message");
    if (instructions.isEmpty()) {
      adaptation.mend("messages");
      message.put("role", "user").put("content", AlternatingTurns.FILLER);
    } else {
      message.put("role", "system").put("content", String.join("\n\n", instructions));
      instructions.clear();
    }
  }

  Optional<String> instructions() {
    return instructions.isEmpty()
        ? Optional.empty()
        : Optional.of(String.join("\n\n", instructions));
  }

  ArrayNode items() {
    return items;
  }

  private boolean instructs(Turn turn) {
    String mark = turn.extra().dialect();
    return turn.role() == Turn.Role.SYSTEM
        && !mark.equals(OpenAiTurnReader.DEVELOPER)
        && (own
            ? mark.equals(ResponsesWords.INSTRUCTIONS)
            : turn.blocks().stream().allMatch(Block.Text.class::isInstance));
  }

  private void system(Turn turn, String place) {
    boolean developer = turn.extra().dialect().equals(OpenAiTurnReader.DEVELOPER);
    message(developer ? "developer" : "system", turn.blocks(), place)
        .ifPresent(message ->
            extra(
                developer && own
                    ? new Extra(ResponsesWords.NAME, turn.extra().fields())
                    : turn.extra(),
                message,
                place));
  }

  private void user(Turn turn, String place) {
    var rest = new ArrayList<Block>();
    boolean results = false;
    for (Block block : turn.blocks()) {
      switch (block) {
        case Block.ToolResult result -> {
          result(result, place);
          results = true;
        }
        case Block.Native item when isItem(item) -> items.add(item.extra().fields());
        default -> rest.add(block);
      }
    }
    if (!rest.isEmpty() || !results) {
      message("user", rest, place).ifPresent(message -> extra(turn.extra(), message, place));
    }
  }

  /** An item of its own, and not a part of a message's content. */
  private static boolean isItem(Block.Native block) {
    return block.extra().of(ResponsesWords.NAME)
        && !block.extra().fields().path("type").asString("").startsWith("input_");
  }

  private void result(Block.ToolResult result, String place) {
    boolean free = result.extra().dialect().equals(ResponsesWords.CUSTOM);
    ObjectNode item =
        items
            .addObject()
            .put("type", free ? "custom_tool_call_output" : "function_call_output")
            .put("call_id", ToolId.fitted(result.id(), ToolId.USUAL));
    boolean plain = result.content().stream().allMatch(Block.Text.class::isInstance);
    if (plain) {
      item.put("output", OpenAiRequestWriter.joined(result.content(), "\n"));
    } else {
      item.set("output", parts(result.content(), "input_text", place));
    }
    if (result.error()) {
      adaptation.drop("is_error");
    }
    OpenAiTurnWriter.cache(result.cache(), item, false, adaptation);
    extra(
        free ? new Extra(ResponsesWords.NAME, result.extra().fields()) : result.extra(),
        item,
        place);
  }

  private void assistant(Turn turn, String place) {
    var said = new ArrayList<Block>();
    for (Block block : turn.blocks()) {
      switch (block) {
        case Block.Text text -> said.add(text);
        case Block.Refusal refusal -> said.add(refusal);
        case Block.Thought thought -> {
          said(said, turn, place);
          thought(thought);
        }
        case Block.ToolUse call -> {
          said(said, turn, place);
          call(call, place);
        }
        case Block.Native item when isItem(item) -> {
          said(said, turn, place);
          items.add(item.extra().fields());
        }
        case Block.Native foreign ->
            adaptation.drop(foreign.extra().fields().path("type").asString("content"));
        case Block.Media media -> adaptation.drop(word(media));
        case Block.ToolResult result -> adaptation.drop("tool_result");
      }
    }
    said(said, turn, place);
  }

  private void said(List<Block> said, Turn turn, String place) {
    if (!said.isEmpty()) {
      message("assistant", said, place).ifPresent(message -> extra(turn.extra(), message, place));
      said.clear();
    }
  }

  private void thought(Block.Thought thought) {
    if (!thought.vendor().equals(ResponsesWords.NAME) || thought.signature().isEmpty()) {
      return;
    }
    ObjectNode item = items.addObject().put("type", "reasoning");
    ArrayNode summary = item.putArray("summary");
    if (!thought.text().isEmpty()) {
      summary.addObject().put("type", "summary_text").put("text", thought.text());
    }
    item.put("encrypted_content", thought.signature());
  }

  private void call(Block.ToolUse call, String place) {
    boolean free = call.extra().dialect().equals(ResponsesWords.CUSTOM);
    ObjectNode item =
        items
            .addObject()
            .put("type", free ? "custom_tool_call" : "function_call")
            .put("call_id", ToolId.fitted(call.id(), ToolId.USUAL))
            .put("name", own ? call.name() : ToolNames.OPENAI.out(call.name()));
    if (free) {
      var input = new CustomInput();
      item.put("input", input.add(call.arguments()) + input.end());
    } else {
      item.put("arguments", call.arguments());
    }
    OpenAiTurnWriter.cache(call.cache(), item, false, adaptation);
    extra(free ? new Extra(ResponsesWords.NAME, call.extra().fields()) : call.extra(), item, place);
  }

  /** Empty where nothing of the content could be said. */
  private Optional<ObjectNode> message(String role, List<Block> blocks, String place) {
    ArrayNode content =
        parts(blocks, role.equals("assistant") ? "output_text" : "input_text", place);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode message = items.addObject().put("type", "message").put("role", role);
    message.set("content", content);
    return Optional.of(message);
  }

  private ArrayNode parts(List<Block> blocks, String text, String place) {
    ArrayNode parts = Json.array();
    for (Block block : blocks) {
      cache(block);
      Optional<ObjectNode> part =
          switch (block) {
            case Block.Text words -> {
              ObjectNode node = Json.object().put("type", text).put("text", words.text());
              extra(words.extra(), node, place);
              yield Optional.of(node);
            }
            case Block.Refusal refusal ->
                Optional.of(
                    text.equals("output_text")
                        ? Json.object().put("type", "refusal").put("refusal", refusal.text())
                        : Json.object().put("type", text).put("text", refusal.text()));
            case Block.Media media -> media(media, place);
            case Block.Native piece when piece.extra().of(ResponsesWords.NAME) ->
                Optional.of(piece.extra().fields());
            case Block.Native piece ->
                dropped(piece.extra().fields().path("type").asString("content"));
            case Block.Thought thought -> Optional.empty();
            case Block.ToolUse call -> dropped("tool_use");
            case Block.ToolResult result -> dropped("tool_result");
          };
      part.ifPresent(parts::add);
    }
    return parts;
  }

  private Optional<ObjectNode> dropped(String what) {
    adaptation.drop(what);
    return Optional.empty();
  }

  private static String word(Block.Media media) {
    return media.kind().name().toLowerCase(Locale.ROOT);
  }

  private Optional<ObjectNode> media(Block.Media media, String place) {
    Optional<ObjectNode> part =
        switch (media.kind()) {
          case IMAGE -> image(media.source(), media.mime());
          case DOCUMENT -> document(media);
          case AUDIO, VIDEO -> Optional.empty();
        };
    if (part.isEmpty()) {
      return dropped(word(media));
    }
    extra(media.extra(), part.get(), place);
    return part;
  }

  private Optional<ObjectNode> image(Source source, String mime) {
    ObjectNode part = Json.object().put("type", "input_image");
    return switch (source) {
      case Source.Inline inline ->
          Optional.of(part.put("image_url", MediaData.of(mime, inline.base64()).url()));
      case Source.Link link -> Optional.of(part.put("image_url", link.url()));
      // A file of another provider is not there.
      case Source.Stored stored ->
          own ? Optional.of(part.put("file_id", stored.id())) : Optional.empty();
      case Source.Plain plain -> Optional.empty();
    };
  }

  private Optional<ObjectNode> document(Block.Media media) {
    ObjectNode part = Json.object().put("type", "input_file");
    String name = media.name();
    return switch (media.source()) {
      case Source.Plain plain ->
          Optional.of(Json.object().put("type", "input_text").put("text", plain.text()));
      case Source.Inline inline -> {
        MediaData data = MediaData.of(media.mime(), inline.base64());
        boolean pdf = data.mime().equals("application/pdf");
        String given = own || !name.isEmpty() ? name : "document" + (pdf ? ".pdf" : "");
        if (!given.isEmpty()) {
          part.put("filename", given);
        }
        yield Optional.of(part.put("file_data", data.url()));
      }
      case Source.Link link -> Optional.of(part.put("file_url", link.url()));
      case Source.Stored stored ->
          own ? Optional.of(part.put("file_id", stored.id())) : Optional.empty();
    };
  }

  private void cache(Block block) {
    Block.Cache cache =
        switch (block) {
          case Block.Text text -> text.cache();
          case Block.Media media -> media.cache();
          case Block.Thought t -> Block.Cache.NONE;
          case Block.ToolUse c -> Block.Cache.NONE;
          case Block.ToolResult r -> Block.Cache.NONE;
          case Block.Refusal r -> Block.Cache.NONE;
          case Block.Native n -> Block.Cache.NONE;
        };
    OpenAiTurnWriter.cache(cache, Json.object(), false, adaptation);
  }

  private void extra(Extra extra, ObjectNode into, String place) {
    Fit.putBack(extra, ResponsesWords.NAME, into, place + ".", adaptation);
  }
}
