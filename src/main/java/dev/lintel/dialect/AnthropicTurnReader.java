package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Block.Media.Kind;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Reads the content of a client's turns. */
final class AnthropicTurnReader {
  private AnthropicTurnReader() {}

  /** A string, or an array of blocks. */
  static List<Block> content(Fields holder, String name) {
    JsonNode content = holder.needed(name);
    if (content.isString()) {
      return List.of(new Block.Text(content.asString()));
    }
    if (!content.isArray()) {
      throw holder.wrong(name, "a string or an array of blocks");
    }
    var blocks = new ArrayList<Block>();
    Optional<Proofs> proof = Optional.empty();
    for (Fields fields : holder.objects(name)) {
      Optional<Proofs> next = Proofs.ofCall(fields.whole().path("data").asString(""));
      if (next.isPresent()) {
        proof = next;
        continue;
      }
      Block block = block(fields);
      if (proof.isPresent() && block instanceof Block.ToolUse use) {
        block = proof.get().on(use);
        proof = Optional.empty();
      }
      blocks.add(block);
    }
    return blocks;
  }

  private static Block block(Fields fields) {
    return switch (fields.text("type")) {
      case "text" -> new Block.Text(fields.text("text"), fields.cache(), fields.extra());
      case "image" -> media(fields, Kind.IMAGE);
      case "document" -> media(fields, Kind.DOCUMENT);
      case "thinking" -> thought(fields.text("thinking"), fields.text("signature", ""), false);
      case "redacted_thinking" -> thought("", fields.text("data"), true);
      case "tool_use" -> toolUse(fields);
      case "tool_result" -> toolResult(fields);
      default -> nativeBlock(fields);
    };
  }

  private static Block nativeBlock(Fields fields) {
    return new Block.Native(new Extra(AnthropicWords.NAME, fields.whole()));
  }

  private static Block thought(String text, String signature, boolean sealed) {
    return Proof.decode(signature)
        .map(foreign -> new Block.Thought(text, foreign.signature(), foreign.vendor(), sealed))
        .orElseGet(() -> new Block.Thought(text, signature, AnthropicWords.NAME, sealed));
  }

  private static Block toolUse(Fields fields) {
    ToolId id = ToolId.of(fields.text("id"));
    return new Block.ToolUse(
        id.id(),
        fields.text("name"),
        fields.object("input").map(input -> Json.text(input.whole())).orElse("{}"),
        id.signature(),
        id.vendor(),
        fields.cache(),
        fields.extra());
  }

  private static Block toolResult(Fields fields) {
    return new Block.ToolResult(
        ToolId.of(fields.text("tool_use_id")).id(),
        "",
        fields.any("content").isPresent() ? content(fields, "content") : List.of(),
        fields.flag("is_error").orElse(false),
        fields.cache(),
        fields.extra());
  }

  private static Block media(Fields fields, Kind kind) {
    Fields from = fields.neededObject("source");
    Source source;
    String mime = "";
    switch (from.text("type")) {
      case "base64" -> {
        mime = from.text("media_type", "");
        source = new Source.Inline(from.text("data"));
      }
      case "url" -> source = new Source.Link(from.text("url"));
      case "file" -> source = new Source.Stored(from.text("file_id"));
      case "text" -> {
        mime = from.text("media_type", "text/plain");
        source = new Source.Plain(from.text("data"));
      }
      case "content" -> {
        // The parts that citations point at are lost to other dialects, so they hear of the source.
        Optional<String> text = plain(from);
        if (text.isEmpty()) {
          return nativeBlock(fields);
        }
        mime = "text/plain";
        source = new Source.Plain(text.get());
        fields.leave("source");
      }
      default -> {
        return nativeBlock(fields);
      }
    }
    return new Block.Media(
        kind, mime, source, fields.text("title", ""), fields.cache(), fields.extra());
  }

  /** The text of a document that is given in blocks; empty where they hold anything else. */
  private static Optional<String> plain(Fields source) {
    var texts = new ArrayList<String>();
    for (Block block : content(source, "content")) {
      if (!(block instanceof Block.Text text)) {
        return Optional.empty();
      }
      texts.add(text.text());
    }
    return Optional.of(String.join("\n", texts));
  }
}
