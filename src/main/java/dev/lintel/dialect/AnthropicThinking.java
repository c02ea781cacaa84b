package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Json;
import dev.lintel.Thinking;
import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The two forms in which Anthropic's models are told to think, {@code thinking} with a budget and
 * {@code adaptive} with {@code output_config.effort}: a request that has the one which its model
 * refuses gets the other.
 */
final class AnthropicThinking {
  /** The API's least budget. */
  static final long LEAST_BUDGET = 1024;

  private static final long USUAL_BUDGET = 2048;

  /** Tokens to think where the caller said how hard and not how long. */
  private static final Map<String, Long> BUDGETS =
      Map.of(
          "minimal", LEAST_BUDGET,
          "low", 1280L,
          "medium", USUAL_BUDGET,
          "high", 4096L,
          "xhigh", 8192L,
          "max", 16384L);

  private AnthropicThinking() {}

  /** Whether the caller wants every turn to begin with a thought. */
  static boolean asked(Chat chat) {
    return chat.prompt()
        .thinking()
        .map(Thinking::mode)
        .filter(Thinking.Mode.ON::equals)
        .isPresent();
  }

  static long budget(String effort) {
    return BUDGETS.getOrDefault(effort, USUAL_BUDGET);
  }

  /** How hard a model thinks that may think so long: the steps of LiteLLM, as for OpenAI. */
  static String effort(long budget) {
    if (budget >= 10_000) {
      return "high";
    }
    return budget >= 5_000 ? "medium" : "low";
  }

  /** Changes the members of a caller's own bytes where its target refuses them. */
  static void patch(
      Body body, Traits traits, Map<String, Optional<byte[]>> changes, Adaptation adaptation) {
    if (traits.cannot().isEmpty() || !(body.has("thinking") || body.has("output_config"))) {
      return;
    }
    ObjectNode both = Json.object();
    for (String name : new String[] {"thinking", "output_config", "max_tokens"}) {
      body.value(name).ifPresent(value -> both.set(name, value.deepCopy()));
    }
    ObjectNode before = both.deepCopy();
    fit(both, traits, adaptation);
    for (String name : new String[] {"thinking", "output_config", "max_tokens"}) {
      JsonNode now = both.get(name);
      if (now == null ? before.has(name) : !now.equals(before.get(name))) {
        changes.put(name, Optional.ofNullable(now).map(Json::bytes));
      }
    }
  }

  /** Changes a whole body. */
  static void fit(ObjectNode body, Traits traits, Adaptation adaptation) {
    if (traits.cannot().isEmpty()) {
      return;
    }
    String type = body.path("thinking").path("type").asString("");
    if (!type.isEmpty() && !type.equals("disabled") && traits.cannot(Ability.THINKING)) {
      body.remove("thinking");
      adaptation.drop("thinking");
    } else if (type.equals("enabled") && traits.cannot(Ability.BUDGET_THINKING)) {
      adapt(body, adaptation);
    } else if (type.equals("adaptive") && traits.cannot(Ability.ADAPTIVE_THINKING)) {
      enable(body, adaptation);
    } else if (type.equals("disabled") && traits.can(Ability.ALWAYS_THINKS)) {
      body.remove("thinking");
      adaptation.drop("thinking");
    }
    if (body.get("output_config") instanceof ObjectNode config) {
      effort(config, traits, adaptation);
      if (config.isEmpty()) {
        body.remove("output_config");
      }
    }
  }

  private static void adapt(ObjectNode body, Adaptation adaptation) {
    ObjectNode thinking = (ObjectNode) body.get("thinking");
    long budget = thinking.path("budget_tokens").asLong(USUAL_BUDGET);
    thinking.put("type", "adaptive").remove("budget_tokens");
    if (!body.path("output_config").has("effort")) {
      body.withObject("/output_config").put("effort", effort(budget));
    }
    adaptation.change("thinking", "adaptive");
  }

  /** The limit must have room for the thoughts, which count in it. */
  private static void enable(ObjectNode body, Adaptation adaptation) {
    ObjectNode thinking = (ObjectNode) body.get("thinking");
    long budget = budget(body.path("output_config").path("effort").asString(""));
    long limit = body.path("max_tokens").asLong(0);
    thinking.put("type", "enabled").put("budget_tokens", budget);
    adaptation.change("thinking", "enabled");
    if (limit <= budget) {
      body.put("max_tokens", limit + budget);
      adaptation.change("max_tokens", Long.toString(limit + budget));
    }
  }

  private static void effort(ObjectNode config, Traits traits, Adaptation adaptation) {
    String effort = config.path("effort").asString("");
    if (effort.isEmpty()) {
      return;
    }
    if (traits.cannot(Ability.EFFORT)) {
      config.remove("effort");
      adaptation.drop("output_config.effort");
    } else if (Efforts.refused(traits, effort)) {
      String nearest = Efforts.nearest(traits, effort);
      config.put("effort", nearest);
      adaptation.change("output_config.effort", nearest);
    }
  }
}
