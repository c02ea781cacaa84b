package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.Block;
import dev.lintel.Block.Media.Kind;
import dev.lintel.Block.Media.Source;
import dev.lintel.Extra;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the content of a client's turns. */
final class BedrockTurnReader {
  /** The extra of a text that was JSON in a tool's result; nothing is in it. */
  static final Extra JSON = new Extra("bedrock.json", Json.object());

  private BedrockTurnReader() {}

  /** An array of blocks, each with what follows it as its mark for the cache. */
  static List<Block> content(Fields holder, String name) {
    var blocks = new ArrayList<Block>();
    Optional<Proofs> proof = Optional.empty();
    for (Fields fields : holder.objects(name)) {
      Optional<Proofs> next =
          Proofs.ofCall(
              fields.whole().path("reasoningContent").path("redactedContent").asString(""));
      if (next.isPresent()) {
        proof = next;
      } else if (proof.isPresent() && block(fields) instanceof Block.ToolUse use) {
        blocks.add(proof.get().on(use));
        proof = Optional.empty();
      } else if (fields.whole().has("cachePoint")
          && !blocks.isEmpty()
          && marked(blocks.getLast(), cache(fields)) instanceof Block marked) {
        blocks.set(blocks.size() - 1, marked);
      } else {
        blocks.add(block(fields));
      }
    }
    return blocks;
  }

  /** What a {@code cachePoint} asks for. */
  static Block.Cache cache(Fields holder) {
    Fields point = holder.neededObject("cachePoint");
    return switch (point.text("ttl", "5m")) {
      case "5m" -> Block.Cache.SHORT;
      case "1h" -> Block.Cache.LONG;
      default -> throw point.unknown("ttl", "5m or 1h");
    };
  }

  /** The block with that mark; {@code null} where it can have none. */
  private static @Nullable Block marked(Block block, Block.Cache cache) {
    return switch (block) {
      case Block.Text text -> new Block.Text(text.text(), cache, text.extra());
      case Block.Media media ->
          new Block.Media(
              media.kind(), media.mime(), media.source(), media.name(), cache, media.extra());
      case Block.ToolUse use ->
          new Block.ToolUse(
              use.id(),
              use.name(),
              use.arguments(),
              use.signature(),
              use.vendor(),
              cache,
              use.extra());
      case Block.ToolResult result ->
          new Block.ToolResult(
              result.id(), result.name(), result.content(), result.error(), cache, result.extra());
      case Block.Thought thought -> null;
      case Block.Refusal refusal -> null;
      case Block.Native alien -> null;
    };
  }

  private static Block block(Fields fields) {
    if (fields.any("text").isPresent()) {
      return new Block.Text(fields.text("text"), Block.Cache.NONE, fields.extra());
    }
    for (String word : List.of("toolUse", "toolResult", "reasoningContent", "json")) {
      if (fields.whole().path(word).isMissingNode()) {
        continue;
      }
      return switch (word) {
        case "toolUse" -> toolUse(fields.neededObject(word));
        case "toolResult" -> toolResult(fields.neededObject(word));
        case "json" -> new Block.Text(Json.text(fields.needed(word)), Block.Cache.NONE, JSON);
        default -> thought(fields, fields.neededObject(word));
      };
    }
    for (Kind kind : Kind.values()) {
      String word = BedrockMedia.word(kind);
      if (fields.whole().path(word).isObject()) {
        return media(fields, kind, fields.neededObject(word));
      }
    }
    return alien(fields);
  }

  private static Block alien(Fields fields) {
    return new Block.Native(new Extra(NAME, fields.whole()));
  }

  private static Block toolUse(Fields fields) {
    ToolId id = ToolId.of(fields.text("toolUseId"));
    JsonNode input = fields.any("input").orElseGet(Json::object);
    return new Block.ToolUse(
        id.id(),
        fields.text("name"),
        Json.text(input),
        id.signature(),
        id.vendor(),
        Block.Cache.NONE,
        fields.extra());
  }

  private static Block toolResult(Fields fields) {
    boolean error =
        switch (fields.text("status", "success")) {
          case "success" -> false;
          case "error" -> true;
          default -> throw fields.unknown("status", "success or error");
        };
    return new Block.ToolResult(
        ToolId.of(fields.text("toolUseId")).id(),
        "",
        content(fields, "content"),
        error,
        Block.Cache.NONE,
        fields.extra());
  }

  private static Block thought(Fields holder, Fields content) {
    Optional<Fields> open = content.object("reasoningText");
    if (open.isPresent()) {
      String text = open.get().text("text");
      String signature = open.get().text("signature", "");
      return Proof.decode(signature)
          .map(foreign -> new Block.Thought(text, foreign.signature(), foreign.vendor(), false))
          .orElseGet(() -> thought(text, signature));
    }
    Optional<String> sealed = content.textIfAny("redactedContent");
    if (sealed.isEmpty()) {
      return alien(holder);
    }
    return Proofs.decode(sealed.get())
        .filter(proofs -> !proofs.thoughts().isEmpty())
        .map(proofs -> proofs.thoughts().getFirst())
        .orElseGet(() -> new Block.Thought("", sealed.get(), NAME, true));
  }

  /** One that a provider of this dialect had. */
  private static Block.Thought thought(String text, String signature) {
    return new Block.Thought(
        text, signature, signature.isEmpty() ? NAME : BedrockWords.SIGNER, false);
  }

  private static Block media(Fields holder, Kind kind, Fields fields) {
    Fields from = fields.neededObject("source");
    Source source;
    Optional<String> bytes = from.textIfAny("bytes");
    Optional<Fields> stored = from.object("s3Location");
    Optional<String> text = from.textIfAny("text");
    if (bytes.isPresent()) {
      source = new Source.Inline(bytes.get());
    } else if (stored.isPresent()) {
      source = new Source.Link(stored.get().text("uri"));
    } else if (text.isPresent()) {
      source = new Source.Plain(text.get());
    } else {
      return alien(holder);
    }
    String format = fields.text("format", text.isPresent() ? "txt" : "");
    String name = kind == Kind.DOCUMENT ? fields.text("name") : "";
    ObjectNode rest = fields.rest();
    stored
        .map(Fields::rest)
        .filter(more -> !more.isEmpty())
        .ifPresent(more -> rest.putObject("source").set("s3Location", more));
    return new Block.Media(
        kind, BedrockMedia.mime(kind, format), source, name, Block.Cache.NONE, fields.extra(rest));
  }
}
