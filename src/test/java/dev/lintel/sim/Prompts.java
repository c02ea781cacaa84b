package dev.lintel.sim;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Endpoint;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Soon;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Turn;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Prompts for tests, and sims that are asked them. */
final class Prompts {
  private Prompts() {}

  static Prompt user(String text) {
    return new Prompt(
        List.of(new Turn(Turn.Role.USER, List.of(new Block.Text(text)))),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Extra.NONE);
  }

  static Prompt with(Prompt prompt, Setting setting, String json) {
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    settings.putAll(prompt.settings());
    settings.put(setting, Json.parse(json));
    return new Prompt(
        prompt.turns(),
        prompt.tools(),
        prompt.toolChoice(),
        prompt.thinking(),
        prompt.format(),
        settings,
        prompt.extra());
  }

  static Prompt with(Prompt prompt, ToolChoice choice, Tool... tools) {
    return new Prompt(
        prompt.turns(),
        List.of(tools),
        Optional.of(choice),
        prompt.thinking(),
        prompt.format(),
        prompt.settings(),
        prompt.extra());
  }

  static Prompt thinking(Prompt prompt) {
    return new Prompt(
        prompt.turns(),
        prompt.tools(),
        prompt.toolChoice(),
        Optional.of(new Thinking(Thinking.Mode.ON, 2048, "", true)),
        prompt.format(),
        prompt.settings(),
        prompt.extra());
  }

  static Prompt with(Prompt prompt, Format format) {
    return new Prompt(
        prompt.turns(),
        prompt.tools(),
        prompt.toolChoice(),
        prompt.thinking(),
        Optional.of(format),
        prompt.settings(),
        prompt.extra());
  }

  static Tool.Function tool(String name, String schema) {
    return new Tool.Function(
        name, "", (ObjectNode) Json.parse(schema), Optional.empty(), Block.Cache.NONE, Extra.NONE);
  }

  static Chat chat(Prompt prompt) {
    var dialect = new FakeDialect("openai", prompt);
    var inbound = new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(new byte[] {'{', '}'}));
    return Chat.read(dialect, "small", true, true, inbound, in -> prompt);
  }

  static Sim sim(String dialect, Prompt prompt) {
    return new Sim(List.of(new FakeDialect(dialect, prompt)), SimOptions.USUAL);
  }

  static Endpoint post(Sim sim, String path) {
    return endpoint(sim, "POST", path);
  }

  static Endpoint endpoint(Sim sim, String method, String path) {
    return sim.routes().stream()
        .filter(route -> route.method().equals(method) && route.path().equals(path))
        .findFirst()
        .orElseThrow()
        .endpoint();
  }

  static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }
}
