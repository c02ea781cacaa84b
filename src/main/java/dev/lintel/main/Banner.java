package dev.lintel.main;

import dev.lintel.Json;
import dev.lintel.config.Config;
import dev.lintel.config.SimSpec;
import java.io.PrintStream;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

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
      out.println(model().map(model -> "Try it:\n" + curl(key, model)).orElseGet(this::noModel));
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

  /**
   * One that answers: of a simulated provider where there is one, since it needs no key; empty
   * where no model is known, because what a real provider serves only its user knows.
   */
  private Optional<String> model() {
    return config.models().stream()
        .filter(model ->
            model.targets().stream()
                .anyMatch(target -> answers(config.sims().get(target.provider()))))
        .findFirst()
        .map(Config.ModelSpec::name)
        .or(() ->
            config.sims().values().stream()
                .filter(Banner::answers)
                .findFirst()
                .map(sim -> sim.name() + "/small"))
        .or(() -> config.models().stream().findFirst().map(Config.ModelSpec::name));
  }

  private static boolean answers(@Nullable SimSpec sim) {
    return sim != null && !sim.options().containsKey("fault");
  }

  private String curl(String key, String model) {
    ObjectNode body = Json.object().put("model", model);
    body.putArray("messages").addObject().put("role", "user").put("content", "Hello, Lintel!");
    String to = url + "/v1/chat/completions";
    return "curl -s "
        + (to.indexOf('[') < 0 ? to : quoted(to))
        + " -H "
        + quoted("Authorization: Bearer " + key)
        + " -H 'Content-Type: application/json' -d "
        + quoted(Json.text(body));
  }

  private String noModel() {
    String example =
        config.remotes().keySet().stream()
            .findFirst()
            .map(provider -> "models: { first: " + provider + "/NAME }")
            .orElse("providers: { demo: { kind: sim } }  and  models: { first: demo/small }");
    return "No model is configured. Add one to the file, such as  "
        + example
        + "  and ask for it by its name.";
  }

  /** As one word of a shell. */
  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
