package dev.lintel.main;

import dev.lintel.main.RawProvider.Request;
import dev.lintel.main.RawProvider.Visit;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A provider that is well until it is told otherwise, and knows what it was asked: each call has a
 * word of its own in what it says.
 */
final class UnwellProvider implements AutoCloseable {
  static final String FIRST_KEY = "key-one";
  static final String KEYS = "keys: [ " + FIRST_KEY + ", key-two ]";

  private static final Pattern NONCE = Pattern.compile("nonce-[0-9]{1,9}");

  /** A request, how it was answered, and when it came. */
  record Asked(String nonce, Outage outage, long nanos) {}

  private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
  private final Speech speech;
  private final RawProvider provider;
  private volatile Supplier<Outage> weather = () -> Outage.NONE;

  UnwellProvider(Speech speech) throws IOException {
    this.speech = speech;
    this.provider = new RawProvider(this::serve);
  }

  /** A provider of the configuration. */
  String yaml(String name, String more) {
    return "  %s: { kind: %s, url: 'http://127.0.0.1:%d%s', %s }\n"
        .formatted(
            name,
            speech == Speech.OPENAI ? "openai" : "anthropic",
            provider.port(),
            speech == Speech.OPENAI ? "/v1" : "",
            more);
  }

  /** From now on each request meets one of those that this gives. */
  void fails(Supplier<Outage> each) throws IOException {
    recovers();
    weather = each;
  }

  /** From now on every request meets that one. */
  void fails(Outage outage) throws IOException {
    recovers();
    weather = () -> outage;
    if (outage == Outage.REFUSED) {
      provider.refuse();
    }
  }

  void recovers() throws IOException {
    weather = () -> Outage.NONE;
    provider.listen();
  }

  List<Asked> asked() {
    return List.copyOf(asked);
  }

  private void serve(Visit visit) throws Exception {
    boolean goesOn = true;
    while (goesOn) {
      Request request = visit.request().orElse(null);
      if (request == null) {
        return;
      }
      Outage outage = weather.get();
      Matcher nonce = NONCE.matcher(request.body());
      String word = nonce.find() ? nonce.group() : "";
      asked.add(new Asked(word, outage, System.nanoTime()));
      goesOn = outage.answer(visit, speech, request, word);
    }
  }

  @Override
  public void close() throws IOException {
    provider.close();
  }
}
