package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Cache;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Traits;
import dev.lintel.Turn.Role;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the blocks of one request for a provider. */
final class BedrockBlockWriter {
  private static final String S3 = "s3://";

  private final Adaptation adaptation;
  private final boolean own;
  private final Traits traits;

  /** Two documents of one name are refused. */
  private final Set<String> names = new HashSet<>();

  /**
   * @param own whether the caller speaks this dialect, so that what it wrote needs no repair
   */
  BedrockBlockWriter(Adaptation adaptation, boolean own, Traits traits) {
    this.adaptation = adaptation;
    this.own = own;
    this.traits = traits;
  }

  /**
   * Adds the block; nothing where nothing of it can be sent. Thoughts go back only where Claude or
   * Bedrock signed them, and are left out in silence else: no vendor takes another's, and the
   * caller did not write them.
   *
   * @param place the block's place in the caller's words, for reports
   */
  void write(Block block, Role role, String place, ArrayNode into) {
    switch (block) {
      case Block.Text text -> text(text, place, into);
      case Block.Refusal refusal -> text(new Block.Text(refusal.text()), place, into);
      case Block.Media media -> {
        if (role == Role.USER) {
          media(media, place, into);
        } else {
          adaptation.drop(place);
        }
      }
      case Block.Thought thought -> thought(thought, into);
      case Block.ToolUse use -> toolUse(use, place, into);
      case Block.ToolResult result -> toolResult(result, place, into);
      case Block.Native alien -> {
        if (alien.extra().of(NAME)) {
          into.add(alien.extra().fields().deepCopy());
        } else {
          adaptation.drop(place);
        }
      }
    }
  }

  private void text(Block.Text text, String place, ArrayNode into) {
    if (text.text().isBlank()) {
      // "The text field in the ContentBlock object is blank": the whole request is refused.
      adaptation.mend(place);
      return;
    }
    ObjectNode node = into.addObject().put("text", text.text());
    extra(node, text.extra(), place);
    cache(text.cache(), into);
  }

  private void thought(Block.Thought thought, ArrayNode into) {
    if (traits.cannot(Traits.Ability.THINKING)) {
      return;
    }
    boolean bedrocks = thought.vendor().equals(NAME);
    if (thought.sealed()) {
      if (bedrocks) {
        into.addObject().putObject("reasoningContent").put("redactedContent", thought.signature());
      }
      return;
    }
    boolean signed =
        !thought.signature().isEmpty()
            && (bedrocks || thought.vendor().equals(BedrockWords.SIGNER));
    if (signed || (own && bedrocks)) {
      ObjectNode node =
          into.addObject()
              .putObject("reasoningContent")
              .putObject("reasoningText")
              .put("text", thought.text());
      if (signed) {
        node.put("signature", thought.signature());
      }
    }
  }

  private void toolUse(Block.ToolUse use, String place, ArrayNode into) {
    ObjectNode node = into.addObject().putObject("toolUse");
    node.put("toolUseId", id(use.id())).put("name", name(use.name()));
    node.set("input", input(use.arguments(), place));
    extra(node, use.extra(), place);
    cache(use.cache(), into);
  }

  /** What no object can be made of is handed on under a name of its own. */
  private JsonNode input(String arguments, String place) {
    if (arguments.isBlank()) {
      return Json.object();
    }
    try {
      JsonNode parsed = Json.parse(arguments);
      if (parsed.isObject() || own) {
        return parsed;
      }
    } catch (JacksonException broken) {
      // Cut short by a token limit, most often: reported below.
    }
    adaptation.change(place + ".arguments", "object");
    return Json.object().put("arguments", arguments);
  }

