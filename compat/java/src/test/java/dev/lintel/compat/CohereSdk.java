package dev.lintel.compat;


import com.cohere.api.Cohere;
import com.cohere.api.core.CohereApiException;
import com.cohere.api.errors.NotFoundError;
import com.cohere.api.errors.TooManyRequestsError;
import com.cohere.api.errors.UnauthorizedError;
import com.cohere.api.resources.v2.requests.V2ChatRequest;
import com.cohere.api.resources.v2.requests.V2ChatStreamRequest;
import com.cohere.api.resources.v2.requests.V2EmbedRequest;
import com.cohere.api.resources.v2.requests.V2RerankRequest;
import com.cohere.api.types.ChatMessageV2;
import com.cohere.api.types.ChatTextContent;
import com.cohere.api.types.Content;
import com.cohere.api.types.EmbedInputType;
import com.cohere.api.types.EmbeddingType;
import com.cohere.api.types.GetModelResponse;
import com.cohere.api.types.ImageContent;
import com.cohere.api.types.ImageUrl;
import com.cohere.api.types.JsonResponseFormatV2;
import com.cohere.api.types.ResponseFormatV2;
import com.cohere.api.types.SystemMessageV2;
import com.cohere.api.types.SystemMessageV2Content;
import com.cohere.api.types.Thinking;
import com.cohere.api.types.ThinkingType;
import com.cohere.api.types.ToolCallV2;
import com.cohere.api.types.ToolCallV2Function;
import com.cohere.api.types.ToolMessageV2;
import com.cohere.api.types.ToolMessageV2Content;
import com.cohere.api.types.ToolV2;
import com.cohere.api.types.ToolV2Function;
import com.cohere.api.types.UsageBilledUnits;
import com.cohere.api.types.UserMessageV2;
import com.cohere.api.types.UserMessageV2Content;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Cohere's second API. The stream's events are the user's to put together. */
final class CohereSdk implements Sdk {
  private static final Map<String, String> STOPS =
      Map.of("COMPLETE", "stop", "MAX_TOKENS", "length", "TOOL_CALL", "tools");

  private static Cohere client(String key) {
    return Cohere.builder().token(key).url(Lintel.URL).maxRetries(0).build();
  }

  @Override
  public String name() {
    return "java cohere " + System.getProperty("cohere.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(client(settings.key()), settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    return Optional.of(
        client(key).models().list().getModels().stream()
            .map(GetModelResponse::getName)
            .map(Optional::orElseThrow)
            .toList());
  }

  @Override
  public List<List<Float>> vectors(String key, String model, List<String> texts) {
    var request =
        V2EmbedRequest.builder()
            .model(model)
            .inputType(EmbedInputType.SEARCH_DOCUMENT)
            .texts(texts)
            .outputDimension(64)
            .embeddingTypes(List.of(EmbeddingType.FLOAT))
            .build();
    return client(key).v2().embed(request).getEmbeddings().getFloat().orElseThrow().stream()
        .map(vector -> vector.stream().map(Double::floatValue).toList())
        .toList();
  }

  @Override
  public Optional<List<String>> ranked(
      String key, String model, String query, List<String> texts) {
    var request = V2RerankRequest.builder().model(model).query(query).documents(texts).build();
    return Optional.of(
        client(key).v2().rerank(request).getResults().stream()
            .map(result -> texts.get(result.getIndex()))
            .toList());
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    return switch (thrown) {
      case UnauthorizedError refused -> refusal(Kind.AUTHENTICATION, refused);
      case NotFoundError refused -> refusal(Kind.NOT_FOUND, refused);
      case TooManyRequestsError refused -> refusal(Kind.RATE_LIMITED, refused);
      default -> new Refusal(Kind.OTHER, 0, "");
    };
  }

  private static Refusal refusal(Kind kind, CohereApiException refused) {
    var waits = refused.headers().getOrDefault("retry-after", List.of(""));
    return new Refusal(kind, refused.statusCode(), waits.getFirst());
  }

