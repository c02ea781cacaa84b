package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Reads the items of a request; one reader a request. Items that the model made one after the other
 * are one turn of the assistant, and so are the results of tools one turn of the user.
 */
final class ResponsesItemReader {
  /** What an item of the model's has that says nothing to any other model. */
  private static final String[] OWN = {"id", "status", "annotations", "logprobs", "type"};

  private final List<Turn> turns = new ArrayList<>();

  /** The turn that is being put together. */
  private List<Block> blocks = new ArrayList<>();

  private Turn.Role role = Turn.Role.ASSISTANT;
  private final Map<String, String> toolNames = new HashMap<>();
  private final Set<String> custom = new HashSet<>();

  /** Of the call that follows. */
  private Optional<Proofs> proof = Optional.empty();

  List<Turn> read(List<Fields> items) {
    items.forEach(this::item);
    close();
    return turns;
  }

  private void item(Fields item) {
    String type = item.text("type", item.whole().has("role") ? "message" : "");
    switch (type) {
      case "message" -> message(item);
      case "function_call" -> call(item, item.text("arguments", ""), false);
      case "custom_tool_call" -> call(item, CustomInput.wrapped(item.text("input")), true);
      case "function_call_output", "custom_tool_call_output" -> result(item);
      case "reasoning" -> {
        proof = Proofs.ofCall(item.text("encrypted_content", ""));
        if (proof.isEmpty()) {
          part(Turn.Role.ASSISTANT, thoughts(item));
        }
      }
      case "" -> throw item.missing("type");
      default -> {
        boolean answer = type.endsWith("_output") || type.endsWith("_response");
        part(
            answer ? Turn.Role.USER : Turn.Role.ASSISTANT,
            List.of(new Block.Native(item.extra(item.whole()))));
      }
    }
  }

  private void part(Turn.Role of, List<? extends Block> more) {
    if (role != of) {
      close();
      role = of;
    }
    blocks.addAll(more);
  }

  private void close() {
    if (!blocks.isEmpty()) {
      turns.add(new Turn(role, blocks));
      blocks = new ArrayList<>();
    }
  }

  private void message(Fields message) {
    String said = message.text("role");
    List<Block> content = content(message, "content");
    if (said.equals("assistant")) {
      Extra rest = message.ignore(OWN).extra();
      part(Turn.Role.ASSISTANT, content);
      if (!rest.isEmpty()) {
        // Such as its phase, which belongs to this message and not to the whole turn.
        close();
        Turn turn = turns.removeLast();
        turns.add(new Turn(turn.role(), turn.blocks(), rest));
      }
      return;
    }
    close();
    Extra rest = message.ignore("id", "status", "type").extra();
    switch (said) {
      case "user" -> turns.add(new Turn(Turn.Role.USER, content, rest));
      case "system" -> turns.add(new Turn(Turn.Role.SYSTEM, content, rest));
      case "developer" ->
          turns.add(
              new Turn(
                  Turn.Role.SYSTEM, content, new Extra(OpenAiTurnReader.DEVELOPER, rest.fields())));
      default -> throw message.unknown("role", "system, developer, user or assistant");
    }
  }

  private void call(Fields item, String arguments, boolean free) {
    ToolId shown = ToolId.of(item.text("call_id"));
    String name = item.text("name");
    toolNames.put(shown.id(), name);
    if (free) {
      custom.add(shown.id());
    }
    boolean thought =
        role == Turn.Role.ASSISTANT && blocks.stream().anyMatch(Block.Thought.class::isInstance);
    if (!thought) {
      part(Turn.Role.ASSISTANT, shown.thoughts());
    }
    Extra rest = item.ignore(OWN).extra();
    var use =
        new Block.ToolUse(
            shown.id(),
            name,
            arguments.isBlank() ? "{}" : arguments,
            shown.signature(),
            shown.vendor(),
            Block.Cache.NONE,
            free ? new Extra(ResponsesWords.CUSTOM, rest.fields()) : rest);
    part(Turn.Role.ASSISTANT, List.of(proof.map(of -> of.on(use)).orElse(use)));
    proof = Optional.empty();
  }

