package dev.lintel;

/**
 * Whether the model may, must or must not call a tool.
 *
 * @param name the tool that must be called where the mode is {@code NAMED}, else empty
 */
public record ToolChoice(Mode mode, String name) {
  public enum Mode {
    AUTO,
    ANY,
    NONE,
    NAMED
  }
}
