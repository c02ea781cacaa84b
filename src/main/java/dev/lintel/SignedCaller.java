package dev.lintel;

/**
 * A caller who signs its requests instead of sending a key.
 *
 * @param secret what it signs with
 */
public record SignedCaller(String secret, Caller caller) {
  @Override
  public String toString() {
    return "SignedCaller[" + caller + "]";
  }
}
