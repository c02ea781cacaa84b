package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A chat call. Its conversation is read into the common model only when somebody asks for it: a
 * call that goes out in the dialect in which it came in needs no more than its bytes.
 */
public final class Chat implements Request {
  private final Dialect dialect;
  private final String model;
  private final boolean stream;
  private final boolean usage;
  private final boolean cost;
  private final Headers headers;
  private final Map<String, String> query;
  private final @Nullable Inbound original;
  private final Function<Inbound, Prompt> reader;

  /** The tokens of a prompt of which nothing else is known; -1 where there is a prompt. */
  private final long told;

  /** A call's tries may read it at the same time. */
  private volatile @Nullable Prompt prompt;

  private Chat(
      Dialect dialect,
      String model,
      boolean stream,
      boolean usage,
      boolean cost,
      Headers headers,
      Map<String, String> query,
      @Nullable Inbound original,
      Function<Inbound, Prompt> reader,
      @Nullable Prompt prompt,
      long told) {
    this.told = told;
    this.dialect = dialect;
    this.model = model;
    this.stream = stream;
    this.usage = usage;
    this.cost = cost;
    this.headers = headers;
    this.query = query;
    this.original = original;
    this.reader = reader;
    this.prompt = prompt;
  }

  /**
   * A call as a dialect read it.
   *
   * @param usage whether the caller asked to be told its usage at the end of a stream
   * @param reader reads the conversation; may throw a {@link Failure} that names a field
   */
  public static Chat read(
      Dialect dialect,
      String model,
      boolean stream,
      boolean usage,
      Inbound original,
      Function<Inbound, Prompt> reader) {
    return new Chat(
        dialect,
        model,
        stream,
        usage,
        costAsked(original.body()),
        original.headers(),
        original.query(),
        original,
        reader,
        null,
        -1);
  }

  /**
   * A call of which nothing is known but its size. It can be asked of nobody: it serves to find out
   * where such calls go.
   *
   * @param maxTokens of its answer; 0 where it does not say
   */
  public static Chat sketch(
      Dialect dialect, String model, boolean stream, long inputTokens, long maxTokens) {
    Map<Setting, JsonNode> settings =
        maxTokens == 0
            ? Map.of()
            : Map.of(Setting.MAX_TOKENS, JsonNodeFactory.instance.numberNode(maxTokens));
    var prompt =
        new Prompt(
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            settings,
            Extra.NONE);
    return new Chat(
        dialect,
        model,
        stream,
        false,
        false,
        Headers.NONE,
        Map.of(),
        null,
        unread -> prompt,
        prompt,
        inputTokens);
  }

  /** Whether its conversation has been read into the common model. */
  boolean isRead() {
    return prompt != null;
  }

  /** Whether nothing is known of it but its size. */
  public boolean sketched() {
    return told >= 0;
  }

  /** A request that has been read; every one is, before a target is chosen for it. */
  public static Chat of(Request request) {
    return switch (request) {
      case Chat chat -> chat;
      case Stored stored -> throw new IllegalArgumentException("The request is no chat");
      case Relay other -> throw new IllegalArgumentException("No chat: " + other.dialect().name());
      case Embed embed -> throw new IllegalArgumentException("no chat, but inputs for vectors");
      case Rerank rerank -> throw new IllegalArgumentException("no chat, but documents");
      case Live live -> throw new IllegalArgumentException("A live conversation is no chat");
      case Request.Count count ->
          throw new IllegalArgumentException("no chat, but the count of its tokens");
      case Request.Unread unread ->
          throw new IllegalArgumentException("The request has not been read");
    };
  }

  /**
   * The same call with another conversation. Its original bytes are gone, so that they cannot be
   * sent by mistake.
   */
  public Chat with(Prompt changed) {
    return new Chat(dialect, model, stream, usage, cost, headers, query, null, reader, changed, -1);
  }

  @Override
  public Dialect dialect() {
    return dialect;
  }

  @Override
  public String model() {
    return model;
  }

  @Override
  public boolean stream() {
    return stream;
  }

  /** Whether the caller asked to be told its usage at the end of a stream. */
  public boolean usage() {
    return usage;
  }

  /**
   * Whether the caller asked to be told at the end of a stream what it cost, by OpenRouter's field
   * {@code usage: {include: true}}, which is read in every dialect and not sent to a provider that
   * does not know it.
   */
  public boolean cost() {
    return cost;
  }

  /** Whether a request's body has that field and it asks for that. */
  public static boolean costAsked(Body body) {
    return body.has("usage")
        && body.value("usage")
            .filter(value -> value.path("include").isBoolean())
            .map(value -> value.path("include").asBoolean())
            .orElse(false);
  }

  /** The headers that the caller sent, also where the conversation was changed. */
  public Headers headers() {
    return headers;
  }

  /** The query that the caller sent, without its key, also where the conversation was changed. */
  public Map<String, String> query() {
    return query;
  }

  /** What the caller sent, where nobody changed it. */
  public Optional<Inbound> original() {
    return Optional.ofNullable(original);
  }

  /**
   * The conversation, read at the first call. Throws a {@link Failure} that names the field where
   * it makes no sense.
   */
  public Prompt prompt() {
    Prompt known = prompt;
    if (known == null) {
      if (original == null) {
        throw new IllegalStateException("A chat has neither its bytes nor its conversation");
      }
      known = reader.apply(original);
      prompt = known;
    }
    return known;
  }

  /**
   * A cautious guess at the prompt's tokens, at least 1: four bytes of JSON a token; of a sketch as
   * it says.
   */
  public long estimatedTokens() {
    if (sketched()) {
      return told;
    }
    if (original != null) {
      return Math.max(1, original.body().bytes().length / 4L);
    }
    long characters = 0;
    for (Turn turn : prompt().turns()) {
      for (Block block : turn.blocks()) {
        characters += block.toString().length();
      }
    }
    return Math.max(1, characters / 4);
  }
}
