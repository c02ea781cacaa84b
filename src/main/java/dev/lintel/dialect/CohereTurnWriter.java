package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes turns as Cohere's messages.
 *
 * <p>A thought goes back as the thinking item it was, where Cohere had it or a client gave it
 * without saying whose it is; what another vendor thought stays behind. The text beside calls is
 * their plan.
 */
final class CohereTurnWriter {
  /** Stands where a turn has to say something and says nothing. */
  private static final String FILLER = "...";

  private final boolean own;
  private final boolean apart;
  private final Adaptation adaptation;
  private final ArrayNode messages = Json.array();
  private final ArrayNode documents = Json.array();

  /** What a tool's message cannot hold: it follows in a message of the user. */
  private final ArrayNode moved = Json.array();

  /** Calls that no result has answered yet; the API refuses what leaves one open. */
  private final Set<String> unanswered = new LinkedHashSet<>();

  /**
   * @param apart whether documents go beside the conversation; else their text stays in it
   */
  CohereTurnWriter(boolean own, boolean apart, Adaptation adaptation) {
    this.own = own;
    this.apart = apart;
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
    answer();
    flushMoved();
    return messages;
  }

  /** What goes beside the messages; complete once they are written. */
  ArrayNode documents() {
    return documents;
  }

  /** Calls that nobody answers get a result that says so. */
  private void answer() {
    for (String id : unanswered) {
      adaptation.mend("tool_use " + id);
      message("tool").put("tool_call_id", id).put("content", "The tool gave no result.");
    }
    unanswered.clear();
  }

  private void system(Turn turn) {
    answer();
    flushMoved();
    turn.blocks().forEach(this::cacheOf);
    if (turn.blocks().stream().anyMatch(block -> !(block instanceof Block.Text))) {
      adaptation.drop("system");
    }
    String text = OpenAiRequestWriter.joined(turn.blocks(), "\n\n");
    if (!text.isEmpty()) {
      finish(message("system").put("content", text), turn);
    }
  }

  private void user(Turn turn) {
    var rest = new ArrayList<Block>();
    for (Block block : turn.blocks()) {
      if (block instanceof Block.ToolResult result && unanswered.remove(result.id())) {
        result(result);
      } else if (block instanceof Block.ToolResult orphan) {
        adaptation.mend("tool_result " + orphan.id());
        rest.addAll(orphan.content());
      } else {
        rest.add(block);
      }
    }
    if (!rest.isEmpty()) {
      answer();
    }
    ArrayNode parts = Json.array().addAll(moved);
    moved.removeAll();
    rest.forEach(block -> part(block, parts));
    if (!parts.isEmpty()) {
      finish(content(message("user"), parts), turn);
    } else if (!rest.isEmpty() || turn.blocks().isEmpty()) {
      // Nothing of the turn is left, and the API refuses an empty one.
      adaptation.mend("user.content");
      finish(message("user").put("content", FILLER), turn);
    }
  }

  private void flushMoved() {
    if (!moved.isEmpty()) {
      content(message("user"), moved.deepCopy());
      moved.removeAll();
    }
  }

  private void result(Block.ToolResult result) {
    ObjectNode message = message("tool").put("tool_call_id", result.id());
    ArrayNode parts = Json.array();
    for (Block block : result.content()) {
      if (block instanceof Block.Text text && text.extra().of(CohereTurnReader.DOCUMENT)) {
        parts.addObject().put("type", "document").set("document", text.extra().fields());
      } else if (block instanceof Block.Media media && media.kind() == Block.Media.Kind.DOCUMENT) {
        document(media)
            .ifPresentOrElse(
                document -> parts.addObject().put("type", "document").set("document", document),
                () -> dropped(media));
      } else if (block instanceof Block.Media) {
        part(block, moved);
        adaptation.rename("tool_result.content", "user.content");
      } else {
        part(block, parts);
      }
    }
    if (parts.isEmpty()) {
      message.put(
          "content", moved.isEmpty() ? "" : "The result follows in the next message of the user.");
    } else {
      content(message, parts);
    }
    if (result.error()) {
      adaptation.drop("is_error");
    }
    cache(result.cache(), adaptation);
    CohereRequestWriter.extra(result.extra(), message, "", adaptation);
  }

  private void assistant(Turn turn) {
    answer();
    flushMoved();
    ObjectNode message = Json.object().put("role", "assistant");
    ArrayNode content = Json.array();
    ArrayNode calls = Json.array();
    var said = new ArrayList<Block>();
    for (Block block : turn.blocks()) {
      switch (block) {
        case Block.Thought thought -> thought(thought, content);
        case Block.ToolUse call -> {
          calls.add(call(call));
          unanswered.add(call.id());
        }
        case Block.Text text -> said.add(text);
        case Block.Refusal refusal -> said.add(new Block.Text(refusal.text()));
        case Block.Media media -> dropped(media);
        case Block.ToolResult result -> adaptation.drop("tool_result");
        case Block.Native piece -> part(piece, content);
      }
      cacheOf(block);
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
      String plan = OpenAiRequestWriter.joined(said, "");
      if (!plan.isEmpty()) {
        message.put("tool_plan", plan);
      }
    } else {
      said.forEach(text -> part(text, content));
    }
    if (!content.isEmpty()) {
      content(message, content);
    }
    if (message.size() > 1) {
      messages.add(finish(message, turn));
    }
  }

