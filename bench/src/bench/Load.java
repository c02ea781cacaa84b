package bench;

/**
 * What to send.
 *
 * @param events content events in a stream; 0 asks for whole replies
 * @param anthropic in Anthropic's messages instead of OpenAI's chat
 */
record Load(
    int port,
    int connections,
    int calls,
    String model,
    int events,
    int bodySize,
    boolean anthropic) {
  static Load calls(int port, int connections, int calls, int bodySize) {
    return new Load(port, connections, calls, model(1, 0), 0, bodySize, false);
  }

  static Load streams(int port, int connections, int calls, int events, int interval) {
    return new Load(port, connections, calls, model(events, interval), events, 2048, false);
  }

  /** The same, for a gateway to translate: the mock speaks OpenAI's chat alone. */
  Load translated() {
    return new Load(port, connections, calls, model, events, bodySize, true);
  }

  /** The name that makes the mock send so many events so many milliseconds apart. */
  static String model(int events, int interval) {
    return "m-" + events + "x" + interval;
  }
}