  private static final class Conversation implements Chat {
    private final Cohere client;
    private final Settings settings;
    private final List<ChatMessageV2> messages = new ArrayList<>();

    Conversation(Cohere client, Settings settings) {
      this.client = client;
      this.settings = settings;
      if (!settings.system().isEmpty()) {
        messages.add(
            ChatMessageV2.system(
                SystemMessageV2.builder()
                    .content(SystemMessageV2Content.of(settings.system()))
                    .build()));
      }
    }

    @Override
    public Answer say(String text, String image) {
      UserMessageV2Content content =
          image.isEmpty()
              ? UserMessageV2Content.of(text)
              : UserMessageV2Content.of(
                  List.of(
                      Content.text(ChatTextContent.builder().text(text).build()),
                      Content.imageUrl(
                          ImageContent.builder()
                              .imageUrl(
                                  ImageUrl.builder().url("data:image/png;base64," + image).build())
                              .build())));
      messages.add(ChatMessageV2.user(UserMessageV2.builder().content(content).build()));
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      for (Result result : results) {
        messages.add(
            ChatMessageV2.tool(
                ToolMessageV2.builder()
                    .toolCallId(result.call().id())
                    .content(ToolMessageV2Content.of(json(result.value())))
                    .build()));
      }
      return ask();
    }

    private Answer ask() {
      CohereTurn turn = settings.stream() ? streamed() : whole();
      messages.add(ChatMessageV2.assistant(turn.message()));
      return new Answer(
          turn.text(),
          turn.thoughts(),
          turn.calls().stream().map(Conversation::call).toList(),
          STOPS.getOrDefault(turn.stop(), turn.stop()),
          turn.billed(UsageBilledUnits::getInputTokens),
          turn.billed(UsageBilledUnits::getOutputTokens));
    }

    private CohereTurn whole() {
      var request = V2ChatRequest.builder().model(settings.model()).messages(messages);
      if (!settings.tools().isEmpty()) {
        request.tools(tools());
      }
      if (!settings.schema().isEmpty()) {
        request.responseFormat(format());
      }
      if (settings.maxTokens() > 0) {
        request.maxTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        request.thinking(thinking());
      }
      return CohereTurn.of(client.v2().chat(request.build()));
    }

    private CohereTurn streamed() {
      var request = V2ChatStreamRequest.builder().model(settings.model()).messages(messages);
      if (!settings.tools().isEmpty()) {
        request.tools(tools());
      }
      if (!settings.schema().isEmpty()) {
        request.responseFormat(format());
      }
      if (settings.maxTokens() > 0) {
        request.maxTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        request.thinking(thinking());
      }
      var events = new CohereEvents();
      client.v2().chatStream(request.build()).forEach(events::take);
      return events.turn();
    }

    private List<ToolV2> tools() {
      return settings.tools().stream()
          .map(
              tool ->
                  ToolV2.builder()
                      .function(
                          ToolV2Function.builder()
                              .name(tool.name())
                              .description(tool.description())
                              .parameters(tool.parameters())
                              .build())
                      .build())
          .toList();
    }

    private ResponseFormatV2 format() {
      return ResponseFormatV2.jsonObject(
          JsonResponseFormatV2.builder().jsonSchema(settings.schema()).build());
    }

    private static Thinking thinking() {
      return Thinking.builder().type(ThinkingType.ENABLED).tokenBudget(2000).build();
    }

    @SuppressWarnings("unchecked")
    private static Call call(ToolCallV2 call) {
      ToolCallV2Function function = call.getFunction().orElseThrow();
      try {
        return new Call(
            call.getId(),
            function.getName().orElseThrow(),
            new ObjectMapper().readValue(function.getArguments().orElseThrow(), Map.class));
      } catch (JsonProcessingException notJson) {
        throw new AssertionError("not JSON: " + function, notJson);
      }
    }

    private static String json(Object value) {
      try {
        return new ObjectMapper().writeValueAsString(value);
      } catch (JsonProcessingException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }
}
