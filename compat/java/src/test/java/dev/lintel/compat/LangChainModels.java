package dev.lintel.compat;

import dev.langchain4j.model.anthropic.AnthropicChatModel;
import dev.langchain4j.model.anthropic.AnthropicModelCatalog;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.catalog.ModelCatalog;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiEmbeddingModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiModelCatalog;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiModelCatalog;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.lintel.compat.Sdk.Settings;
import java.util.Optional;

/** The modules of LangChain4j that take a base URL. */
enum LangChainModels {
  OPEN_AI("open-ai") {
    @Override
    ChatModel whole(Settings settings) {
      return OpenAiChatModel.builder()
          .baseUrl(V1)
          .apiKey(settings.key())
          .modelName(settings.model())
          .reasoningEffort(settings.thinking() ? "high" : null)
          .returnThinking(true)
          .strictTools(true)
          .strictJsonSchema(true)
          .maxRetries(0)
          .build();
    }

    @Override
    StreamingChatModel streamed(Settings settings) {
      return OpenAiStreamingChatModel.builder()
          .baseUrl(V1)
          .apiKey(settings.key())
          .modelName(settings.model())
          .reasoningEffort(settings.thinking() ? "high" : null)
          .returnThinking(true)
          .strictTools(true)
          .strictJsonSchema(true)
          .build();
    }

    @Override
    Optional<ModelCatalog> catalog(String key) {
      return Optional.of(OpenAiModelCatalog.builder().baseUrl(V1).apiKey(key).build());
    }

    @Override
    Optional<EmbeddingModel> embedder(String key, String model) {
      return Optional.of(
          OpenAiEmbeddingModel.builder()
              .baseUrl(V1)
              .apiKey(key)
              .modelName(model)
              .dimensions(64)
              .maxRetries(0)
              .build());
    }
  },

  ANTHROPIC("anthropic") {
    @Override
    ChatModel whole(Settings settings) {
      return AnthropicChatModel.builder()
          .baseUrl(V1)
          .apiKey(settings.key())
          .modelName(settings.model())
          .maxTokens(4000)
          .thinkingType(settings.thinking() ? "enabled" : null)
          .thinkingBudgetTokens(settings.thinking() ? 2000 : null)
          .returnThinking(true)
          .sendThinking(true)
          .maxRetries(0)
          .build();
    }

    @Override
    StreamingChatModel streamed(Settings settings) {
      return AnthropicStreamingChatModel.builder()
          .baseUrl(V1)
          .apiKey(settings.key())
          .modelName(settings.model())
          .maxTokens(4000)
          .thinkingType(settings.thinking() ? "enabled" : null)
          .thinkingBudgetTokens(settings.thinking() ? 2000 : null)
          .returnThinking(true)
          .sendThinking(true)
          .build();
    }

    @Override
    Optional<ModelCatalog> catalog(String key) {
      return Optional.of(AnthropicModelCatalog.builder().baseUrl(V1).apiKey(key).build());
    }

    @Override
    Optional<EmbeddingModel> embedder(String key, String model) {
      return Optional.empty();
    }
  },

  GEMINI("google-ai-gemini") {
    @Override
    ChatModel whole(Settings settings) {
      return GoogleAiGeminiChatModel.builder()
          .baseUrl(V1BETA)
          .apiKey(settings.key())
          .modelName(settings.model())
          .thinkingConfig(thinking(settings))
          .returnThinking(true)
          .sendThinking(true)
          .maxRetries(0)
          .build();
    }

    @Override
    StreamingChatModel streamed(Settings settings) {
      return GoogleAiGeminiStreamingChatModel.builder()
          .baseUrl(V1BETA)
          .apiKey(settings.key())
          .modelName(settings.model())
          .thinkingConfig(thinking(settings))
          .returnThinking(true)
          .sendThinking(true)
          .build();
    }

    private static GeminiThinkingConfig thinking(Settings settings) {
      return settings.thinking()
          ? GeminiThinkingConfig.builder().includeThoughts(true).thinkingBudget(2000).build()
          : null;
    }

    @Override
    Optional<ModelCatalog> catalog(String key) {
      return Optional.of(GoogleAiGeminiModelCatalog.builder().baseUrl(V1BETA).apiKey(key).build());
    }

    @Override
    Optional<EmbeddingModel> embedder(String key, String model) {
      return Optional.of(
          GoogleAiEmbeddingModel.builder()
              .baseUrl(V1BETA)
              .apiKey(key)
              .modelName(model)
              .outputDimensionality(64)
              .maxRetries(0)
              .build());
    }
  };

  private static final String V1 = Lintel.URL + "/v1";
  private static final String V1BETA = Lintel.URL + "/v1beta";

  private final String module;

  LangChainModels(String module) {
    this.module = module;
  }

  String module() {
    return module;
  }

  abstract ChatModel whole(Settings settings);

  abstract StreamingChatModel streamed(Settings settings);

  abstract Optional<ModelCatalog> catalog(String key);

  abstract Optional<EmbeddingModel> embedder(String key, String model);
}
