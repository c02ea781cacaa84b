package dev.lintel;

import java.util.Locale;

/**
 * What a call used, in tokens.
 *
 * @param input without what was read from or written to the provider's cache
 * @param output with {@code reasoning} in it
 */
public record Usage(
    long input,
    long cacheRead,
    long cacheWrite,
    long cacheWriteHour,
    long output,
    long reasoning,
    long audioInput,
    long audioOutput,
    Source source)
    implements Part {

  /** Where the figures come from. */
  public enum Source {
    PROVIDER,
    ESTIMATE,
    NONE;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static final Usage UNKNOWN = new Usage(0, 0, 0, 0, 0, 0, 0, 0, Source.NONE);

  /**
   * Everything that was read: fresh, from the cache and into the cache, as OpenAI counts its
   * prompt.
   */
  public long prompt() {
    return input + cacheRead + cacheWrite + cacheWriteHour;
  }

  public long total() {
    return prompt() + output;
  }
}
