package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Dialects;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Platform;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** One whole call from a client's dialect to a provider's and back, without a socket. */
final class Exchanges {
  /** A request on its way, with what was adapted for it. */
  record Sent(Dialect client, Dialect provider, Request request, Outbound out, Trail trail) {
    JsonNode body() {
      return Json.parse(new String(out.body(), UTF_8));
    }

    /** What the client gets for that reply of the provider. */
    JsonNode answer(String reply, Map<String, String> headers) {
      return Json.parse(bytes(reply, headers));
    }

    JsonNode answer(String reply) {
      return answer(reply, Map.of());
    }

    String bytes(String reply, Map<String, String> headers) {
      return new String(client.writer(request, trail).whole(List.of(chunk(reply, headers))), UTF_8);
    }

    Chunk chunk(String reply, Map<String, String> headers) {
      ReplyReader reader = provider.reader(request);
      reader.head(Headers.of(headers));
      return reader.whole(reply.getBytes(UTF_8));
    }
  }

  private Exchanges() {}

  static Request read(Dialect client, String body) {
    return client.read(
        new Inbound(
            client instanceof GeminiEmbeddings ? Map.of("model", "m") : Map.of(),
            Map.of(),
            Headers.NONE,
            Body.scan(body.getBytes(UTF_8))));
  }

  static Sent send(Dialect client, Dialect provider, String body) {
    return send(client, provider, Platform.PLAIN, false, read(client, body));
  }

  static Sent send(
      Dialect client, Dialect provider, Platform platform, boolean strict, Request request) {
    Trail trail = Fakes.trail();
    Outbound out =
        provider.write(request, target(provider, platform), new Adaptation(trail, strict));
    return new Sent(client, provider, request, out, trail);
  }

  static Target target(Dialect dialect, Platform platform) {
    return new Target(
        new Provider(
            "p",
            "p",
            new Dialects(List.of(dialect)),
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE,
            platform),
        "target-model");
  }

  static Platform bedrock() {
    return new Platform.Bedrock("us-east-1", Optional.empty(), "", Map.of());
  }

  static JsonNode json(String text) {
    return Json.parse(text);
  }

  static JsonNode error(Answer answer) {
    return Json.parse(new String(answer.body(), UTF_8));
  }
}
