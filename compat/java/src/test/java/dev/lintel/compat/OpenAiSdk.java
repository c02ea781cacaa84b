package dev.lintel.compat;

import static java.util.stream.Collectors.toMap;

import com.openai.azure.AzureOpenAIServiceVersion;
import com.openai.azure.AzureUrlPathMode;
import com.openai.azure.credential.AzureApiKeyCredential;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ReasoningEffort;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.embeddings.Embedding;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class OpenAiSdk implements Sdk {
  private final boolean azure;

  OpenAiSdk() {
    this(false);
  }

  private OpenAiSdk(boolean azure) {
    this.azure = azure;
  }

  /** As it asks Azure: deployments in the path, and the key in a header of its own. */
  static OpenAiSdk azure() {
    return new OpenAiSdk(true);
  }

  private OpenAIClient ownClient(String key) {
    return azure
        ? OpenAIOkHttpClient.builder()
            .baseUrl(Lintel.URL)
            .credential(AzureApiKeyCredential.create(key))
            .azureServiceVersion(AzureOpenAIServiceVersion.latestStableVersion())
            .azureUrlPathMode(AzureUrlPathMode.LEGACY)
            .maxRetries(0)
            .responseValidation(true)
            .build()
        : client(key);
  }

  static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder()
        .apiKey(key)
        .baseUrl(Lintel.URL + "/v1")
        .maxRetries(0)
        .responseValidation(true)
        .build();
  }

  @Override
  public String name() {
    return "java openai " + System.getProperty("openai.version") + (azure ? " Azure" : "");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(ownClient(settings.key()), settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    return Optional.of(
        ownClient(key).models().list().autoPager().stream().map(model -> model.id()).toList());
  }

  /** Without a format the SDK asks for base64 and unpacks it. */
  @Override
  public List<List<Float>> vectors(String key, String model, List<String> texts) {
    var params =
        EmbeddingCreateParams.builder()
            .model(model)
            .inputOfArrayOfStrings(texts)
            .dimensions(64)
            .build();
    return ownClient(key).embeddings().create(params).data().stream()
        .map(Embedding::embedding)
        .toList();
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    return switch (thrown) {
      case UnauthorizedException refused -> refusal(Kind.AUTHENTICATION, refused);
      case NotFoundException refused -> refusal(Kind.NOT_FOUND, refused);
      case RateLimitException refused -> refusal(Kind.RATE_LIMITED, refused);
      default -> new Refusal(Kind.OTHER, 0, "");
    };
  }

  private static Refusal refusal(Kind kind, OpenAIServiceException refused) {
    String wait = refused.headers().values("retry-after").stream().findFirst().orElse("");
    return new Refusal(kind, refused.statusCode(), wait);
  }

  private static final class Conversation implements Chat {
    private final OpenAIClient client;
    private final boolean stream;
    private final ChatCompletionCreateParams.Builder params;
    private String thoughts = "";

    Conversation(OpenAIClient client, Settings settings) {
      this.client = client;
      this.stream = settings.stream();
      this.params = ChatCompletionCreateParams.builder().model(settings.model());
      if (!settings.system().isEmpty()) {
        params.addSystemMessage(settings.system());
      }
      for (Tool tool : settings.tools()) {
        params.addTool(
            ChatCompletionFunctionTool.builder()
                .function(
                    FunctionDefinition.builder()
                        .name(tool.name())
                        .description(tool.description())
                        .parameters(
                            FunctionParameters.builder()
                                .putAllAdditionalProperties(values(tool.parameters()))
                                .build())
                        .build())
                .build());
      }
      if (!settings.schema().isEmpty()) {
        params.responseFormat(
            ResponseFormatJsonSchema.builder()
                .jsonSchema(
                    ResponseFormatJsonSchema.JsonSchema.builder()
                        .name("answer")
                        .strict(true)
                        .schema(
                            ResponseFormatJsonSchema.JsonSchema.Schema.builder()
                                .putAllAdditionalProperties(values(settings.schema()))
                                .build())
                        .build())
                .build());
      }
      if (settings.maxTokens() > 0) {
        params.maxCompletionTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        params.reasoningEffort(ReasoningEffort.HIGH);
      }
      if (stream) {
        params.streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build());
      }
    }

    @Override
    public Answer say(String text, String image) {
      if (image.isEmpty()) {
        params.addUserMessage(text);
      } else {
        var url =
            ChatCompletionContentPartImage.ImageUrl.builder().url("data:image/png;base64," + image);
        params.addUserMessageOfArrayOfContentParts(
            List.of(
                ChatCompletionContentPart.ofText(
                    ChatCompletionContentPartText.builder().text(text).build()),
                ChatCompletionContentPart.ofImageUrl(
                    ChatCompletionContentPartImage.builder().imageUrl(url.build()).build())));
      }
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      for (Result result : results) {
        params.addMessage(
            ChatCompletionToolMessageParam.builder()
                .toolCallId(result.call().id())
                .contentAsJson(result.value())
                .build());
      }
      return ask();
    }

    private Answer ask() {
      ChatCompletion completion = stream ? streamed() : whole();
      ChatCompletion.Choice choice = completion.choices().getFirst();
      params.addMessage(choice.message());
      List<Call> calls =
          choice.message().toolCalls().orElse(List.of()).stream()
              .map(ChatCompletionMessageToolCall::asFunction)
              .map(Conversation::call)
              .toList();
      String stop = choice.finishReason().asString();
      return new Answer(
          choice.message().content().orElse(""),
          thoughts,
          calls,
          stop.equals("tool_calls") ? "tools" : stop,
          completion.usage().map(CompletionUsage::promptTokens).orElse(0L),
          completion.usage().map(CompletionUsage::completionTokens).orElse(0L));
    }

    private ChatCompletion whole() {
      ChatCompletion completion = client.chat().completions().create(params.build());
      thoughts = thoughts(completion.choices().getFirst().message()._additionalProperties());
      return completion;
    }

    private ChatCompletion streamed() {
      var accumulator = ChatCompletionAccumulator.create();
      var seen = new StringBuilder();
      try (var events = client.chat().completions().createStreaming(params.build())) {
        events.stream()
            .map(accumulator::accumulate)
            .flatMap(chunk -> chunk.choices().stream())
            .forEach(choice -> seen.append(thoughts(choice.delta()._additionalProperties())));
      }
      thoughts = seen.toString();
      return accumulator.chatCompletion();
    }

    /** Thoughts are not part of OpenAI's own dialect, so the SDK keeps them beside it. */
    private static String thoughts(Map<String, JsonValue> beside) {
      JsonValue words = beside.get("reasoning_content");
      return words == null ? "" : words.convert(String.class);
    }

    @SuppressWarnings("unchecked")
    private static Call call(ChatCompletionMessageFunctionToolCall call) {
      return new Call(
          call.id(), call.function().name(), call.function().arguments(Map.class));
    }

    private static Map<String, JsonValue> values(Map<String, Object> map) {
      return map.entrySet().stream()
          .collect(
              toMap(
                  Map.Entry::getKey, entry -> JsonValue.from(entry.getValue())));
    }
  }
}
