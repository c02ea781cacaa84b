package dev.lintel.compat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lintel.compat.AwsSdk.AwsTurn;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlockDelta;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlockDeltaEvent;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlockStartEvent;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamMetadataEvent;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.MessageStopEvent;
import software.amazon.awssdk.services.bedrockruntime.model.ReasoningContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ReasoningContentBlockDelta;
import software.amazon.awssdk.services.bedrockruntime.model.ReasoningTextBlock;
import software.amazon.awssdk.services.bedrockruntime.model.TokenUsage;
import software.amazon.awssdk.services.bedrockruntime.model.ToolUseBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ToolUseBlockStart;

/** Builds an answer from the events of ConverseStream, which the SDK leaves to its user. */
final class AwsEvents implements ConverseStreamResponseHandler.Visitor {
  private final Map<Integer, Block> blocks = new TreeMap<>();
  private String stop = "";
  private TokenUsage usage = TokenUsage.builder().inputTokens(0).outputTokens(0).build();

  private static final class Block {
    private ToolUseBlockStart tool;
    private SdkBytes redacted;
    private boolean thought;
    private final StringBuilder words = new StringBuilder();
    private final StringBuilder signature = new StringBuilder();

    private void take(ContentBlockDelta delta) {
      if (delta.text() != null) {
        words.append(delta.text());
      } else if (delta.toolUse() != null) {
        words.append(delta.toolUse().input());
      } else if (delta.reasoningContent() != null) {
        thought = true;
        take(delta.reasoningContent());
      }
    }

    private void take(ReasoningContentBlockDelta delta) {
      if (delta.text() != null) {
        words.append(delta.text());
      } else if (delta.signature() != null) {
        signature.append(delta.signature());
      } else {
        redacted = delta.redactedContent();
      }
    }

    private ContentBlock built() {
      if (tool != null) {
        return ContentBlock.fromToolUse(
            ToolUseBlock.builder()
                .toolUseId(tool.toolUseId())
                .name(tool.name())
                .input(AwsSdk.document(parsed(words.toString())))
                .build());
      }
      if (redacted != null) {
        return ContentBlock.fromReasoningContent(
            ReasoningContentBlock.fromRedactedContent(redacted));
      }
      if (thought) {
        var text = ReasoningTextBlock.builder().text(words.toString());
        if (!signature.isEmpty()) {
          text.signature(signature.toString());
        }
        return ContentBlock.fromReasoningContent(
            ReasoningContentBlock.fromReasoningText(text.build()));
      }
      return ContentBlock.fromText(words.toString());
    }

    private static Map<?, ?> parsed(String json) {
      try {
        return new ObjectMapper().readValue(json, Map.class);
      } catch (JsonProcessingException notJson) {
        throw new AssertionError("not JSON: " + json, notJson);
      }
    }
  }

  @Override
  public void visitContentBlockStart(ContentBlockStartEvent event) {
    block(event.contentBlockIndex()).tool = event.start().toolUse();
  }

  @Override
  public void visitContentBlockDelta(ContentBlockDeltaEvent event) {
    block(event.contentBlockIndex()).take(event.delta());
  }

  @Override
  public void visitMessageStop(MessageStopEvent event) {
    stop = event.stopReasonAsString();
  }

  @Override
  public void visitMetadata(ConverseStreamMetadataEvent event) {
    usage = event.usage();
  }

  private Block block(int index) {
    return blocks.computeIfAbsent(index, unseen -> new Block());
  }

  AwsTurn turn() {
    return new AwsTurn(blocks.values().stream().map(Block::built).toList(), stop, usage);
  }
}