  private void toolResult(Block.ToolResult result, String place, ArrayNode into) {
    ObjectNode node = into.addObject().putObject("toolResult");
    node.put("toolUseId", id(result.id()));
    ArrayNode content = node.putArray("content");
    Cache cache = result.cache();
    for (int i = 0; i < result.content().size(); i++) {
      Block inner = result.content().get(i);
      String at = place + ".content[" + i + "]";
      switch (inner) {
        case Block.Text text when text.extra().dialect().equals(BedrockTurnReader.JSON.dialect()) ->
            content.addObject().set("json", Json.parse(text.text()));
        case Block.Text text -> {
          if (!text.text().isBlank()) {
            content.addObject().put("text", text.text());
            extra((ObjectNode) content.get(content.size() - 1), text.extra(), at);
          }
          // A result's blocks have no place for a mark, what follows the result has.
          cache = cache == Cache.NONE ? text.cache() : cache;
        }
        case Block.Media media -> media(media, at, content);
        case Block.Refusal other -> write(other, Role.USER, at, content);
        case Block.Native other -> write(other, Role.USER, at, content);
        case Block.Thought other -> {}
        case Block.ToolUse other -> adaptation.drop(at);
        case Block.ToolResult other -> adaptation.drop(at);
      }
    }
    if (content.isEmpty()) {
      adaptation.mend(place + ".content");
      content.addObject().put("text", AlternatingTurns.FILLER);
    }
    if (result.error()) {
      node.put("status", "error");
    }
    extra(node, result.extra(), place);
    cache(cache, into);
  }

  private void media(Block.Media media, String place, ArrayNode into) {
    ObjectNode source = Json.object();
    String mime = media.mime();
    switch (media.source()) {
      case Source.Inline inline -> {
        MediaData data = MediaData.of(mime, inline.base64());
        mime = data.mime();
        source.put("bytes", data.base64());
      }
      case Source.Link link when link.url().startsWith(S3) ->
          source.putObject("s3Location").put("uri", link.url());
      case Source.Link link ->
          throw Failure.invalid(
                  "'"
                      + place
                      + "' is a link, and Bedrock takes bytes only: send it in base64, or as an"
                      + " s3:// address.")
              .at(place)
              .again(Failure.Again.ELSEWHERE);
      case Source.Stored stored -> {
        adaptation.drop(place);
        return;
      }
      case Source.Plain plain -> {
        mime = mime.isEmpty() ? "text/plain" : mime;
        if (own) {
          source.put("text", plain.text());
        } else {
          source.put(
              "bytes",
              Base64.getEncoder().encodeToString(plain.text().getBytes(StandardCharsets.UTF_8)));
        }
      }
    }
    String link = media.source() instanceof Source.Link stored ? stored.url() : media.name();
    Optional<String> format = BedrockMedia.format(media.kind(), mime, link);
    if (format.isEmpty()) {
      adaptation.drop(place);
      return;
    }
    ObjectNode node = into.addObject().putObject(BedrockMedia.word(media.kind()));
    node.put("format", format.get());
    if (media.kind() == Block.Media.Kind.DOCUMENT) {
      node.put("name", documentName(media.name(), place));
    }
    node.set("source", source);
    extra(node, media.extra(), place);
    cache(media.cache(), into);
  }

  private String documentName(String given, String place) {
    if (own) {
      return given;
    }
    int dot = given.lastIndexOf('.');
    String plain = BedrockMedia.name(dot > 0 ? given.substring(0, dot) : given);
    String name = plain;
    for (int i = 2; !names.add(name); i++) {
      name = plain.substring(0, Math.min(plain.length(), 190)) + " (" + i + ")";
    }
    if (!given.isEmpty() && !name.equals(given)) {
      adaptation.rename(place + ".name", name);
    }
    return name;
  }

  /** What a block before it ends with. */
  void cache(Cache cache, ArrayNode into) {
    if (cache == Cache.NONE) {
      return;
    }
    if (traits.cannot(Traits.Ability.PROMPT_CACHE)) {
      adaptation.drop("cache_control");
      return;
    }
    ObjectNode point = into.addObject().putObject("cachePoint").put("type", "default");
    if (cache == Cache.LONG) {
      point.put("ttl", "1h");
    }
  }

  /** Puts own fields back, and reports those of others. */
  void extra(ObjectNode node, Extra extra, String place) {
    Fit.putBack(extra, NAME, node, place + ".", adaptation);
  }

  /** As Bedrock takes it; a caller of this dialect knows that itself. */
  String name(String name) {
    return own ? name : ToolNames.BEDROCK.out(name);
  }

  /** Calls and their results meet by it in this request alone, so nobody has to read it back. */
  private static String id(String id) {
    return ToolId.fitted(new ToolId(id).shown(), ToolId.USUAL);
  }
}
