package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Cache;
import dev.lintel.Block.Media.Kind;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn.Role;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes blocks for a provider.
 *
 * @param own whether the caller speaks this dialect, so that its file ids are the provider's
 */
record AnthropicBlockWriter(Adaptation adaptation, boolean own) {

  /**
   * The block; empty where nothing of it can be sent. Thoughts go back only where Anthropic signed
   * them and are left out in silence else: no vendor takes another's, and the caller did not write
   * them.
   *
   * @param place the block's place in the caller's words, for reports
   */
  Optional<ObjectNode> write(Block block, Role role, String place) {
    return switch (block) {
      case Block.Text text -> text(text, place);
      case Block.Refusal refusal -> text(new Block.Text(refusal.text()), place);
      case Block.Media media -> role == Role.USER ? media(media, place) : dropped(place);
      case Block.Thought thought -> thought(thought);
      case Block.ToolUse use -> toolUse(use, place);
      case Block.ToolResult result -> toolResult(result, place);
      case Block.Native alien -> alien(alien, place);
    };
  }

  private Optional<ObjectNode> dropped(String place) {
    adaptation.drop(place);
    return Optional.empty();
  }

  private Optional<ObjectNode> text(Block.Text text, String place) {
    if (text.text().isBlank()) {
      // "text content blocks must be non-empty": the API refuses the whole request.
      adaptation.mend(place);
      return Optional.empty();
    }
    ObjectNode node = typed("text").put("text", text.text());
    return finish(node, text.cache(), text.extra(), place);
  }

  private static Optional<ObjectNode> thought(Block.Thought thought) {
    if (!thought.vendor().equals(NAME) || thought.signature().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        thought.sealed()
            ? typed("redacted_thinking").put("data", thought.signature())
            : typed("thinking")
                .put("thinking", thought.text())
                .put("signature", thought.signature()));
  }

  private Optional<ObjectNode> toolUse(Block.ToolUse use, String place) {
    ObjectNode node = typed("tool_use").put("id", id(use.id())).put("name", name(use.name()));
    node.set("input", input(use.arguments(), place));
    return finish(node, use.cache(), use.extra(), place);
  }

  /** What no object can be made of is handed on under a name of its own. */
  private JsonNode input(String arguments, String place) {
    if (arguments.isBlank()) {
      return Json.object();
    }
    try {
      JsonNode parsed = Json.parse(arguments);
      if (parsed.isObject()) {
        return parsed;
      }
    } catch (JacksonException broken) {
      // Cut short by a token limit, most often: reported below.
    }
    adaptation.change(place + ".arguments", "object");
    return Json.object().put("arguments", arguments);
  }

  private Optional<ObjectNode> toolResult(Block.ToolResult result, String place) {
    ObjectNode node = typed("tool_result").put("tool_use_id", id(result.id()));
    ArrayNode content = Json.array();
    for (int i = 0; i < result.content().size(); i++) {
      Block inner = result.content().get(i);
      if (!(inner instanceof Block.Text text && text.text().isBlank())) {
        write(inner, Role.USER, place + ".content[" + i + "]").ifPresent(content::add);
      }
    }
    if (!content.isEmpty()) {
      node.set("content", content);
    }
    if (result.error()) {
      node.put("is_error", true);
    }
    return finish(node, result.cache(), result.extra(), place);
  }

  private Optional<ObjectNode> alien(Block.Native alien, String place) {
    return alien.extra().of(NAME) ? Optional.of(alien.extra().fields().deepCopy()) : dropped(place);
  }

  private Optional<ObjectNode> media(Block.Media media, String place) {
    Optional<ObjectNode> source =
        switch (media.kind()) {
          case IMAGE -> image(media);
          case DOCUMENT -> document(media);
          case AUDIO, VIDEO -> Optional.empty();
        };
    if (source.isEmpty()) {
      return dropped(place);
    }
    ObjectNode node = typed(media.kind() == Kind.IMAGE ? "image" : "document");
    node.set("source", source.get());
    if (media.kind() == Kind.DOCUMENT && !media.name().isEmpty()) {
      node.put("title", media.name());
    }
    return finish(node, media.cache(), media.extra(), place);
  }

  private Optional<ObjectNode> image(Block.Media media) {
    return switch (media.source()) {
      case Source.Inline inline -> {
        MediaData data = MediaData.of(media.mime(), inline.base64());
        yield Optional.of(base64(data.mime(), data.base64()));
      }
      case Source.Link link -> link(link);
      case Source.Stored stored -> stored(stored);
      case Source.Plain plain -> Optional.empty();
    };
  }

  private Optional<ObjectNode> document(Block.Media media) {
    return switch (media.source()) {
      case Source.Inline inline -> {
        MediaData data = MediaData.of(media.mime(), inline.base64());
        if (data.mime().equals("application/pdf")) {
          yield Optional.of(base64(data.mime(), data.base64()));
        }
        yield data.mime().startsWith("text/") ? decoded(data.base64()) : Optional.empty();
      }
      case Source.Link link -> link(link);
      case Source.Stored stored -> stored(stored);
      case Source.Plain plain -> Optional.of(plain(plain.text()));
    };
  }

  private static Optional<ObjectNode> decoded(String base64) {
    try {
      return Optional.of(
          plain(new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private static ObjectNode plain(String text) {
    return typed("text").put("media_type", "text/plain").put("data", text);
  }

  private static ObjectNode base64(String mime, String data) {
    return typed("base64").put("media_type", mime).put("data", data);
  }

  private static Optional<ObjectNode> link(Source.Link link) {
    return link.url().startsWith("http://") || link.url().startsWith("https://")
        ? Optional.of(typed("url").put("url", link.url()))
        : Optional.empty();
  }

  private Optional<ObjectNode> stored(Source.Stored stored) {
    return own ? Optional.of(typed("file").put("file_id", stored.id())) : Optional.empty();
  }

  private Optional<ObjectNode> finish(ObjectNode node, Cache cache, Extra extra, String place) {
    cache(node, cache);
    extra(node, extra, place + ".");
    return Optional.of(node);
  }

  static void cache(ObjectNode node, Cache cache) {
    switch (cache) {
      case NONE -> {}
      case SHORT -> node.putObject("cache_control").put("type", "ephemeral");
      case LONG -> node.putObject("cache_control").put("type", "ephemeral").put("ttl", "1h");
    }
  }

  /** Puts own fields back, in the place of what was made of them, and reports those of others. */
  void extra(ObjectNode node, Extra extra, String prefix) {
    if (extra.of(NAME)) {
      // Whole, not merged: a document's source is put back in its own form.
      node.setAll(extra.fields().deepCopy());
    } else {
      Fit.putBack(extra, NAME, node, prefix, adaptation);
    }
  }

  /** As Anthropic takes it; a caller of this dialect knows that itself. */
  String name(String name) {
    return own ? name : ToolNames.ANTHROPIC.out(name);
  }

  private static String id(String id) {
    return new ToolId(id).shown();
  }

  private static ObjectNode typed(String type) {
    return Json.object().put("type", type);
  }
}
