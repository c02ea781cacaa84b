package dev.lintel.compat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.catalog.ModelDescription;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * LangChain4j, which drives three dialects by its own clients. Its exceptions have no headers, so it
 * does not tell how long to wait.
 */
final class LangChainSdk implements Sdk {
  private final LangChainModels models;

  LangChainSdk(LangChainModels models) {
    this.models = models;
  }

  @Override
  public String name() {
    return "java langchain4j " + models.module() + " " + System.getProperty("langchain4j.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(models, settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    return models
        .catalog(key)
        .map(catalog -> catalog.listModels().stream().map(ModelDescription::name).toList());
  }

  @Override
  public List<List<Float>> vectors(String key, String model, List<String> texts) {
    var segments = texts.stream().map(TextSegment::from).toList();
    return models
        .embedder(key, model)
        .map(
            embedder ->
                embedder.embedAll(segments).content().stream()
                    .map(Embedding::vectorAsList)
                    .toList())
        .orElse(List.of());
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    Kind kind =
        switch (thrown) {
          case AuthenticationException refused -> Kind.AUTHENTICATION;
          case ModelNotFoundException refused -> Kind.NOT_FOUND;
          case RateLimitException refused -> Kind.RATE_LIMITED;
          default -> Kind.OTHER;
        };
    int status = thrown.getCause() instanceof HttpException refused ? refused.statusCode() : 0;
    return new Refusal(kind, status, "");
  }

  @Override
  public boolean tellsWait() {
    return false;
  }

  private static final class Conversation implements Chat {
    private final LangChainModels models;
    private final Settings settings;
    private final List<ChatMessage> messages = new ArrayList<>();

    Conversation(LangChainModels models, Settings settings) {
      this.models = models;
      this.settings = settings;
      if (!settings.system().isEmpty()) {
        messages.add(SystemMessage.from(settings.system()));
      }
    }

    @Override
    public Answer say(String text, String image) {
      var contents = new ArrayList<Content>();
      contents.add(TextContent.from(text));
      if (!image.isEmpty()) {
        contents.add(ImageContent.from(image, "image/png"));
      }
      messages.add(UserMessage.from(contents));
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      for (Result result : results) {
        messages.add(
            ToolExecutionResultMessage.from(
                result.call().id(), result.call().name(), json(result.value())));
      }
      return ask();
    }

    private Answer ask() {
      var request = ChatRequest.builder().messages(messages);
      if (!settings.tools().isEmpty()) {
        request.toolSpecifications(settings.tools().stream().map(Conversation::tool).toList());
      }
      if (!settings.schema().isEmpty()) {
        request.responseFormat(
            ResponseFormat.builder()
                .type(ResponseFormatType.JSON)
                .jsonSchema(
                    JsonSchema.builder()
                        .name("answer")
                        .rootElement(schema(settings.schema()))
                        .build())
                .build());
      }
      if (settings.maxTokens() > 0) {
        request.maxOutputTokens(settings.maxTokens());
      }
      ChatResponse response =
          settings.stream()
              ? streamed(request.build())
              : models.whole(settings).chat(request.build());
      AiMessage message = response.aiMessage();
      messages.add(message);
      List<Call> calls = message.toolExecutionRequests().stream().map(Conversation::call).toList();
      return new Answer(
          Optional.ofNullable(message.text()).orElse(""),
          Optional.ofNullable(message.thinking()).orElse(""),
          calls,
          stop(response.finishReason(), calls),
          response.tokenUsage() == null ? 0 : response.tokenUsage().inputTokenCount(),
          response.tokenUsage() == null ? 0 : response.tokenUsage().outputTokenCount());
    }

    private ChatResponse streamed(ChatRequest request) {
      var whole = new CompletableFuture<ChatResponse>();
      models
          .streamed(settings)
          .chat(
              request,
              new StreamingChatResponseHandler() {
                @Override
                public void onCompleteResponse(ChatResponse response) {
                  whole.complete(response);
                }

                @Override
                public void onError(Throwable error) {
                  whole.completeExceptionally(error);
                }
              });
      try {
        return whole.orTimeout(1, TimeUnit.MINUTES).join();
      } catch (CompletionException failed) {
        if (failed.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw failed;
      }
    }

    private static String stop(FinishReason reason, List<Call> calls) {
      return switch (reason) {
        case null -> "";
        case STOP -> calls.isEmpty() ? "stop" : "tools";
        case LENGTH -> "length";
        case TOOL_EXECUTION -> "tools";
        case CONTENT_FILTER, OTHER -> reason.name();
      };
    }

    private static ToolSpecification tool(Tool tool) {
      return ToolSpecification.builder()
          .name(tool.name())
          .description(tool.description())
          .parameters(schema(tool.parameters()))
          .build();
    }

    @SuppressWarnings("unchecked")
    private static JsonObjectSchema schema(Map<String, Object> object) {
      var schema = JsonObjectSchema.builder().additionalProperties(false);
      var properties = (Map<String, Map<String, Object>>) object.get("properties");
      properties.forEach(
          (name, property) -> {
            if (property.containsKey("enum")) {
              schema.addEnumProperty(name, (List<String>) property.get("enum"));
              return;
            }
            switch (property.get("type").toString()) {
              case "string" -> schema.addStringProperty(name);
              case "integer" -> schema.addIntegerProperty(name);
              case "boolean" -> schema.addBooleanProperty(name);
              default -> throw new IllegalArgumentException(property.toString());
            }
          });
      return schema.required((List<String>) object.get("required")).build();
    }

    @SuppressWarnings("unchecked")
    private static Call call(ToolExecutionRequest request) {
      try {
        return new Call(
            request.id(),
            request.name(),
            new ObjectMapper().readValue(request.arguments(), Map.class));
      } catch (JsonProcessingException notJson) {
        throw new AssertionError("not JSON: " + request.arguments(), notJson);
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
