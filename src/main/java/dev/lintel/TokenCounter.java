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
}
