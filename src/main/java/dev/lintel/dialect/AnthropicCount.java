package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Outbound;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/** Anthropic's counter of tokens: https://docs.claude.com/en/api/messages-count-tokens */
public final class AnthropicCount implements Beside {
  private static final String NAME = AnthropicWords.NAME + "/count_tokens";
  private static final String PATH = "/v1/messages";
  private static final String FIELD = "input_tokens";

  /** What concerns the answer, which there will be none of; the counter refuses it. */
  private static final List<String> OF_ANSWERS =
      List.of(
          "max_tokens",
          "stream",
          "temperature",
          "top_p",
          "top_k",
          "stop_sequences",
          "metadata",
          "service_tier");

  private final AnthropicMessages messages = new AnthropicMessages();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Request.Count;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = body.text("model").orElse("");
    if (model.isEmpty()) {
      throw Failure.invalid("'model' is missing.").at("model");
    }
    body.requireObjects("messages");
    return new Request.Count(
        this, Chat.read(messages, model, false, true, inbound, AnthropicRequestReader::read));
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Outbound chat = messages.write(counted(request), target, adaptation);
    var changes = new HashMap<String, Optional<byte[]>>();
    OF_ANSWERS.forEach(field -> changes.put(field, Fit.GONE));
    return new Outbound(
        PATH + "/count_tokens" + chat.path().substring(PATH.length()),
        chat.headers(),
        Body.scan(chat.body()).patch(changes));
  }

  /** The chat whose tokens are to be counted. */
  static Chat counted(Request request) {
    if (request instanceof Request.Count count) {
      return count.chat();
    }
    throw new IllegalArgumentException("nothing to count");
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
    return CountReader.notOffered(messages.failure(status, headers, body));
  }

  @Override
  public Dialect chat() {
    return messages;
  }
}
