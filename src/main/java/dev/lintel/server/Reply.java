package dev.lintel.server;

import dev.lintel.Admission;
import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Finding;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Model;
import dev.lintel.Replay;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way of a call's reply to its client. A status goes out with the first chunk and not before,
 * so that until then a failure has its own; a stream that breaks later ends with its dialect's
 * error and without its terminal marker, and the connection is broken off.
 */
final class Reply implements Sink {
  /** So much is gathered before it is sent, unless the provider pauses first. */
  private static final int BATCH = 16 << 10;

  private static final int LONGEST_WARNING = 500;

  private final Exchange exchange;
  private final Dialect dialect;
  private final Trail trail;
  private final Bytes out = new Bytes(0);
  private List<Chunk> chunks = List.of();
  private @Nullable ReplyWriter writer;
  private boolean begun;

  Reply(Exchange exchange, Dialect dialect, Trail trail) {
    this.exchange = exchange;
    this.dialect = dialect;
    this.trail = trail;
  }

  @Override
  public void emit(Chunk chunk) {
    Request request = request();
    if (!request.live()) {
      if (chunks.isEmpty()) {
        chunks = new ArrayList<>(1);
      }
      chunks.add(chunk);
      return;
    }
    writer(request).event(chunk, out);
    if (out.length() > BATCH) {
      flush();
    }
  }

  @Override
  public void flush() {
    if (out.length() > 0) {
      begin();
      exchange.write(out.take(), writeDeadline());
    }
  }

  private void begin() {
    if (!begun) {
      begun = true;
      ReplyWriter known = writer(request());
      Map<String, String> headers = headers(trail);
      known.headers().forEach(headers::putIfAbsent);
      exchange.begin(known.status(), known.streamType(), headers);
    }
  }

  /** The reply is complete. */
  void finish() {
    if (trail.replay().isPresent()) {
      again(trail.replay().get());
      return;
    }
    Request request = request();
    ReplyWriter last = writer(request);
    if (request.live()) {
      last.end(out);
      flush();
      begin();
      exchange.end();
    } else {
      // Before the head, which tells what the writer had no word for.
      byte[] whole = last.whole(chunks);
      Map<String, String> headers = headers(trail);
      trail.cost().ifPresent(cost -> headers.put("x-lintel-cost-usd", cost.toPlainString()));
      var plain = new Answer(200, last.wholeType(), whole);
      exchange.answer(Explained.of(plain, trail), plain, headers);
    }
  }

  /** What another call was answered, byte for byte. */
  private void again(Replay reply) {
    Map<String, String> headers = headers(trail);
    headers.putAll(reply.headers());
    headers.put("x-lintel-replayed", "true");
    if (!reply.stream()) {
      exchange.answer(new Answer(reply.status(), reply.contentType(), reply.body()), headers);
      return;
    }
    exchange.begin(reply.status(), reply.contentType(), headers);
    for (int from = 0; from < reply.body().length; from += BATCH) {
      int to = Math.min(reply.body().length, from + BATCH);
      exchange.write(Arrays.copyOfRange(reply.body(), from, to), writeDeadline());
    }
    exchange.end();
  }

  void fail(Failure failure) {
    try {
      if (failure.kind() == Failure.Kind.CANCELLED) {
        exchange.abort();
      } else if (begun || out.length() > 0) {
        // What the client was to see has been decided, also where it is not on its way yet.
        writer(request()).error(failure, trail, out);
        flush();
        exchange.abort();
      } else {
        exchange.answer(dialect.error(failure, trail), errorHeaders(failure, trail));
      }
    } catch (Failure gone) {
      exchange.abort();
    }
  }

  private Request request() {
    return trail
        .request()
        .orElseThrow(() -> new IllegalStateException("a reply before its request was read"));
  }

  private ReplyWriter writer(Request request) {
    ReplyWriter known = writer;
    if (known == null) {
      known = request.dialect().writer(request, trail);
      writer = known;
    }
    return known;
  }

  private long writeDeadline() {
    return System.nanoTime()
        + trail.model().map(Model::timeouts).orElse(Timeouts.USUAL).write().toNanos();
  }

  private static Map<String, String> headers(Trail trail) {
    var headers = new LinkedHashMap<String, String>(8);
    headers.put("x-lintel-request-id", trail.id());
    String own = trail.terms().along().get("x-request-id");
    if (own != null) {
      headers.put("x-request-id", own);
    }
    trail.target().ifPresent(target -> headers.put("x-lintel-target", target.name()));
    if (!trail.variant().isEmpty()) {
      headers.put("x-lintel-variant", trail.variant());
    }
    headers.put("x-lintel-attempts", Integer.toString(trail.tries()));
    headers.put("x-lintel-cache", "off");
    if (trail.usage().source() == Usage.Source.ESTIMATE) {
      headers.put("x-lintel-usage-source", Usage.Source.ESTIMATE.word());
    }
    for (Admission.Figure figure : trail.admission().figures()) {
      String what = figure.measure() == Measure.REQUESTS ? "requests" : "tokens";
      headers.put("x-ratelimit-limit-" + what, Long.toString(figure.limit()));
      headers.put("x-ratelimit-remaining-" + what, Long.toString(figure.left()));
      headers.put("x-ratelimit-reset-" + what, seconds(figure.reset()));
    }
    if (!trail.adapted().isEmpty()) {
      headers.put("x-lintel-adapted", visible(String.join(", ", trail.adapted()), 2000));
    }
    if (!trail.findings().isEmpty()) {
      warn(trail.findings(), headers);
    }
    return headers;
  }

  private static void warn(List<Finding> findings, Map<String, String> headers) {
    String warnings =
        findings.stream()
            .filter(finding -> finding.mode() == Mode.WARN)
            .map(Finding::message)
            .collect(Collectors.joining(" "));
    if (!warnings.isEmpty()) {
      headers.put("x-lintel-warning", visible(warnings, LONGEST_WARNING));
    }
  }

  /** As OpenAI writes it, always in seconds: {@code 12s}, never less than it takes. */
  private static String seconds(Duration time) {
    return time.plusMillis(999).toSeconds() + "s";
  }

  /** What stands in the head of every error that a client gets. */
  static Map<String, String> errorHeaders(Failure failure, Trail trail) {
    Map<String, String> headers = headers(trail);
    failure
        .retryAfter()
        .ifPresent(wait -> {
          long millis = Math.max(0, wait.toMillis());
          headers.put("retry-after", Long.toString(Math.max(1, (millis + 999) / 1000)));
        });
    return headers;
  }

  /** A caller's own field names may hold anything; a header may not. */
  private static String visible(String text, int most) {
    var safe = new StringBuilder(text.length());
    for (int i = 0; i < Math.min(text.length(), most); i++) {
      char c = text.charAt(i);
      safe.append(c >= ' ' && c < 127 ? c : '?');
    }
    return safe.toString();
  }
}
