package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Google's counter of tokens: https://ai.google.dev/api/tokens#method:-models.counttokens */
public final class GeminiCount implements Beside {
  static final String METHOD = "countTokens";

  private static final String NAME = Gemini.NAME + "/" + METHOD;
  private static final String FIELD = "totalTokens";
  private static final String WHOLE = "generateContentRequest";

  private final Gemini gemini;

  public GeminiCount() {
    this(new Gemini());
  }

  GeminiCount(Gemini gemini) {
    this.gemini = gemini;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Request.Count;
  }

  /** A conversation alone, or a whole request for one. */
  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    JsonNode whole = body.value(WHOLE).orElse(Json.object());
    if (!whole.isObject()) {
      throw Failure.invalid("'" + WHOLE + "' must be an object.").at(WHOLE);
    }
    Body counted =
        whole.isEmpty() ? body : Body.scan(Json.bytes(((ObjectNode) whole).without("model")));
    var path = new HashMap<>(inbound.path());
    path.put("method", "generateContent");
    Chat chat = Chat.of(gemini.read(new Inbound(path, Map.of(), inbound.headers(), counted)));
    return new Request.Count(this, chat);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Outbound chat = gemini.write(AnthropicCount.counted(request), target, adaptation);
    String path = chat.path().replace(":generateContent", ":" + METHOD);
    byte[] counted =
        Body.scan(chat.body())
            .patch(Map.of("model", Optional.of(Json.string("models/" + target.model()))));
    var body = new Bytes(counted.length + 32);
    body.add("{\"" + WHOLE + "\":").add(counted).add("}");
    return new Outbound(path, chat.headers(), body.take());
  }

  @Override
  public ReplyReader reader(Request request) {
    return new CountReader(NAME, FIELD);
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return CountReader.writer(NAME, FIELD);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return CountReader.notOffered(gemini.failure(status, headers, body));
  }

  @Override
  public Dialect chat() {
    return gemini;
  }
}
