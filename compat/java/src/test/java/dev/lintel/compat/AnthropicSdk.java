package dev.lintel.compat;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.errors.AnthropicServiceException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.errors.UnauthorizedException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Base64ImageSource;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.ImageBlockParam;
import com.anthropic.models.messages.JsonOutputFormat;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.OutputConfig;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.TextBlockParam;
import com.anthropic.models.messages.ThinkingConfigEnabled;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.ToolUseBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class AnthropicSdk implements Sdk {
  private static final Map<String, String> STOPS =
      Map.of("end_turn", "stop", "max_tokens", "length", "tool_use", "tools");

  private static AnthropicClient client(String key) {
    return AnthropicOkHttpClient.builder()
        .apiKey(key)
        .baseUrl(Lintel.URL)
        .maxRetries(0)
        .responseValidation(true)
        .build();
  }

  @Override
  public String name() {
    return "java anthropic " + System.getProperty("anthropic.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(client(settings.key()), settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    return Optional.of(
        client(key).models().list().autoPager().stream().map(model -> model.id()).toList());
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

  private static Refusal refusal(Kind kind, AnthropicServiceException refused) {
    String wait = refused.headers().values("retry-after").stream().findFirst().orElse("");
    return new Refusal(kind, refused.statusCode(), wait);
  }

  private static final class Conversation implements Chat {
    private final AnthropicClient client;
    private final boolean stream;
    private final MessageCreateParams.Builder params;

    Conversation(AnthropicClient client, Settings settings) {
      this.client = client;
      this.stream = settings.stream();
      this.params =
          MessageCreateParams.builder()
              .model(settings.model())
              .maxTokens(settings.maxTokens() > 0 ? settings.maxTokens() : 4000);
      if (!settings.system().isEmpty()) {
        params.system(settings.system());
      }
      for (Tool tool : settings.tools()) {
        params.addTool(
            com.anthropic.models.messages.Tool.builder()
                .name(tool.name())
                .description(tool.description())
                .inputSchema(
                    com.anthropic.models.messages.Tool.InputSchema.builder()
                        .properties(
                            com.anthropic.models.messages.Tool.InputSchema.Properties.builder()
                                .putAllAdditionalProperties(values(tool.properties()))
                                .build())
                        .required(List.copyOf(tool.properties().keySet()))
                        .build())
                .build());
      }
      if (!settings.schema().isEmpty()) {
        var schema =
            JsonOutputFormat.Schema.builder().putAllAdditionalProperties(values(settings.schema()));
        params.outputConfig(
            OutputConfig.builder()
                .format(JsonOutputFormat.builder().schema(schema.build()).build())
                .build());
      }
      if (settings.thinking()) {
        params.thinking(ThinkingConfigEnabled.builder().budgetTokens(2000).build());
      }
    }

    @Override
    public Answer say(String text, String image) {
      var blocks = new ArrayList<ContentBlockParam>();
      blocks.add(ContentBlockParam.ofText(TextBlockParam.builder().text(text).build()));
      if (!image.isEmpty()) {
        blocks.add(
            ContentBlockParam.ofImage(
                ImageBlockParam.builder()
                    .source(
                        Base64ImageSource.builder()
                            .mediaType(Base64ImageSource.MediaType.IMAGE_PNG)
                            .data(image)
                            .build())
                    .build()));
      }
      params.addUserMessageOfContentBlockParams(blocks);
      return ask();
    }

    @Override
    public Answer give(List<Result> results) {
      params.addUserMessageOfContentBlockParams(
          results.stream()
              .map(
                  result ->
                      ContentBlockParam.ofToolResult(
                          ToolResultBlockParam.builder()
                              .toolUseId(result.call().id())
                              .contentAsJson(result.value())
                              .build()))
              .toList());
      return ask();
    }

    private Answer ask() {
      Message message = stream ? streamed() : client.messages().create(params.build());
      params.addMessage(message);
      var blocks = message.content();
      String stop = message.stopReason().map(StopReason::asString).orElse("");
      return new Answer(
          blocks.stream().flatMap(b -> b.text().stream()).map(t -> t.text()).collect(joining()),
          blocks.stream()
              .flatMap(b -> b.thinking().stream())
              .map(t -> t.thinking())
              .collect(joining()),
          blocks.stream().flatMap(b -> b.toolUse().stream()).map(Conversation::call).toList(),
          STOPS.getOrDefault(stop, stop),
          message.usage().inputTokens(),
          message.usage().outputTokens());
    }

    private Message streamed() {
      var accumulator = MessageAccumulator.create();
      try (var events = client.messages().createStreaming(params.build())) {
        events.stream().forEach(accumulator::accumulate);
      }
      return accumulator.message();
    }

    @SuppressWarnings("unchecked")
    private static Call call(ToolUseBlock use) {
      return new Call(use.id(), use.name(), use._input().convert(Map.class));
    }

    private static Map<String, JsonValue> values(Map<String, Object> map) {
      return map.entrySet().stream()
          .collect(toMap(Map.Entry::getKey, entry -> JsonValue.from(entry.getValue())));
    }
  }
}
