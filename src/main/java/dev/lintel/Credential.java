package dev.lintel;

/**
 * A provider's key.
 *
 * @param id names it without giving it away
 * @param secret empty where the provider wants none
 */
public record Credential(String id, String secret) {
  public static final Credential NONE = new Credential("none", "");

  @Override
  public String toString() {
    return "Credential[" + id + "]";
  }
}
