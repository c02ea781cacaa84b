package dev.lintel.sim;

import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Which tools are called: those that the caller names, by their name or a word of it. */
final class Choice {
  /** Shorter words, such as {@code get}, do not tell one tool from another. */
  private static final int TELLING = 4;

  /**
   * @param arguments as the caller wrote them behind the tool's name; empty where it did not
   */
  record Call(Tool.Function tool, Optional<ObjectNode> arguments) {
    Call(Tool.Function tool) {
      this(tool, Optional.empty());
    }
  }

  private Choice() {}

  /** In the order of their definition; empty where the answer is text. */
  static List<Call> of(Prompt prompt, String asked, SimOptions options) {
    var functions = new ArrayList<Tool.Function>();
    for (Tool tool : prompt.tools()) {
      if (tool instanceof Tool.Function function) {
        functions.add(function);
      }
    }
    var choice = prompt.toolChoice().orElse(new ToolChoice(ToolChoice.Mode.AUTO, ""));
    if (functions.isEmpty() || choice.mode() == ToolChoice.Mode.NONE) {
      return List.of();
    }
    int wanted = options.number(Option.CALLS).intValue();
    if (wanted > 0) {
      var calls = new ArrayList<Call>();
      for (int i = 0; i < wanted; i++) {
        calls.add(new Call(functions.get(i % functions.size())));
      }
      return calls;
    }
    List<Call> written = written(functions, asked);
    if (!written.isEmpty()) {
      return written;
    }
    Set<String> said = words(asked);
    List<Tool.Function> named =
        functions.stream().filter(function -> isNamed(function.name(), said)).toList();
    List<Tool.Function> calls =
        switch (choice.mode()) {
          case NONE -> List.of();
          case AUTO -> named;
          case ANY -> named.isEmpty() ? functions.subList(0, 1) : named;
          case NAMED ->
              functions.stream().filter(f -> f.name().equals(choice.name())).limit(1).toList();
        };
    boolean one =
        prompt.setting(Setting.PARALLEL_TOOLS).map(JsonNode::asBoolean).filter(p -> !p).isPresent();
    return (one && calls.size() > 1 ? calls.subList(0, 1) : calls).stream().map(Call::new).toList();
  }

  /** The tools behind whose name stands a JSON object. */
  private static List<Call> written(List<Tool.Function> functions, String asked) {
    var calls = new ArrayList<Call>();
    for (Tool.Function function : functions) {
      int at = asked.indexOf(function.name() + " {");
      if (at < 0) {
        continue;
      }
      String from = asked.substring(at + function.name().length() + 1);
      try (JsonParser parser = Json.MAPPER.createParser(from)) {
        JsonNode object = parser.readValueAsTree();
        calls.add(new Call(function, Optional.of((ObjectNode) object)));
      } catch (JacksonException noJson) {
        // Words in braces are no arguments.
        continue;
      }
    }
    return calls;
  }

  private static boolean isNamed(String tool, Set<String> said) {
    return said.contains(tool.toLowerCase(Locale.ROOT))
        || words(spaced(tool)).stream()
            .anyMatch(word -> word.length() >= TELLING && said.contains(word));
  }

  /** {@code getWeather} and {@code get_weather} as {@code get weather}. */
  private static String spaced(String name) {
    var text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      text.append(Character.isUpperCase(c) ? " " : "").append(c == '_' || c == '-' ? ' ' : c);
    }
    return text.toString();
  }

  private static Set<String> words(String text) {
    return new HashSet<>(
        Arrays.asList(text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}_-]+", 0)));
  }
}
