package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Platform;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;

/**
 * OpenAI's chat completions as Mistral takes them: https://docs.mistral.ai/api (June 2026). It is
 * the same dialect, whose messages Mistral checks more closely: what it does not know is a 422.
 */
public final class MistralChat implements Beside {
  private static final byte[] ANY = Json.string("any");

  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return openai.name();
  }

  @Override
  public Request read(Inbound inbound) {
    return openai.read(inbound);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Outbound usual = openai.write(request, target, adaptation);
    Body body = Body.scan(usual.body());
    var changes = new HashMap<String, Optional<byte[]>>();
    body.value("messages")
        .filter(ArrayNode.class::isInstance)
        .map(ArrayNode.class::cast)
        .filter(messages -> new MistralMessages(adaptation).fit(messages))
        .ifPresent(fitted -> changes.put("messages", Optional.of(Json.bytes(fitted))));
    // Newer versions take OpenAI's word, too; all take this one.
    if (body.isText("tool_choice")
        && body.text("tool_choice").filter("required"::equals).isPresent()) {
      changes.put("tool_choice", Optional.of(ANY));
    }
    return changes.isEmpty()
        ? usual
        : new Outbound(usual.path(), usual.headers(), body.patch(changes));
  }

  @Override
  public Optional<Outbound> listing(Platform platform) {
    return Paths.listing(platform, Paths.MODELS, Map.of());
  }

  @Override
  public ReplyReader reader(Request request) {
    return openai.reader(request);
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return openai.writer(request, trail);
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}
