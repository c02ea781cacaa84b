package dev.lintel;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** By what the calls of one user, or of one session, are known to belong together. */
public final class Marks {
  private static final String USER = "user";
  private static final String SESSION = "session";
  private static final String CACHE_KEY = "prompt_cache_key";
  private static final String MESSAGES = "messages";

  private static final List<String> NAMES =
      Stream.concat(Stream.of(USER, SESSION, CACHE_KEY, MESSAGES), Terms.names().stream())
          .distinct()
          .toList();

  /**
   * In which clients name a session: OpenRouter's first, then Claude Code's, Codex's, and those of
   * other coding agents.
   */
  private static final List<String> SESSION_HEADERS =
      List.of(
          "x-session-id",
          "x-claude-code-session-id",
          "session_id",
          "session-id",
          "conversation_id",
          "x-conversation-id",
          "x-opencode-session",
          "x-kilocode-taskid");

  /** The instructions, and the turns, in every dialect's words. */
  private static final List<String> INSTRUCTIONS =
      List.of("system", "instructions", "systemInstruction", "system_instruction");

  private static final List<String> TURNS = List.of("messages", "contents", "input");

  private Marks() {}

  /**
   * Every name that {@link #of} knows: {@code user}, {@code session}, {@code prompt_cache_key},
   * {@code messages}, and the terms.
   */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * The call's mark of that name; empty where it has none. The term of that name, or else
   *
   * <ul>
   *   <li>{@code user}: the body's {@code user}, {@code safety_identifier} or {@code
   *       metadata.user_id}
   *   <li>{@code session}: one of the headers in which clients name a session, or the body's {@code
   *       session_id} or {@code conversation}
   *   <li>{@code prompt_cache_key}: the body's
   *   <li>{@code messages}: the text of the instructions and of the user's first turn, by which
   *       every call of a conversation begins
   * </ul>
   */
  public static String of(Call call, String name) {
    Optional<String> term = call.terms().get(name);
    if (term.isPresent()) {
      return term.get();
    }
    return switch (name) {
      case USER -> user(call.request());
      case SESSION -> session(call.request());
      case CACHE_KEY ->
          Optional.of(text(body(call.request()), CACHE_KEY))
              .filter(key -> !key.isEmpty())
              .orElseGet(() -> setting(call.request(), Setting.PROMPT_CACHE_KEY));
      case MESSAGES -> beginning(call.request());
      default -> "";
    };
  }

  /** What the caller sent; without members where nothing of it is left, or it is no JSON. */
  private static Body body(Request request) {
    return switch (request) {
      case Chat chat -> chat.original().map(Inbound::body).orElse(Body.EMPTY);
      case Request.Count count -> body(count.chat());
      case Embed embed -> embed.original().map(Inbound::body).orElse(Body.EMPTY);
      case Rerank rerank -> rerank.original().map(Inbound::body).orElse(Body.EMPTY);
      case Relay relay ->
          relay.content() instanceof Relay.Content.Json json ? json.body() : Body.EMPTY;
      case Live live -> Body.EMPTY;
      case Stored stored -> Body.EMPTY;
      case Request.Unread unread -> Body.EMPTY;
    };
  }

  private static Headers headers(Request request) {
    return switch (request) {
      case Chat chat -> chat.headers();
      case Request.Count count -> count.chat().headers();
      case Embed embed -> embed.original().map(Inbound::headers).orElse(Headers.NONE);
      case Rerank rerank -> rerank.original().map(Inbound::headers).orElse(Headers.NONE);
      case Relay relay -> relay.headers();
      case Live live -> live.headers();
      case Stored stored -> Headers.NONE;
      case Request.Unread unread -> unread.raw().headers();
    };
  }

  private static String user(Request request) {
    Body body = body(request);
    String said = text(body, USER);
    if (said.isEmpty()) {
      said = text(body, "safety_identifier");
    }
    if (said.isEmpty()) {
      said = inner(body, "metadata", "user_id");
    }
    return said.isEmpty() ? setting(request, Setting.USER) : said;
  }

  private static String session(Request request) {
    Headers headers = headers(request);
    for (String name : SESSION_HEADERS) {
      Optional<String> value = headers.get(name);
      if (value.isPresent() && !value.get().isBlank()) {
        return value.get();
      }
    }
    Body body = body(request);
    String said = text(body, "session_id");
    if (said.isEmpty()) {
      said = text(body, "conversation");
    }
    return said.isEmpty() ? inner(body, "conversation", "id") : said;
  }

  private static String text(Body body, String key) {
    return body.isText(key) ? body.text(key).orElse("") : "";
  }

  private static String inner(Body body, String key, String name) {
    return body.has(key) && !body.isText(key)
        ? body.value(key).map(all -> all.path(name).asString("")).orElse("")
        : "";
  }

  /** Of a conversation that is not as the caller sent it any more. */
  private static String setting(Request request, Setting setting) {
    return request instanceof Chat chat && chat.original().isEmpty()
        ? chat.prompt().setting(setting).map(value -> value.asString("")).orElse("")
        : "";
  }

  private static String beginning(Request request) {
    return request instanceof Chat chat && chat.original().isEmpty()
        ? beginning(chat.prompt())
        : beginning(body(request));
  }

  private static String beginning(Prompt prompt) {
    var text = new StringBuilder();
    for (Turn turn : prompt.turns()) {
      for (Block block : turn.blocks()) {
        if (block instanceof Block.Text said) {
          text.append(said.text());
        }
      }
      if (turn.role() == Turn.Role.USER) {
        return text.toString();
      }
    }
    return "";
  }

  /** Read no further than that turn: a conversation is long. */
  private static String beginning(Body body) {
    var text = new StringBuilder();
    for (String key : INSTRUCTIONS) {
      body.value(key).ifPresent(value -> say(value, text));
    }
    for (String key : TURNS) {
      List<JsonNode> turns = body.elements(key, Marks::isUsers);
      if (!turns.isEmpty() && isUsers(turns.getLast())) {
        turns.forEach(turn -> say(turn, text));
        return text.toString();
      }
      String alone = text(body, key);
      if (!alone.isEmpty()) {
        return text.append(alone).toString();
      }
    }
    return "";
  }

  private static boolean isUsers(JsonNode turn) {
    return turn.path("role").asString("user").equals("user")
        && turn.path("type").asString("message").equals("message");
  }

  /** Text alone: marks such as those of a cache move on from turn to turn. */
  private static void say(JsonNode node, StringBuilder text) {
    if (node.isString()) {
      text.append(node.asString());
    } else if (node.isArray()) {
      node.forEach(element -> say(element, text));
    } else if (node.isObject()) {
      say(node.path("text"), text);
      say(node.path("content"), text);
      say(node.path("parts"), text);
    }
  }
}
