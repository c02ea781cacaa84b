package dev.lintel;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * How large a request is, as far as it says so itself: figures for those who choose whom to ask.
 * None of them costs a look into the conversation unless it cannot be told otherwise, and a
 * conversation that makes no sense has none: whoever is asked will say so.
 */
public final class Extent {
  /** A body of that many bytes has no picture in it that would spoil a guess by its length. */
  private static final int SURELY_TEXT = 16 << 10;

  /** Some thousand for a large one, some hundreds for a small one. */
  private static final long IMAGE = 1000;

  /** Bytes of other media in base64 that make a token. */
  private static final long MEDIUM = 100;

  /** In which dialects say the most tokens of an answer, as a field of its own. */
  private static final List<String> MOST =
      List.of("max_completion_tokens", "max_tokens", "max_output_tokens");

  /** Gemini's and Bedrock's, which have it among others. */
  private static final List<String> SETTINGS =
      List.of("generationConfig", "generation_config", "inferenceConfig");

  private Extent() {}

  /** A guess at the tokens that will be read, four bytes a token; 0 where nobody can tell. */
  public static long inputTokens(Request request) {
    return switch (request) {
      case Chat chat -> chat(chat);
      case Request.Count count -> chat(count.chat());
      case Embed embed -> embed.estimatedTokens();
      case Rerank rerank -> rerank.estimatedTokens();
      case Live live -> 0;
      case Relay relay -> 0;
      case Stored stored -> 0;
      case Request.Unread unread -> 0;
    };
  }

  /** More than will surely be read, by the length alone. */
  public static long most(Request request) {
    return switch (request) {
      case Chat chat -> 2 * chat.estimatedTokens();
      case Request.Count count -> 2 * count.chat().estimatedTokens();
      case Embed embed -> 2 * embed.estimatedTokens();
      case Rerank rerank -> 2 * rerank.estimatedTokens();
      case Live live -> 0;
      case Relay relay -> 0;
      case Stored stored -> 0;
      case Request.Unread unread -> 0;
    };
  }

  private static long chat(Chat chat) {
    boolean text =
        chat.sketched()
            || chat.original()
                .map(known -> known.body().bytes().length <= SURELY_TEXT)
                .orElse(false);
    if (text) {
      return chat.estimatedTokens();
    }
    try {
      Prompt prompt = chat.prompt();
      long bytes = 0;
      for (Turn turn : prompt.turns()) {
        bytes += bytes(turn.blocks());
      }
      for (Tool tool : prompt.tools()) {
        bytes += tool.toString().length();
      }
      return Math.max(1, bytes / 4);
    } catch (Failure unreadable) {
      return chat.estimatedTokens();
    }
  }

  private static long bytes(List<Block> blocks) {
    long bytes = 0;
    for (Block block : blocks) {
      bytes +=
          switch (block) {
            case Block.Text text -> utf8(text.text());
            case Block.Refusal refusal -> utf8(refusal.text());
            case Block.Thought thought -> utf8(thought.text());
            case Block.ToolUse use -> use.name().length() + utf8(use.arguments());
            case Block.ToolResult result -> bytes(result.content());
            case Block.Native other -> Json.text(other.extra().fields()).length();
            case Block.Media media -> bytes(media);
          };
    }
    return bytes;
  }

  private static long bytes(Block.Media media) {
    return switch (media.source()) {
      case Block.Media.Source.Plain plain -> utf8(plain.text());
      case Block.Media.Source.Inline inline ->
          media.kind() == Block.Media.Kind.IMAGE
              ? IMAGE * 4
              : inline.base64().length() * 4L / MEDIUM;
      case Block.Media.Source.Link link -> IMAGE * 4;
      case Block.Media.Source.Stored stored -> IMAGE * 4;
    };
  }

