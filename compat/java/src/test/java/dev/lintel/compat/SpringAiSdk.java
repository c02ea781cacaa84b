package dev.lintel.compat;

import com.anthropic.errors.AnthropicServiceException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.errors.OpenAIServiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.DefaultToolDefinition;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.MimeTypeUtils;

/**
 * Spring AI, its chat models without Spring Boot. It has no list of models. What it throws is what
 * the vendors' SDKs throw, which it is built upon.
 */
final class SpringAiSdk implements Sdk {
  private final SpringAiModels models;

  SpringAiSdk(SpringAiModels models) {
    this.models = models;
  }

  @Override
  public String name() {
    return "java spring-ai " + models.module() + " " + System.getProperty("spring-ai.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(models, settings);
  }

  @Override
  public List<List<Float>> vectors(String key, String model, List<String> texts) {
    return models.vectors(key, model, texts);
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    return switch (thrown.getCause() instanceof RuntimeException cause ? cause : thrown) {
      case OpenAIServiceException refused -> refusal(refused.statusCode(), refused.headers());
      case AnthropicServiceException refused -> refusal(refused.statusCode(), refused.headers());
      default -> new Refusal(Kind.OTHER, 0, "");
    };
  }

  private static Refusal refusal(int status, com.openai.core.http.Headers headers) {
    return refusal(status, headers.values("retry-after"));
  }

  private static Refusal refusal(int status, com.anthropic.core.http.Headers headers) {
    return refusal(status, headers.values("retry-after"));
  }

  private static Refusal refusal(int status, List<String> waits) {
    Kind kind =
        switch (status) {
          case 401 -> Kind.AUTHENTICATION;
          case 404 -> Kind.NOT_FOUND;
          case 429 -> Kind.RATE_LIMITED;
          default -> Kind.OTHER;
        };
    return new Refusal(kind, status, waits.isEmpty() ? "" : waits.getFirst());
  }

  /** Of Anthropic's streams it reads what the first event says, which there is an estimate. */
  @Override
  public boolean tellsInput(boolean stream) {
    return models == SpringAiModels.OPEN_AI || !stream;
  }

  private static final class Conversation implements Chat {
    private final ChatModel model;
    private final Settings settings;
    private final List<Message> messages = new ArrayList<>();

    Conversation(SpringAiModels models, Settings settings) {
      this.model = models.chat(settings, settings.tools().stream().map(Offered::of).toList());
      this.settings = settings;
      if (!settings.system().isEmpty()) {
        messages.add(new SystemMessage(settings.system()));
      }
    }

    @Override
    public Answer say(String text, String image) {
      var message = UserMessage.builder().text(text);
      if (!image.isEmpty()) {
        message.media(
            Media.builder()
                .mimeType(MimeTypeUtils.IMAGE_PNG)
                .data(Base64.getDecoder().decode(image))
                .build());
      }
      messages.add(message.build());
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      messages.add(
          ToolResponseMessage.builder()
              .responses(
                  results.stream()
                      .map(
                          result ->
                              new ToolResponseMessage.ToolResponse(
                                  result.call().id(),
                                  result.call().name(),
                                  json(result.value())))
                      .toList())
              .build());
      return ask();
    }

    private Answer ask() {
      var prompt = new Prompt(messages);
      return settings.stream() ? streamed(prompt) : whole(prompt);
    }

    /** Anthropic's thoughts are results of their own, which come before the answer. */
    private Answer whole(Prompt prompt) {
      ChatResponse response = model.call(prompt);
      var thoughts = new StringBuilder();
      for (Generation generation : response.getResults()) {
        thoughts.append(thoughts(generation.getOutput()));
      }
      return answer(response.getResults().getLast(), thoughts.toString(), response);
    }

    private Answer streamed(Prompt prompt) {
      var whole = new AtomicReference<ChatResponse>();
      var thoughts = new StringBuilder();
      var chunks =
          model
              .stream(prompt)
              .doOnNext(
                  chunk ->
                      chunk.getResults().forEach(r -> thoughts.append(thoughts(r.getOutput()))));
      new MessageAggregator().aggregate(chunks, whole::set).blockLast(Duration.ofMinutes(1));
      return answer(whole.get().getResult(), thoughts.toString(), whole.get());
    }

    private Answer answer(Generation generation, String thoughts, ChatResponse response) {
      AssistantMessage message = generation.getOutput();
      messages.add(message);
      return new Answer(
          Optional.ofNullable(message.getText()).orElse(""),
          thoughts,
          message.getToolCalls().stream().map(Conversation::call).toList(),
          stop(generation),
          response.getMetadata().getUsage().getPromptTokens(),
          response.getMetadata().getUsage().getCompletionTokens());
    }

    /**
     * Anthropic's are the text of a signed message; its streams say only that there is a thought and
     * keep the words to themselves, to send them back. OpenAI's stand beside the text.
     */
    private static String thoughts(AssistantMessage message) {
      var about = message.getMetadata();
      if (about.get("thinking") instanceof Boolean) {
        return "…";
      }
      return about.containsKey("signature")
          ? Optional.ofNullable(message.getText()).orElse("")
          : about.getOrDefault("reasoningContent", "").toString();
    }

    private static String stop(Generation generation) {
      String reason = Optional.ofNullable(generation.getMetadata().getFinishReason()).orElse("");
      return switch (reason.toLowerCase(Locale.ROOT)) {
        case "stop", "end_turn" -> "stop";
        case "length", "max_tokens" -> "length";
        case "tool_calls", "tool_use" -> "tools";
        default -> reason;
      };
    }

    @SuppressWarnings("unchecked")
    private static Call call(AssistantMessage.ToolCall call) {
      try {
        return new Call(
            call.id(), call.name(), new ObjectMapper().readValue(call.arguments(), Map.class));
      } catch (JsonProcessingException notJson) {
        throw new AssertionError("not JSON: " + call.arguments(), notJson);
      }
    }
  }

  /** A tool that the user of the chat model answers for. */
  private record Offered(ToolDefinition definition) implements ToolCallback {
    static ToolCallback of(Tool tool) {
      return new Offered(
          DefaultToolDefinition.builder()
              .name(tool.name())
              .description(tool.description())
              .inputSchema(json(tool.parameters()))
              .build());
    }

    @Override
    public ToolDefinition getToolDefinition() {
      return definition;
    }

    @Override
    public String call(String arguments) {
      throw new UnsupportedOperationException(definition.name());
    }
  }

  static String json(Object value) {
    try {
      return new ObjectMapper().writeValueAsString(value);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
