package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Live;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Stored;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What calls have in common that ask the same. */
record Likeness(
    String tenant,
    String app,
    String model,
    Map<String, String> terms,
    String dialect,
    String path,
    Map<String, String> query,
    List<String> said,
    ByteBuffer body) {
  /** Headers that change what a provider is asked. */
  private static final List<String> SAID =
      List.of("accept", "anthropic-beta", "anthropic-version", "openai-beta");

  /** Empty where nobody can tell whether another call asks the same, or it may not be asked. */
  static Optional<Likeness> of(Call call) {
    return switch (call.request()) {
      case Chat chat -> chat.original().map(sent -> of(call, sent));
      case Embed embed -> embed.original().map(sent -> of(call, sent));
      case Rerank rerank -> rerank.original().map(sent -> of(call, sent));
      case Relay relay ->
          relay.content() instanceof Relay.Content.Json json
              ? Optional.of(of(call, relay.path(), Map.of(), relay.headers(), json.body().bytes()))
              : Optional.empty();
      case Live live -> Optional.empty();
      case Stored stored -> Optional.empty();
      case Request.Count count -> Optional.empty();
      case Request.Unread unread -> Optional.empty();
    };
  }

  private static Likeness of(Call call, Inbound sent) {
    // Without the query, in which a caller's key may stand.
    int end = sent.uri().indexOf('?');
    String path = end < 0 ? sent.uri() : sent.uri().substring(0, end);
    return of(call, path, sent.query(), sent.headers(), sent.body().bytes());
  }

  private static Likeness of(
      Call call, String path, Map<String, String> query, Headers head, byte[] body) {
    return new Likeness(
        call.caller().tenant(),
        call.caller().app(),
        call.resolved().name(),
        call.terms().values(),
        call.request().dialect().name(),
        path,
        query,
        SAID.stream().map(name -> head.get(name).orElse("")).toList(),
        ByteBuffer.wrap(body));
  }
}
