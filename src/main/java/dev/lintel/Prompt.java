package dev.lintel;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What a chat model is asked, in no vendor's words.
 *
 * @param turns in their order; system turns stand where the caller put them
 * @param extra top-level fields that the common model has no word for
 */
public record Prompt(
    List<Turn> turns,
    List<Tool> tools,
    Optional<ToolChoice> toolChoice,
    Optional<Thinking> thinking,
    Optional<Format> format,
    Map<Setting, JsonNode> settings,
    Extra extra) {

  public Prompt {
    turns = List.copyOf(turns);
    tools = List.copyOf(tools);
    var copy = new EnumMap<Setting, JsonNode>(Setting.class);
    copy.putAll(settings);
    settings = Collections.unmodifiableMap(copy);
  }

  public Optional<JsonNode> setting(Setting setting) {
    return Optional.ofNullable(settings.get(setting));
  }

  /** The same with that setting. */
  public Prompt with(Setting setting, JsonNode value) {
    var changed = new EnumMap<Setting, JsonNode>(Setting.class);
    changed.putAll(settings);
    changed.put(setting, value);
    return new Prompt(turns, tools, toolChoice, thinking, format, changed, extra);
  }

  /** The same with other turns. */
  public Prompt turns(List<Turn> others) {
    return new Prompt(others, tools, toolChoice, thinking, format, settings, extra);
  }
}
