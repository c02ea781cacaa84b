package dev.lintel.compat;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.Reasoning;
import com.openai.models.ReasoningEffort;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFormatTextJsonSchemaConfig;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseIncludable;
import com.openai.models.responses.ResponseInputContent;
import com.openai.models.responses.ResponseInputImage;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseInputText;
import com.openai.models.responses.ResponseOutputItem;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseTextConfig;
import com.openai.models.responses.ResponseUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The Responses API of OpenAI's SDK, the whole conversation sent each time. */
final class OpenAiResponsesSdk implements Sdk {
  private final OpenAiSdk openAi = new OpenAiSdk();

  @Override
  public String name() {
    return openAi.name() + " Responses";
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(OpenAiSdk.client(settings.key()), settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    return openAi.models(key);
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    return openAi.refusal(thrown);
  }

  private static final class Conversation implements Chat {
    private final OpenAIClient client;
    private final boolean stream;
    private final ResponseCreateParams.Builder params;
    private final List<ResponseInputItem> input = new ArrayList<>();

    Conversation(OpenAIClient client, Settings settings) {
      this.client = client;
      this.stream = settings.stream();
      this.params = ResponseCreateParams.builder().model(settings.model()).store(false);
      if (!settings.system().isEmpty()) {
        params.instructions(settings.system());
      }
      for (Tool tool : settings.tools()) {
        params.addTool(
            FunctionTool.builder()
                .name(tool.name())
                .description(tool.description())
                .strict(true)
                .parameters(
                    FunctionTool.Parameters.builder()
                        .putAllAdditionalProperties(values(tool.parameters()))
                        .build())
                .build());
      }
      if (!settings.schema().isEmpty()) {
        params.text(
            ResponseTextConfig.builder()
                .format(
                    ResponseFormatTextJsonSchemaConfig.builder()
                        .name("answer")
                        .strict(true)
                        .schema(
                            ResponseFormatTextJsonSchemaConfig.Schema.builder()
                                .putAllAdditionalProperties(values(settings.schema()))
                                .build())
                        .build())
                .build());
      }
      if (settings.maxTokens() > 0) {
        params.maxOutputTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        params.reasoning(
            Reasoning.builder()
                .effort(ReasoningEffort.HIGH)
                .summary(Reasoning.Summary.AUTO)
                .build());
        params.addInclude(ResponseIncludable.REASONING_ENCRYPTED_CONTENT);
      }
    }

    @Override
    public Answer say(String text, String image) {
      var content = new ArrayList<ResponseInputContent>();
      content.add(
          ResponseInputContent.ofInputText(ResponseInputText.builder().text(text).build()));
      if (!image.isEmpty()) {
        content.add(
            ResponseInputContent.ofInputImage(
                ResponseInputImage.builder()
                    .detail(ResponseInputImage.Detail.AUTO)
                    .imageUrl("data:image/png;base64," + image)
                    .build()));
      }
      input.add(
          ResponseInputItem.ofMessage(
              ResponseInputItem.Message.builder()
                  .role(ResponseInputItem.Message.Role.USER)
                  .content(content)
                  .build()));
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      for (Result result : results) {
        input.add(
            ResponseInputItem.ofFunctionCallOutput(
                ResponseInputItem.FunctionCallOutput.builder()
                    .callId(result.call().id())
                    .outputAsJson(result.value())
                    .build()));
      }
      return ask();
    }

    private Answer ask() {
      params.inputOfResponse(input);
      Response response = stream ? streamed() : client.responses().create(params.build());
      var text = new StringBuilder();
      var thoughts = new StringBuilder();
      var calls = new ArrayList<Call>();
      for (ResponseOutputItem item : response.output()) {
        item.message()
            .ifPresent(message -> {
              input.add(ResponseInputItem.ofResponseOutputMessage(message));
              text.append(
                  message.content().stream()
                      .flatMap(part -> part.outputText().stream())
                      .map(part -> part.text())
                      .collect(joining()));
            });
        item.reasoning()
            .ifPresent(reasoning -> {
              input.add(ResponseInputItem.ofReasoning(reasoning));
              reasoning.summary().forEach(part -> thoughts.append(part.text()));
            });
        item.functionCall()
            .ifPresent(call -> {
              input.add(ResponseInputItem.ofFunctionCall(call));
              calls.add(call(call));
            });
      }
      return new Answer(
          text.toString(),
          thoughts.toString(),
          calls,
          stop(response, !calls.isEmpty()),
          response.usage().map(ResponseUsage::inputTokens).orElse(0L),
          response.usage().map(ResponseUsage::outputTokens).orElse(0L));
    }

    private static String stop(Response response, boolean calls) {
      if (response.status().filter(ResponseStatus.COMPLETED::equals).isPresent()) {
        return calls ? "tools" : "stop";
      }
      String reason =
          response
              .incompleteDetails()
              .flatMap(details -> details.reason())
              .map(word -> word.asString())
              .orElse("");
      return reason.equals("max_output_tokens") ? "length" : reason;
    }

    private Response streamed() {
      var accumulator = ResponseAccumulator.create();
      try (var events = client.responses().createStreaming(params.build())) {
        events.stream().forEach(accumulator::accumulate);
      }
      return accumulator.response();
    }

    @SuppressWarnings("unchecked")
    private static Call call(ResponseFunctionToolCall call) {
      return new Call(call.callId(), call.name(), call.arguments(Map.class));
    }

    private static Map<String, JsonValue> values(Map<String, Object> map) {
      return map.entrySet().stream()
          .collect(toMap(Map.Entry::getKey, entry -> JsonValue.from(entry.getValue())));
    }
  }
}