  private static void thought(Block.Thought thought, ArrayNode content) {
    boolean cohere = thought.vendor().isEmpty() || thought.vendor().equals(CohereChat.NAME);
    if (cohere && thought.signature().isEmpty() && !thought.text().isEmpty()) {
      content.addObject().put("type", "thinking").put("thinking", thought.text());
    }
  }

  private ObjectNode call(Block.ToolUse call) {
    ObjectNode node = Json.object().put("id", call.id()).put("type", "function");
    node.putObject("function")
        .put("name", own ? call.name() : ToolNames.COHERE.out(call.name()))
        .put("arguments", call.arguments());
    CohereRequestWriter.extra(call.extra(), node, "", adaptation);
    return node;
  }

  private ObjectNode finish(ObjectNode message, Turn turn) {
    CohereRequestWriter.extra(turn.extra(), message, "", adaptation);
    return message;
  }

  private ObjectNode message(String role) {
    return messages.addObject().put("role", role);
  }

  /** A single text as a string, else an array of parts. */
  private static ObjectNode content(ObjectNode message, ArrayNode parts) {
    boolean plain =
        parts.size() == 1
            && parts.get(0).path("type").asString("").equals("text")
            && parts.get(0).size() == 2;
    if (plain) {
      message.set("content", parts.get(0).get("text"));
    } else {
      message.set("content", parts);
    }
    return message;
  }

  private void part(Block block, ArrayNode into) {
    switch (block) {
      case Block.Text text -> {
        // The API refuses an empty text.
        if (!text.text().isEmpty()) {
          ObjectNode part = into.addObject().put("type", "text").put("text", text.text());
          CohereRequestWriter.extra(text.extra(), part, "", adaptation);
        }
      }
      case Block.Refusal refusal ->
          into.addObject().put("type", "text").put("text", refusal.text());
      case Block.Media media -> media(media, into);
      case Block.Native piece -> {
        if (piece.extra().of(CohereChat.NAME)) {
          into.add(piece.extra().fields());
        } else {
          adaptation.drop(piece.extra().fields().path("type").asString("content"));
        }
      }
      case Block.Thought thought -> {}
      case Block.ToolUse call -> adaptation.drop("tool_use");
      case Block.ToolResult result -> adaptation.drop("tool_result");
    }
    cacheOf(block);
  }

  private void media(Block.Media media, ArrayNode into) {
    switch (media.kind()) {
      case IMAGE -> {
        String url = url(media);
        if (url == null) {
          dropped(media);
        } else {
          ObjectNode image = Json.object().put("url", url);
          if (media.extra().of(OpenAiChat.NAME) && media.extra().fields().size() == 1) {
            // The detail, which both have.
            image.setAll(media.extra().fields());
          } else {
            CohereRequestWriter.extra(media.extra(), image, "", adaptation);
          }
          into.addObject().put("type", "image_url").set("image_url", image);
        }
      }
      case DOCUMENT -> {
        Optional<ObjectNode> document = document(media);
        if (document.isEmpty()) {
          dropped(media);
        } else if (apart) {
          documents.add(document.get());
        } else {
          into.addObject().put("type", "text").put("text", text(media).orElse(""));
        }
      }
      case AUDIO, VIDEO -> dropped(media);
    }
  }

  private static @Nullable String url(Block.Media media) {
    return switch (media.source()) {
      case Source.Inline inline -> MediaData.of(media.mime(), inline.base64()).url();
      case Source.Link link -> link.url();
      case Source.Stored stored -> null;
      case Source.Plain plain -> null;
    };
  }

  /** As Cohere had it, or made of a text; empty where the document is none. */
  private Optional<ObjectNode> document(Block.Media media) {
    if (media.extra().of(CohereTurnReader.DOCUMENT)) {
      return Optional.of(media.extra().fields());
    }
    return text(media)
        .map(text -> {
          ObjectNode document = Json.object();
          ObjectNode data = document.putObject("data");
          if (!media.name().isEmpty()) {
            data.put("title", media.name());
          }
          data.put("text", text);
          CohereRequestWriter.extra(media.extra(), document, "", adaptation);
          return document;
        });
  }

  private static Optional<String> text(Block.Media media) {
    if (media.source() instanceof Source.Plain plain) {
      return Optional.of(plain.text());
    }
    if (media.source() instanceof Source.Inline inline && media.mime().startsWith("text/")) {
      try {
        return Optional.of(new String(Base64.getDecoder().decode(inline.base64()), UTF_8));
      } catch (IllegalArgumentException notBase64) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private void dropped(Block.Media media) {
    adaptation.drop(media.kind().name().toLowerCase(Locale.ROOT));
  }

  private void cacheOf(Block block) {
    switch (block) {
      case Block.Text text -> cache(text.cache(), adaptation);
      case Block.Media media -> cache(media.cache(), adaptation);
      case Block.ToolUse call -> cache(call.cache(), adaptation);
      case Block.Thought thought -> {}
      case Block.ToolResult result -> {}
      case Block.Refusal refusal -> {}
      case Block.Native piece -> {}
    }
  }

  /** Cohere caches what it finds worth it and takes no mark for that. */
  static void cache(Block.Cache cache, Adaptation adaptation) {
    if (cache != Block.Cache.NONE) {
      adaptation.drop("cache_control");
    }
  }
}