  private static long utf8(String text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      bytes += c < 0x80 ? 0 : c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
    }
    return bytes;
  }

  /**
   * The most tokens that the answer may have; 0 where the request does not say. Read where it
   * stands: the conversation is not.
   */
  public static long maxTokens(Request request) {
    if (!(request instanceof Chat chat)) {
      return 0;
    }
    Optional<Inbound> original = chat.original();
    if (original.isEmpty()) {
      return chat.prompt().setting(Setting.MAX_TOKENS).map(value -> value.asLong(0)).orElse(0L);
    }
    Body body = original.get().body();
    for (String name : MOST) {
      long number = body.number(name);
      if (number > 0) {
        return number;
      }
    }
    for (String name : SETTINGS) {
      if (body.has(name)) {
        JsonNode settings = body.value(name).orElseThrow();
        return Math.max(
            0, settings.path("maxOutputTokens").asLong(settings.path("maxTokens").asLong(0)));
      }
    }
    return 0;
  }

  /** How many answers are asked for, each of which may have as many tokens. */
  public static long answers(Request request) {
    if (!(request instanceof Chat chat) || chat.original().isEmpty()) {
      return 1;
    }
    Body body = chat.original().get().body();
    if (body.has("n")) {
      return Math.max(1, body.number("n"));
    }
    for (String name : SETTINGS) {
      if (body.has(name)) {
        return Math.max(1, body.value(name).orElseThrow().path("candidateCount").asLong(1));
      }
    }
    return 1;
  }

  /**
   * The same with an answer of that many tokens at the most, said where the caller says it or would
   * say it; everything else keeps its bytes.
   */
  public static Chat bounded(Chat chat, long most) {
    JsonNode number = JsonNodeFactory.instance.numberNode(most);
    if (chat.sketched()) {
      return Chat.sketch(chat.dialect(), chat.model(), chat.stream(), chat.estimatedTokens(), most);
    }
    if (chat.original().isEmpty()) {
      return chat.with(chat.prompt().with(Setting.MAX_TOKENS, number));
    }
    Inbound said = chat.original().get();
    Body body = said.body();
    var changes = new HashMap<String, Optional<byte[]>>(4);
    for (String name : MOST) {
      if (body.has(name)) {
        changes.put(name, Optional.of(Json.bytes(number)));
      }
    }
    if (changes.isEmpty()) {
      String field = chat.dialect().bound();
      int dot = field.indexOf('.');
      if (dot < 0) {
        changes.put(field, Optional.of(Json.bytes(number)));
      } else {
        String parent =
            SETTINGS.stream().filter(body::has).findFirst().orElse(field.substring(0, dot));
        ObjectNode settings =
            body.value(parent).orElse(null) instanceof ObjectNode given ? given : Json.object();
        settings.set(field.substring(dot + 1), number);
        changes.put(parent, Optional.of(Json.bytes(settings)));
      }
    }
    var bounded =
        new Inbound(
            said.method(),
            said.uri(),
            said.path(),
            said.query(),
            said.headers(),
            Body.scan(body.patch(changes)),
            said.upload());
    return Chat.of(chat.dialect().read(bounded));
  }

  /** What may be paid by the piece, where the request itself says how many there are. */
  public static Map<Usage.Unit, BigDecimal> pieces(Request request) {
    return switch (request) {
      case Relay relay -> relay.asked();
      case Rerank rerank -> Map.of(Usage.Unit.SEARCH, BigDecimal.ONE);
      case Chat chat -> Map.of();
      case Live live -> Map.of();
      case Request.Unread unread -> Map.of();
      case Embed embed -> Map.of();
      case Stored stored -> Map.of();
      case Request.Count count -> Map.of();
    };
  }

  /** How many tools the model is offered. */
  public static int tools(Request request) {
    try {
      return request instanceof Chat chat ? chat.prompt().tools().size() : 0;
    } catch (Failure unreadable) {
      return 0;
    }
  }

  /** How many images the model is shown. */
  public static int images(Request request) {
    try {
      return switch (request) {
        case Chat chat ->
            chat.prompt().turns().stream().mapToInt(turn -> images(turn.blocks())).sum();
        case Embed embed ->
            embed.inputs().stream()
                .mapToInt(input ->
                    input.content() instanceof Embed.Blocks blocks ? images(blocks.list()) : 0)
                .sum();
        case Request.Count count -> images(count.chat());
        case Rerank rerank -> 0;
        case Live live -> 0;
        case Relay relay -> 0;
        case Stored stored -> 0;
        case Request.Unread unread -> 0;
      };
    } catch (Failure unreadable) {
      return 0;
    }
  }

  private static int images(List<Block> blocks) {
    int images = 0;
    for (Block block : blocks) {
      if (block instanceof Block.Media media && media.kind() == Block.Media.Kind.IMAGE) {
        images++;
      } else if (block instanceof Block.ToolResult result) {
        images += images(result.content());
      }
    }
    return images;
  }
}
