package dev.lintel.compat;

import com.openai.models.ReasoningEffort;
import dev.lintel.compat.Sdk.Settings;
import java.util.ArrayList;
import java.util.List;
import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;
import org.springframework.ai.tool.ToolCallback;

/** The chat models of Spring AI that take a base URL. */
enum SpringAiModels {
  OPEN_AI("openai") {
    @Override
    ChatModel chat(Settings settings, List<ToolCallback> tools) {
      var options =
          OpenAiChatOptions.builder()
              .baseUrl(Lintel.URL + "/v1")
              .apiKey(settings.key())
              .maxRetries(0)
              .model(settings.model())
              .streamUsage(settings.stream());
      if (!tools.isEmpty()) {
        options.toolCallbacks(tools);
      }
      if (!settings.schema().isEmpty()) {
        options.outputSchema(SpringAiSdk.json(settings.schema()));
      }
      if (settings.maxTokens() > 0) {
        options.maxCompletionTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        options.reasoningEffort(ReasoningEffort.HIGH.asString());
      }
      return OpenAiChatModel.builder().options(options.build()).build();
    }

    @Override
    List<List<Float>> vectors(String key, String model, List<String> texts) {
      var options =
          OpenAiEmbeddingOptions.builder()
              .baseUrl(Lintel.URL + "/v1")
              .apiKey(key)
              .maxRetries(0)
              .model(model)
              .dimensions(64)
              .build();
      return OpenAiEmbeddingModel.builder().options(options).build().embed(texts).stream()
          .map(SpringAiModels::list)
          .toList();
    }
  },

  ANTHROPIC("anthropic") {
    @Override
    ChatModel chat(Settings settings, List<ToolCallback> tools) {
      var options =
          AnthropicChatOptions.builder()
              .baseUrl(Lintel.URL)
              .apiKey(settings.key())
              .maxRetries(0)
              .model(settings.model())
              .maxTokens(settings.maxTokens() > 0 ? settings.maxTokens() : 4000);
      if (!tools.isEmpty()) {
        options.toolCallbacks(tools);
      }
      if (!settings.schema().isEmpty()) {
        options.outputSchema(SpringAiSdk.json(settings.schema()));
      }
      if (settings.thinking()) {
        options.thinkingEnabled(2000);
      }
      return AnthropicChatModel.builder().options(options.build()).build();
    }

    @Override
    List<List<Float>> vectors(String key, String model, List<String> texts) {
      return List.of();
    }
  };

  private final String module;

  SpringAiModels(String module) {
    this.module = module;
  }

  String module() {
    return module;
  }

  abstract ChatModel chat(Settings settings, List<ToolCallback> tools);

  abstract List<List<Float>> vectors(String key, String model, List<String> texts);

  private static List<Float> list(float[] vector) {
    var values = new ArrayList<Float>(vector.length);
    for (float value : vector) {
      values.add(value);
    }
    return values;
  }
}
