package dev.lintel.compat;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkNumber;
import software.amazon.awssdk.core.document.Document;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.AccessDeniedException;
import software.amazon.awssdk.services.bedrockruntime.model.BedrockRuntimeException;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseRequest;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamRequest;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.ImageBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ImageFormat;
import software.amazon.awssdk.services.bedrockruntime.model.ImageSource;
import software.amazon.awssdk.services.bedrockruntime.model.InferenceConfiguration;
import software.amazon.awssdk.services.bedrockruntime.model.JsonSchemaDefinition;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.OutputConfig;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormat;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormatStructure;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormatType;
import software.amazon.awssdk.services.bedrockruntime.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrockruntime.model.SystemContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ThrottlingException;
import software.amazon.awssdk.services.bedrockruntime.model.TokenUsage;
import software.amazon.awssdk.services.bedrockruntime.model.ToolConfiguration;
import software.amazon.awssdk.services.bedrockruntime.model.ToolInputSchema;
import software.amazon.awssdk.services.bedrockruntime.model.ToolResultBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ToolResultContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ToolSpecification;
import software.amazon.awssdk.services.bedrockruntime.model.ToolUseBlock;

/**
 * Converse, and ConverseStream, which only the asynchronous client has. Requests are signed. A list
 * of models is part of another client, for another host; vectors go by InvokeModel, in the form of
 * the model behind it, which is no dialect.
 */
final class AwsSdk implements Sdk {
  private static final Map<String, String> STOPS =
      Map.of("end_turn", "stop", "max_tokens", "length", "tool_use", "tools");

  /** Made once: each brings an engine of its own. */
  private static final BedrockRuntimeClient WHOLE =
      configured(BedrockRuntimeClient.builder()).build();

  private static final BedrockRuntimeAsyncClient STREAMED =
      configured(BedrockRuntimeAsyncClient.builder()).build();

  private static <B extends AwsClientBuilder<B, ?>> B configured(B builder) {
    return builder
        .endpointOverride(URI.create(Lintel.URL))
        .region(Region.US_EAST_1)
        .credentialsProvider(credentials(Lintel.KEY))
        .overrideConfiguration(
            override -> override.retryStrategy(DefaultRetryStrategy.doNotRetry()));
  }

  private static StaticCredentialsProvider credentials(String key) {
    return StaticCredentialsProvider.create(
        key.equals(Lintel.KEY)
            ? AwsBasicCredentials.create(Lintel.AWS_ID, Lintel.AWS_SECRET)
            : AwsBasicCredentials.create(key, Lintel.AWS_SECRET));
  }

