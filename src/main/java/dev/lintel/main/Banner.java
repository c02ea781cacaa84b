package dev.lintel.main;

import dev.lintel.config.Config;
import java.io.PrintStream;
import java.net.URI;
import java.util.Optional;

/** What a start prints: where the gateway is, its new keys, and what to do next. */
record Banner(URI url, Config config, Optional<String> adminKey, Optional<String> callerKey) {
  void print(PrintStream out) {
    out.println("Lintel " + Version.TEXT);
    out.println("listening on " + url);
    if (adminKey.isEmpty() && callerKey.isEmpty()) {
      out.flush();
      return;
    }
    out.println();
    out.println("These keys are shown once; " + config.data() + " keeps only their hashes.");
    adminKey.ifPresent(key -> out.println("admin key:  " + key));
    callerKey.ifPresent(key -> {
      out.println("caller key: " + key);
      out.println();
      out.println("Try it:");
      out.printf(
          "curl -s %s/v1/chat/completions -H 'Authorization: Bearer %s' -H 'Content-Type: application/json'"
              + " -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello, Lintel!\"}]}'%n",
          url, key, model());
      out.println();
      out.println(
          "Next: point an OpenAI SDK at "
              + url
              + "/v1, or an Anthropic or Gemini SDK at "
              + url
              + ", with the caller key.");
      out.println(
          "More models: set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY ... and start again, or write a lintel.yaml.");
    });
    out.flush();
  }

  private String model() {
    return config.models().isEmpty() ? "demo/small" : config.models().getFirst().name();
  }
}
