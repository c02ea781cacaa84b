package dev.lintel;

/** What a caller asks of a model. */
public sealed interface Request
    permits Chat, Embed, Live, Relay, Rerank, Stored, Request.Count, Request.Unread {
  /** The name that the caller asked for: a configured model, or {@code provider/model}. */
  String model();

  /** Whether the caller wants the reply event by event. */
  boolean stream();

  /** Whether the reply reaches the caller as it comes, event stream or not. */
  default boolean live() {
    return stream();
  }

  /** The dialect in which the caller speaks. */
  Dialect dialect();

  /**
   * How many tokens a chat's prompt has. Nothing is answered, and so nothing is used.
   *
   * @param dialect in which the number is told; the chat's own is another
   */
  record Count(Dialect dialect, Chat chat) implements Request {
    @Override
    public String model() {
      return chat.model();
    }

    @Override
    public boolean stream() {
      return false;
    }
  }

  /** A request whose body nobody has read yet: callers are known before their JSON is looked at. */
  record Unread(Dialect dialect, RawRequest raw) implements Request {
    @Override
    public String model() {
      return "";
    }

    @Override
    public boolean stream() {
      return false;
    }
  }
}