  @Override
  public String name() {
    return "java aws bedrockruntime " + System.getProperty("aws.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(settings);
  }

  @Override
  public Refusal refusal(RuntimeException thrown) {
    return switch (thrown) {
      case AccessDeniedException refused -> refusal(Kind.AUTHENTICATION, refused);
      case ResourceNotFoundException refused -> refusal(Kind.NOT_FOUND, refused);
      case ThrottlingException refused -> refusal(Kind.RATE_LIMITED, refused);
      default -> new Refusal(Kind.OTHER, 0, "");
    };
  }

  private static Refusal refusal(Kind kind, BedrockRuntimeException refused) {
    String wait =
        refused.awsErrorDetails().sdkHttpResponse().firstMatchingHeader("retry-after").orElse("");
    return new Refusal(kind, refused.statusCode(), wait);
  }

  /** AWS refuses whom it does not know with the status of those who may not. */
  @Override
  public int wrongKeyStatus() {
    return 403;
  }

  private static final class Conversation implements Chat {
    private final Settings settings;
    private final ConverseRequest terms;
    private final List<Message> messages = new ArrayList<>();

    Conversation(Settings settings) {
      this.settings = settings;
      var request =
          ConverseRequest.builder()
              .modelId(settings.model())
              .overrideConfiguration(
                  override -> override.credentialsProvider(credentials(settings.key())));
      if (!settings.system().isEmpty()) {
        request.system(SystemContentBlock.fromText(settings.system()));
      }
      if (!settings.tools().isEmpty()) {
        request.toolConfig(
            ToolConfiguration.builder()
                .tools(settings.tools().stream().map(Conversation::tool).toList())
                .build());
      }
      if (!settings.schema().isEmpty()) {
        request.outputConfig(
            OutputConfig.builder()
                .textFormat(
                    OutputFormat.builder()
                        .type(OutputFormatType.JSON_SCHEMA)
                        .structure(
                            OutputFormatStructure.fromJsonSchema(
                                JsonSchemaDefinition.builder()
                                    .name("answer")
                                    .schema(json(settings.schema()))
                                    .build()))
                        .build())
                .build());
      }
      if (settings.maxTokens() > 0) {
        request.inferenceConfig(
            InferenceConfiguration.builder().maxTokens(settings.maxTokens()).build());
      }
      if (settings.thinking()) {
        request.additionalModelRequestFields(
            document(Map.of("thinking", Map.of("type", "enabled", "budget_tokens", 2000))));
      }
      this.terms = request.build();
    }

    private static software.amazon.awssdk.services.bedrockruntime.model.Tool tool(Tool tool) {
      return software.amazon.awssdk.services.bedrockruntime.model.Tool.fromToolSpec(
          ToolSpecification.builder()
              .name(tool.name())
              .description(tool.description())
              .inputSchema(ToolInputSchema.fromJson(document(tool.parameters())))
              .build());
    }

    @Override
    public Answer say(String text, String image) {
      var blocks = new ArrayList<ContentBlock>();
      blocks.add(ContentBlock.fromText(text));
      if (!image.isEmpty()) {
        blocks.add(
            ContentBlock.fromImage(
                ImageBlock.builder()
                    .format(ImageFormat.PNG)
                    .source(
                        ImageSource.fromBytes(
                            SdkBytes.fromByteArray(Base64.getDecoder().decode(image))))
                    .build()));
      }
      return ask(blocks);
    }

    @Override
    public Answer give(List<Result> results) {
      return ask(
          results.stream()
              .map(
                  result ->
                      ContentBlock.fromToolResult(
                          ToolResultBlock.builder()
                              .toolUseId(result.call().id())
                              .content(ToolResultContentBlock.fromJson(document(result.value())))
                              .build()))
              .toList());
    }

    private Answer ask(List<ContentBlock> words) {
      messages.add(Message.builder().role(ConversationRole.USER).content(words).build());
      AwsTurn turn = settings.stream() ? streamed() : whole();
      messages.add(
          Message.builder().role(ConversationRole.ASSISTANT).content(turn.blocks()).build());
      return new Answer(
          turn.blocks().stream()
              .filter(block -> block.text() != null)
              .map(ContentBlock::text)
              .collect(joining()),
          turn.blocks().stream()
              .filter(block -> block.reasoningContent() != null)
              .filter(block -> block.reasoningContent().reasoningText() != null)
              .map(block -> block.reasoningContent().reasoningText().text())
              .collect(joining()),
          turn.blocks().stream()
              .filter(block -> block.toolUse() != null)
              .map(block -> call(block.toolUse()))
              .toList(),
          STOPS.getOrDefault(turn.stop(), turn.stop()),
          turn.usage().inputTokens(),
          turn.usage().outputTokens());
    }

    private AwsTurn whole() {
      ConverseResponse response = WHOLE.converse(terms.toBuilder().messages(messages).build());
      return new AwsTurn(
          response.output().message().content(), response.stopReasonAsString(), response.usage());
    }

    private AwsTurn streamed() {
      var request =
          ConverseStreamRequest.builder()
              .modelId(terms.modelId())
              .overrideConfiguration(terms.overrideConfiguration().orElseThrow())
              .messages(messages)
              .inferenceConfig(terms.inferenceConfig())
              .outputConfig(terms.outputConfig())
              .toolConfig(terms.toolConfig())
              .additionalModelRequestFields(terms.additionalModelRequestFields());
      if (terms.hasSystem()) {
        request.system(terms.system());
      }
      var events = new AwsEvents();
      var handler = ConverseStreamResponseHandler.builder().subscriber(events).build();
      try {
        STREAMED.converseStream(request.build(), handler).join();
      } catch (CompletionException failed) {
        if (failed.getCause() instanceof SdkException cause) {
          throw cause;
        }
        throw failed;
      }
      return events.turn();
    }

    private static Call call(ToolUseBlock use) {
      return new Call(
          use.toolUseId(),
          use.name(),
          use.input().asMap().entrySet().stream()
              .collect(toMap(Map.Entry::getKey, entry -> entry.getValue().unwrap())));
    }

    private static String json(Object value) {
      try {
        return new ObjectMapper().writeValueAsString(value);
      } catch (JsonProcessingException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }

  /** The blocks of one answer. */
  record AwsTurn(List<ContentBlock> blocks, String stop, TokenUsage usage) {}

  static Document document(Object value) {
    return switch (value) {
      case String text -> Document.fromString(text);
      case Boolean flag -> Document.fromBoolean(flag);
      case Number number -> Document.fromNumber(SdkNumber.fromString(number.toString()));
      case List<?> list -> Document.fromList(list.stream().map(AwsSdk::document).toList());
      case Map<?, ?> map ->
          Document.fromMap(
              map.entrySet().stream()
                  .collect(
                      toMap(
                          entry -> entry.getKey().toString(),
                          entry -> document(entry.getValue()))));
      default -> throw new IllegalArgumentException(value.getClass().getName());
    };
  }
}
