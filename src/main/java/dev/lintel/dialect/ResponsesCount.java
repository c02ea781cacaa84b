package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
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
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** OpenAI's counter of tokens (API reference, "Get input token counts"). */
public final class ResponsesCount implements Beside {
  private static final String NAME = ResponsesWords.NAME + "/input_tokens";
  private static final String FIELD = "input_tokens";

  /** What the counter takes; all else concerns the answer, which there will be none of. */
  private static final Set<String> COUNTED =
      Set.of(
          "input",
          "instructions",
          "model",
          "parallel_tool_calls",
          "reasoning",
          "text",
          "tool_choice",
          "tools",
          "truncation");

  private static final List<String> ELSEWHERE = List.of("previous_response_id", "conversation");

  private final Responses responses = new Responses();

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
    for (String field : ELSEWHERE) {
      if (inbound.body().value(field).filter(value -> !value.isNull()).isPresent()) {
        throw Failure.invalid(
                "'"
                    + field
                    + "' cannot be counted: send what was said before as a part of 'input'.")
            .at(field);
      }
    }
    return new Request.Count(this, Chat.of(responses.read(inbound)));
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Outbound chat = responses.write(AnthropicCount.counted(request), target, adaptation);
    Body body = Body.scan(chat.body());
    var changes = new HashMap<String, Optional<byte[]>>();
    for (String field : body.keys()) {
      if (!COUNTED.contains(field)) {
        changes.put(field, Fit.GONE);
      }
    }
    return new Outbound(
        Paths.openAi(target, Responses.PATH + "/input_tokens"),
        chat.headers(),
        body.patch(changes));
  }

  @Override
  public ReplyReader reader(Request request) {
    return new CountReader(NAME, FIELD);
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return CountReader.writer(NAME, FIELD, Json.object().put("object", "response.input_tokens"));
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return CountReader.notOffered(responses.failure(status, headers, body));
  }

  @Override
  public Dialect chat() {
    return responses;
  }
}
