package dev.lintel;

/**
 * Counts tokens where no provider does: an estimate, and good only as one. It takes its time over
 * long texts, so call it off the event loops.
 */
public interface TokenCounter {
  /**
   * Of all that a prompt asks a model to read, its tools included.
   *
   * @param model as its provider names it
   */
  long prompt(Prompt prompt, String model);

  long text(String text, String model);

  /**
   * Whether the first count for that model would begin at once. Where it would not, what it needs
   * is being made ready from now on, which may take seconds; does not wait for it.
   */
  default boolean ready(String model) {
    return true;
  }
}
