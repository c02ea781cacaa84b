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
import tools.jackson.databind.node.ObjectNode;

/** Reads the content of a client's turns. */
final class AnthropicBlockReader {
  private AnthropicBlockReader() {}

  /** A string, or an array of blocks. */
  static List<Block> content(JsonNode content, String place) {
    if (content.isString()) {
      return List.of(new Block.Text(content.asString()));
    }
    if (!content.isArray()) {
      throw AnthropicFields.wrong(place, "a string or an array of blocks", content);
    }
    var blocks = new ArrayList<Block>(content.size());
    for (int i = 0; i < content.size(); i++) {
      blocks.add(block(new AnthropicFields(content.get(i), place + "." + i)));
    }
    return blocks;
  }

  private static Block block(AnthropicFields fields) {
    return switch (fields.text("type")) {
      case "text" -> new Block.Text(fields.text("text"), cache(fields), fields.extra());
      case "image" -> media(fields, Kind.IMAGE);
      case "document" -> media(fields, Kind.DOCUMENT);
      case "thinking" -> thought(fields.text("thinking"), fields.text("signature", ""), false);
      case "redacted_thinking" -> thought("", fields.text("data"), true);
      case "tool_use" -> toolUse(fields);
      case "tool_result" -> toolResult(fields);
      default -> nativeBlock(fields);
    };
  }

  private static Block nativeBlock(AnthropicFields fields) {
    return new Block.Native(new Extra(AnthropicWords.NAME, (ObjectNode) fields.whole()));
  }

  private static Block thought(String text, String signature, boolean sealed) {
    return ForeignSignature.decode(signature)
        .map(foreign -> new Block.Thought(text, foreign.signature(), foreign.vendor(), sealed))
        .orElseGet(() -> new Block.Thought(text, signature, AnthropicWords.NAME, sealed));
  }

  private static Block toolUse(AnthropicFields fields) {
    ToolId id = ToolId.of(fields.text("id"));
    Optional<JsonNode> input = fields.any("input");
    if (input.isPresent() && !input.get().isObject()) {
      throw AnthropicFields.wrong(fields.place("input"), "an object", input.get());
    }
    return new Block.ToolUse(
        id.id(),
        fields.text("name"),
        input.map(Json::text).orElse("{}"),
        id.signature(),
        id.vendor(),
        cache(fields),
        fields.extra());
  }

  private static Block toolResult(AnthropicFields fields) {
    return new Block.ToolResult(
        ToolId.of(fields.text("tool_use_id")).id(),
        "",
        fields
            .any("content")
            .map(content -> content(content, fields.place("content")))
            .orElse(List.of()),
        fields.flag("is_error").orElse(false),
        cache(fields),
        fields.extra());
  }

  private static Block media(AnthropicFields fields, Kind kind) {
    AnthropicFields from = new AnthropicFields(fields.needed("source"), fields.place("source"));
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
        kind, mime, source, fields.text("title", ""), cache(fields), fields.extra());
  }

  /** The text of a document that is given in blocks; empty where they hold anything else. */
  private static Optional<String> plain(AnthropicFields source) {
    var texts = new ArrayList<String>();
    for (Block block : content(source.needed("content"), source.place("content"))) {
      if (!(block instanceof Block.Text text)) {
        return Optional.empty();
      }
      texts.add(text.text());
    }
    return Optional.of(String.join("\n", texts));
  }

  /** What the common model cannot say, such as a scope, stays in the rest as well. */
  static Block.Cache cache(AnthropicFields fields) {
    Optional<AnthropicFields> control = fields.object("cache_control");
    if (control.isEmpty()) {
      return Block.Cache.NONE;
    }
    String ttl = control.get().text("ttl", "5m");
    boolean usual = control.get().text("type").equals("ephemeral");
    if (!usual || !control.get().rest().isEmpty() || !(ttl.equals("5m") || ttl.equals("1h"))) {
      fields.leave("cache_control");
    }
    return ttl.equals("1h") ? Block.Cache.LONG : Block.Cache.SHORT;
  }
}
