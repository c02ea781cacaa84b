package dev.lintel.compat;

import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class CompatTest {
  @TestFactory
  List<DynamicTest> official_sdks_work_through_lintel() {
    return Suite.of(
        List.of(
            new OpenAiSdk(),
            OpenAiSdk.azure(),
            new OpenAiResponsesSdk(),
            new AnthropicSdk(),
            new GoogleSdk(),
            new CohereSdk(),
            new AwsSdk(),
            new LangChainSdk(LangChainModels.OPEN_AI),
            new LangChainSdk(LangChainModels.ANTHROPIC),
            new LangChainSdk(LangChainModels.GEMINI)));
  }
}
