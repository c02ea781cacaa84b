package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Chat;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Target;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Traits;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a conversation of the common model as a Responses request. A caller of another dialect
 * sends its whole conversation each time, so nothing is to be kept at the provider.
 */
final class ResponsesRequestWriter {
  /** The API refuses fewer. */
  private static final int LEAST_TOKENS = 16;

  private final Chat chat;
  private final Prompt prompt;
  private final Target target;
  private final Adaptation adaptation;
  private final boolean own;
  private final ObjectNode body = Json.object();

  ResponsesRequestWriter(Chat chat, Target target, Adaptation adaptation) {
    this.chat = chat;
    this.prompt = chat.prompt();
    this.target = target;
    this.adaptation = adaptation;
    this.own = Responses.speaks(chat);
  }

  ObjectNode write() {
    body.put("model", Paths.model(target));
    var said = new ResponsesItemWriter(own, adaptation).add(prompt.turns());
    said.instructions().ifPresent(text -> body.put("instructions", text));
    body.set("input", own ? said.items() : new ResponsesPairs(adaptation).mended(said.items()));
    tools();
    prompt.toolChoice().ifPresent(this::toolChoice);
    prompt.thinking().ifPresent(this::thinking);
    prompt.format().ifPresent(this::format);
    prompt.settings().forEach(this::setting);
    kept();
    Fit.putBack(prompt.extra(), ResponsesWords.NAME, body, "", adaptation);
    Fit.written(body, prompt.extra().fields()::has, Capabilities.quirks(target), adaptation);
    if (chat.stream()) {
      body.put("stream", true);
    }
    return body;
  }

  /** What the provider shall keep, and what it shall hand out instead. */
  private void kept() {
    boolean thinks =
        prompt.thinking().filter(asked -> asked.mode() != Thinking.Mode.OFF).isPresent()
            || target.traits().can(Traits.Ability.THINKING);
    if (thinks) {
      body.putArray("include").add("reasoning.encrypted_content");
    }
    if (!own) {
      body.put("store", false);
    }
  }

  private void tools() {
    ArrayNode tools = Fit.tools(prompt, ResponsesWords.NAME, this::function, adaptation);
    if (!tools.isEmpty()) {
      body.set("tools", tools);
    }
  }

  private ObjectNode function(Tool.Function tool, String place) {
    boolean free = isCustom(tool);
    String name = name(tool.name());
    if (!name.equals(tool.name())) {
      adaptation.rename(place + ".name", name);
    }
    ObjectNode node = Json.object().put("type", free ? "custom" : "function").put("name", name);
    if (!tool.description().isEmpty()) {
      node.put("description", tool.description());
    }
    if (free) {
      return node.setAll(tool.extra().fields());
    }
    node.set("parameters", tool.schema());
    // Left out it would mean true here, and false in every other dialect.
    tool.strict()
        .or(() -> own ? tool.strict() : Optional.of(false))
        .ifPresent(strict -> node.put("strict", strict));
    OpenAiTurnWriter.cache(tool.cache(), node, false, adaptation);
    Fit.putBack(tool.extra(), ResponsesWords.NAME, node, place + ".", adaptation);
    return node;
  }

  /** Whether the tool takes free text. */
  static boolean isCustom(Tool tool) {
    return tool instanceof Tool.Function function
        && function.extra().dialect().equals(ResponsesWords.CUSTOM);
  }

  private String name(String name) {
    return own ? name : ToolNames.OPENAI.out(name);
  }

  private void toolChoice(ToolChoice choice) {
    switch (choice.mode()) {
      case AUTO -> body.put("tool_choice", "auto");
      case ANY -> body.put("tool_choice", "required");
      case NONE -> body.put("tool_choice", "none");
      case NAMED -> {
        boolean free =
            prompt.tools().stream()
                .anyMatch(tool ->
                    isCustom(tool)
                        && tool instanceof Tool.Function function
                        && function.name().equals(choice.name()));
        body.putObject("tool_choice")
            .put("type", free ? "custom" : "function")
            .put("name", name(choice.name()));
      }
    }
  }

  private void thinking(Thinking thinking) {
    String effort =
        own ? thinking.effort() : OpenAiRequestWriter.effort(thinking, target.traits(), adaptation);
    boolean shown = thinking.shown() && (own || !effort.isEmpty());
    if (effort.isEmpty() && !shown) {
      return;
    }
    ObjectNode reasoning = body.putObject("reasoning");
    if (!effort.isEmpty()) {
      reasoning.put("effort", effort);
    }
    if (shown) {
      reasoning.put("summary", "auto");
    }
  }

  private void format(Format format) {
    ObjectNode node = body.withObject("/text").putObject("format");
    switch (format) {
      case Format.JsonObject any -> node.put("type", "json_object");
      case Format.JsonSchema wanted -> {
        node.put("type", "json_schema")
            .put("name", wanted.name().isEmpty() ? "answer" : wanted.name());
        if (!wanted.description().isEmpty()) {
          node.put("description", wanted.description());
        }
        node.set("schema", wanted.schema());
        // As with tools, what other dialects leave out is true here.
        wanted
            .strict()
            .or(() -> own ? wanted.strict() : Optional.of(false))
            .ifPresent(strict -> node.put("strict", strict));
      }
    }
  }

  private void setting(Setting setting, JsonNode value) {
    switch (setting) {
      case VERBOSITY -> body.withObject("/text").set("verbosity", value);
      case USER ->
          body.set("safety_identifier", own ? value : OpenAiRequestWriter.user(value, adaptation));
      case MAX_TOKENS -> {
        boolean few = !own && value.asLong() < LEAST_TOKENS;
        if (few) {
          adaptation.change(setting.word(), Integer.toString(LEAST_TOKENS));
        }
        body.set("max_output_tokens", few ? body.numberNode(LEAST_TOKENS) : value);
      }
      case SERVICE_TIER -> {
        if (own || OpenAiRequestWriter.isTier(value)) {
          body.set("service_tier", value);
        } else {
          adaptation.drop(setting.word());
        }
      }
      case PARALLEL_TOOLS -> {
        if (own || !prompt.tools().isEmpty()) {
          body.set("parallel_tool_calls", value);
        }
      }
      case TEMPERATURE, TOP_P, METADATA, PROMPT_CACHE_KEY -> body.set(setting.word(), value);
      case N -> {
        if (value.asInt() != 1) {
          adaptation.drop(setting.word());
        }
      }
      case TOP_K,
          STOP,
          SEED,
          PRESENCE_PENALTY,
          FREQUENCY_PENALTY,
          LOGIT_BIAS,
          LOGPROBS,
          TOP_LOGPROBS,
          MODALITIES ->
          adaptation.drop(setting.word());
    }
  }
}
