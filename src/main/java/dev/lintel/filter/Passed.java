package dev.lintel.filter;

import dev.lintel.AwsEvent;
import dev.lintel.Call;
import dev.lintel.Chunk;
import dev.lintel.Part;
import dev.lintel.Relay;
import dev.lintel.Sink;
import dev.lintel.Usage;
import java.util.Locale;
import java.util.Set;

/**
 * Hears a reply that is passed through, for what a model is supposed to have used where the
 * provider does not tell it: the request by its length, the reply by the length of what it says,
 * four bytes a token.
 */
final class Passed implements Sink {
  private static final Set<String> SAFE = Set.of("GET", "HEAD", "DELETE", "OPTIONS");

  private final Call call;
  private final Relay relay;
  private final Sink sink;
  private final Said said = new Said();
  private final boolean safe;
  private boolean begun;
  private boolean paid;

  Passed(Call call, Relay relay, Sink sink) {
    this.call = call;
    this.relay = relay;
    this.sink = sink;
    this.safe = SAFE.contains(relay.method());
  }

  @Override
  public void emit(Chunk chunk) {
    for (Part part : chunk.parts()) {
      if (part instanceof Usage usage) {
        paid |= usage.source() != Usage.Source.NONE;
      } else if (part instanceof Part.Data data) {
        begun = true;
        if (!safe && reads(data.type().toLowerCase(Locale.ROOT))) {
          said.hear(data.bytes());
        }
      }
    }
    sink.emit(chunk);
  }

  @Override
  public void flush() {
    sink.flush();
  }

  private static boolean reads(String type) {
    return type.contains("json") || type.startsWith("text/") || type.startsWith(AwsEvent.STREAM);
  }

  /** Whether a model was asked, and nobody has counted what it used. */
  boolean unpaid() {
    return begun && !paid && call.trail().status() < 400 && asks();
  }

  /** Whether it says which model it asks, or whatever goes there has a price. */
  private boolean asks() {
    if (safe || counts(relay.path())) {
      return false;
    }
    return RawModel.of(relay).isPresent()
        || (isJson() && call.resolved().targets().getFirst().price().known());
  }

  private boolean isJson() {
    return relay.headers().get("content-type").orElse("").toLowerCase(Locale.ROOT).contains("json");
  }

  /** To have tokens counted is free at all vendors. */
  private static boolean counts(String path) {
    int question = path.indexOf('?');
    String plain = question < 0 ? path : path.substring(0, question);
    return plain.endsWith(":countTokens")
        || plain.endsWith("/count_tokens")
        || plain.endsWith("/input_tokens");
  }

  Usage estimate() {
    long context = call.resolved().targets().getFirst().traits().context();
    long length =
        relay.content() instanceof Relay.Content.Opaque opaque ? opaque.body().length() : 0;
    long input = 1 + Math.max(0, length) / 4;
    // Pictures among the words have fewer tokens than bytes.
    return Usage.of(
        context > 0 ? Math.min(context, input) : input,
        (said.bytes() + 3) / 4,
        Usage.Source.ESTIMATE);
  }
}