  private void result(Fields item) {
    String id = ToolId.of(item.text("call_id")).id();
    List<Block> content = content(item, "output");
    Extra rest = item.ignore(OWN).extra();
    boolean free = custom.contains(id) || item.text("type").startsWith("custom");
    part(
        Turn.Role.USER,
        List.of(
            new Block.ToolResult(
                id,
                toolNames.getOrDefault(id, ""),
                content,
                false,
                Block.Cache.NONE,
                free ? new Extra(ResponsesWords.CUSTOM, rest.fields()) : rest)));
  }

  private static List<Block.Thought> thoughts(Fields item) {
    String text = text(item.whole().path("summary"));
    if (text.isEmpty()) {
      text = text(item.whole().path("content"));
    }
    String proof = item.text("encrypted_content", "");
    Optional<Proofs> several = Proofs.decode(proof);
    if (several.isPresent()) {
      return several.get().thoughts();
    }
    Optional<Proof> one = Proof.decode(proof);
    if (one.isPresent()) {
      return List.of(new Block.Thought(text, one.get().signature(), one.get().vendor(), false));
    }
    if (text.isEmpty() && proof.isEmpty()) {
      return List.of();
    }
    boolean sealed = text.isEmpty();
    return List.of(new Block.Thought(text, proof, ResponsesWords.NAME, sealed));
  }

  private static String text(JsonNode parts) {
    var text = new StringBuilder();
    for (JsonNode part : parts) {
      text.append(text.isEmpty() ? "" : "\n\n").append(part.path("text").asString(""));
    }
    return text.toString();
  }

  /** A string, or an array of parts. */
  private static List<Block> content(Fields holder, String name) {
    JsonNode content = holder.any(name).orElse(Json.array());
    if (content.isString()) {
      return List.of(new Block.Text(content.asString()));
    }
    if (!content.isArray()) {
      throw holder.wrong(name, "a string or an array of parts");
    }
    return holder.objects(name).stream().map(ResponsesItemReader::part).toList();
  }

  private static Block part(Fields part) {
    return switch (part.text("type")) {
      case "input_text", "output_text", "text" ->
          new Block.Text(part.text("text"), Block.Cache.NONE, part.ignore(OWN).extra());
      case "refusal" -> new Block.Refusal(part.text("refusal"));
      case "input_image" -> image(part);
      case "input_file" -> file(part);
      case "input_audio" -> audio(part);
      default -> new Block.Native(part.extra(part.whole()));
    };
  }

  private static Block image(Fields part) {
    String id = part.text("file_id", "");
    if (part.text("detail", "auto").equals("auto")) {
      part.ignore("detail");
    } else {
      part.leave("detail");
    }
    if (!id.isEmpty()) {
      return media(part, Block.Media.Kind.IMAGE, "", new Source.Stored(id), "");
    }
    return linked(part, "image_url", Block.Media.Kind.IMAGE, "");
  }

  private static Block linked(Fields part, String field, Block.Media.Kind kind, String name) {
    String url = part.text(field);
    Optional<MediaData> data = MediaData.parse(url, part.place(field));
    return media(
        part,
        kind,
        data.map(MediaData::mime).orElse(""),
        data.<Source>map(inline -> new Source.Inline(inline.base64()))
            .orElseGet(() -> new Source.Link(url)),
        name);
  }

  private static Block file(Fields part) {
    String name = part.text("filename", "");
    String id = part.text("file_id", "");
    if (!id.isEmpty()) {
      return media(part, Block.Media.Kind.DOCUMENT, "", new Source.Stored(id), name);
    }
    if (part.any("file_url").isPresent()) {
      return linked(part, "file_url", Block.Media.Kind.DOCUMENT, name);
    }
    String text = part.text("file_data");
    MediaData data =
        MediaData.parse(text, part.place("file_data")).orElseGet(() -> MediaData.of("", text));
    return media(
        part, Block.Media.Kind.DOCUMENT, data.mime(), new Source.Inline(data.base64()), name);
  }

  private static Block audio(Fields part) {
    Fields audio = part.neededObject("input_audio");
    String data = audio.text("data");
    String format = audio.text("format", "wav");
    return media(part, Block.Media.Kind.AUDIO, "audio/" + format, new Source.Inline(data), "");
  }

  private static Block media(
      Fields part, Block.Media.Kind kind, String mime, Source source, String name) {
    return new Block.Media(kind, mime, source, name, Block.Cache.NONE, part.ignore("type").extra());
  }
}
