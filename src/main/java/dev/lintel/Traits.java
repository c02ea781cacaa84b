package dev.lintel;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is known of a model at a provider: rows of the catalogue. Where nothing is known nothing is
 * claimed, and the request goes out as it was asked.
 *
 * @param dialects the only dialects in which this model is served; empty where all of the
 *     provider's are
 * @param context tokens of prompt and answer together; 0 where nobody knows
 * @param maxOutput the most tokens of an answer; 0 where nobody knows
 * @param can what it can do
 * @param cannot what it refuses
 * @param cacheMinimum the fewest tokens of a prompt that the provider caches; 0 where nobody knows
 */
public record Traits(
    Set<String> dialects,
    long context,
    long maxOutput,
    Set<Ability> can,
    Set<Ability> cannot,
    long cacheMinimum) {
  public static final Traits UNKNOWN = new Traits(Set.of(), 0, 0, Set.of(), Set.of(), 0);

  /** Something that a model may be able to do; in neither set where nobody knows. */
  public enum Ability {
    /** Takes {@code temperature}, {@code top_p} and {@code top_k}. */
    SAMPLING,
    TOOLS,
    TOOL_CHOICE,
    /** May be made to call a tool, while it thinks too. */
    FORCED_TOOL,
    PARALLEL_TOOLS,
    IMAGE_INPUT,
    DOCUMENT_INPUT,
    AUDIO_INPUT,
    VIDEO_INPUT,
    AUDIO_OUTPUT,
    IMAGE_OUTPUT,
    THINKING,
    /** Thinks as much as it finds right: Anthropic's {@code thinking.type: adaptive}. */
    ADAPTIVE_THINKING,
    /** Takes a number of tokens to think: Anthropic's {@code thinking.type: enabled}. */
    BUDGET_THINKING,
    /** Cannot be kept from thinking. */
    ALWAYS_THINKS,
    /** Takes a word for how hard to think: Anthropic's {@code output_config.effort}. */
    EFFORT,
    EFFORT_NONE,
    EFFORT_MINIMAL,
    EFFORT_LOW,
    EFFORT_MEDIUM,
    EFFORT_HIGH,
    EFFORT_XHIGH,
    EFFORT_MAX,
    /** Takes {@code max_tokens}; else {@code max_completion_tokens} alone. */
    MAX_TOKENS,
    JSON_SCHEMA,
    /** Takes a schema as such; else a tool must be forced that has it. */
    NATIVE_SCHEMA,
    PROMPT_CACHE,
    /** The last turn may be the assistant's, for it to go on. */
    PREFILL,
    SYSTEM,
    /** Takes instructions in the middle of a conversation. */
    SYSTEM_ANYWHERE,
    WEB_SEARCH,
    COMPUTER_USE,
    STREAM;

    private static final Map<String, Ability> BY_WORD =
        Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Ability::word, a -> a));

    /** As it stands in the catalogue and in lists of models. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Empty where no ability has that word. */
    public static Optional<Ability> of(String word) {
      return Optional.ofNullable(BY_WORD.get(word));
    }
  }

  public boolean can(Ability ability) {
    return can.contains(ability);
  }

  public boolean cannot(Ability ability) {
    return cannot.contains(ability);
  }

  /**
   * Whether the model is served in that dialect, as far as is known. What is named {@code
   * dialect/part} is served where the dialect is.
   */
  public boolean speaks(String dialect) {
    int part = dialect.indexOf('/');
    return dialects.isEmpty() || dialects.contains(part < 0 ? dialect : dialect.substring(0, part));
  }
}
