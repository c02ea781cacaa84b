package dev.lintel;

/**
 * How much a model shall think before it answers.
 *
 * @param budget tokens it may think; 0 where nobody said
 * @param effort {@code none}, {@code minimal}, {@code low}, {@code medium}, {@code high}, {@code
 *     xhigh} or {@code max}; empty where nobody said
 * @param shown whether the caller asked to see the thoughts
 */
public record Thinking(Mode mode, int budget, String effort, boolean shown) {
  public enum Mode {
    OFF,
    ON,
    /** The model decides by itself. */
    ADAPTIVE
  }
}
