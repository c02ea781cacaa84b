package dev.lintel;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What is asked of a model, in the words of policies and limits. */
public enum Service {
  /** A conversation in any dialect, whole or as a stream; completions, too. */
  CHAT,
  /** How many tokens a conversation has. */
  COUNT_TOKENS,
  EMBEDDINGS,
  RERANK,
  /** Made, edited and varied. */
  IMAGES,
  SPEECH,
  /** Translations, too. */
  TRANSCRIPTIONS,
  MODERATIONS,
  /** A conversation in real time. */
  REALTIME,
  /** A reply that its provider keeps, looked at again, cancelled or deleted. */
  STORED_RESPONSES,
  /** Whatever is passed through to a provider's own API. */
  RAW;

  private static final List<String> WORDS = Arrays.stream(values()).map(Service::word).toList();

  /** Such as {@code count_tokens}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All of them. */
  public static List<String> words() {
    return WORDS;
  }

  /** Throws {@link IllegalArgumentException} for a request that has not been read. */
  public static Service of(Request request) {
    return switch (request) {
      case Chat chat -> CHAT;
      case Request.Count count -> COUNT_TOKENS;
      case Embed embed -> EMBEDDINGS;
      case Rerank rerank -> RERANK;
      case Relay relay -> relay.service();
      case Live live -> REALTIME;
      case Stored stored -> STORED_RESPONSES;
      case Request.Unread unread -> throw new IllegalArgumentException("nobody has read it");
    };
  }
}
