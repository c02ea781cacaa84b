package bench;

/** Time that passes. */
final class Clock {
  private Clock() {}

  static void rest(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("The bench was interrupted.", stopped);
    }
  }
}
