package dev.lintel;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/**
 * What a call used: the one record that prices, budgets and reports are made from.
 *
 * @param input tokens, without what was read from or written to the provider's cache; those of
 *     sounds and images are in it
 * @param output tokens, with those of thinking, sounds and images in it
 * @param units what is counted otherwise than in tokens
 * @param tier the provider's service tier that answered, such as {@code flex}; empty for the usual
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
    long imageInput,
    long imageOutput,
    Map<Unit, BigDecimal> units,
    String tier,
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

  /** Something that is paid by the piece. */
  public enum Unit {
    IMAGE,
    /** Of sound or film. */
    SECOND,
    CHARACTER,
    PAGE,
    /** A search of the web, or a reranked query. */
    SEARCH;

    /** As in the configuration's {@code units}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static final Usage UNKNOWN = new Usage(0, 0, 0, 0, 0, 0, 0, 0, Source.NONE);

  /** A provider may lie, but not so that a call is paid for being made. */
  public Usage {
    input = Math.max(0, input);
    cacheRead = Math.max(0, cacheRead);
    cacheWrite = Math.max(0, cacheWrite);
    cacheWriteHour = Math.max(0, cacheWriteHour);
    output = Math.max(0, output);
    reasoning = Math.max(0, reasoning);
    audioInput = Math.max(0, audioInput);
    audioOutput = Math.max(0, audioOutput);
    imageInput = Math.max(0, imageInput);
    imageOutput = Math.max(0, imageOutput);
    if (!units.isEmpty()) {
      units = Collections.unmodifiableMap(new EnumMap<>(units));
    }
  }

  /** Of text, thoughts and sounds alone. */
  public Usage(
      long input,
      long cacheRead,
      long cacheWrite,
      long cacheWriteHour,
      long output,
      long reasoning,
      long audioInput,
      long audioOutput,
      Source source) {
    this(
        input,
        cacheRead,
        cacheWrite,
        cacheWriteHour,
        output,
        reasoning,
        audioInput,
        audioOutput,
        0,
        0,
        Map.of(),
        "",
        source);
  }

  /** Plain tokens. */
  public static Usage of(long input, long output, Source source) {
    return new Usage(input, 0, 0, 0, output, 0, 0, 0, source);
  }

  /** The same with the tokens of images, which must be in {@code input} and {@code output}. */
  public Usage images(long in, long out) {
    return with(in, out, units, tier);
  }

  public Usage units(Map<Unit, BigDecimal> counted) {
    return with(imageInput, imageOutput, counted, tier);
  }

  public Usage tier(String word) {
    return with(imageInput, imageOutput, units, word);
  }

  private Usage with(long imagesIn, long imagesOut, Map<Unit, BigDecimal> counted, String paidAs) {
    return new Usage(
        input,
        cacheRead,
        cacheWrite,
        cacheWriteHour,
        output,
        reasoning,
        audioInput,
        audioOutput,
        imagesIn,
        imagesOut,
        counted,
        paidAs,
        source);
  }

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

  /** Tokens and where the figures come from, in the words of records. */
  public void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeNumberProperty("input", input);
    json.writeNumberProperty("output", output);
    json.writeNumberProperty("cache_read", cacheRead);
    json.writeNumberProperty("cache_write", cacheWrite);
    json.writeNumberProperty("cache_write_1h", cacheWriteHour);
    json.writeNumberProperty("reasoning", reasoning);
    json.writeStringProperty("source", source.word());
    json.writeEndObject();
  }
}
