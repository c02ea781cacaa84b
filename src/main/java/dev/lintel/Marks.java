package dev.lintel;

import java.util.Optional;

/** By what calls of one user are known to be of one user, and the like. */
public final class Marks {
  /** The term, and where a request has no such term what its body says. */
  private static final String USER = "user";

  private Marks() {}

  /**
   * The call's mark of that name: the term, or for {@code user} what the body says in its place
   * ({@code user}, {@code metadata.user_id}). Empty where the call has none.
   */
  public static String of(Call call, String name) {
    Optional<String> term = call.terms().get(name);
    return term.isPresent() || !name.equals(USER) ? term.orElse("") : user(call.request());
  }

  private static String user(Request request) {
    return switch (request) {
      case Chat chat ->
          chat.original().map(original -> user(original.body())).orElseGet(() -> setting(chat));
      case Request.Count count -> user(count.chat());
      case Embed embed -> embed.original().map(original -> user(original.body())).orElse("");
      case Rerank rerank -> "";
      case Relay relay ->
          relay.content() instanceof Relay.Content.Json json ? user(json.body()) : "";
      case Live live -> "";
      case Stored stored -> "";
      case Request.Unread unread -> "";
    };
  }

  private static String user(Body body) {
    if (body.isText(USER)) {
      return body.text(USER).orElse("");
    }
    return body.has("metadata")
        ? body.value("metadata").map(all -> all.path("user_id").asString("")).orElse("")
        : "";
  }

  private static String setting(Chat chat) {
    try {
      return chat.prompt().setting(Setting.USER).map(value -> value.asString("")).orElse("");
    } catch (Failure unreadable) {
      return "";
    }
  }
}
