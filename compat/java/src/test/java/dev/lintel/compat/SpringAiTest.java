package dev.lintel.compat;

import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** In a build of its own: Spring AI needs other versions of the vendors' SDKs. */
class SpringAiTest {
  @TestFactory
  List<DynamicTest> spring_ai_works_through_lintel() {
    return Suite.of(
        List.of(
            new SpringAiSdk(SpringAiModels.OPEN_AI), new SpringAiSdk(SpringAiModels.ANTHROPIC)));
  }
}
