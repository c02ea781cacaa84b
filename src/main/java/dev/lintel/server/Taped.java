package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Forwarded;
import dev.lintel.Keeper;
import dev.lintel.Replay;
import dev.lintel.Trail;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An exchange whose answer is handed to the call's keeper once it is complete, just before its end
 * goes out: who has seen the end may ask again at once.
 */
final class Taped extends Forwarded {
  private static final Logger LOG = LoggerFactory.getLogger(Taped.class);

  /** What a caller would miss if the answer came without. */
  private static final Set<String> HEADERS = Set.of("x-lintel-target", "x-lintel-adapted");

  private final Trail trail;
  private final List<byte[]> pieces = new ArrayList<>();
  private long length;
  private int status;
  private String contentType = "";
  private Map<String, String> headers = Map.of();
  private boolean settled;

  Taped(Exchange exchange, Trail trail) {
    super(exchange);
    this.trail = trail;
  }

  @Override
  public void answer(Answer answer, Map<String, String> headers) {
    answer(answer, answer, headers);
  }

  @Override
  public void answer(Answer answer, Answer again, Map<String, String> headers) {
    keep(again.status(), again.contentType(), headers, again.body(), false);
    exchange.answer(answer, headers);
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> headers) {
    this.status = status;
    this.contentType = contentType;
    this.headers = headers;
    exchange.begin(status, contentType, headers);
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    length += bytes.length;
    if (length <= largest()) {
      pieces.add(bytes);
    } else {
      pieces.clear();
    }
    exchange.write(bytes, deadline);
  }

  @Override
  public void end() {
    if (length <= largest()) {
      var all = new Bytes((int) length);
      pieces.forEach(all::add);
      keep(status, contentType, headers, all.take(), true);
    }
    exchange.end();
  }

  @Override
  public void abort() {
    settle();
    exchange.abort();
  }

  /** However the exchange ended: a keeper that got nothing is told so. */
  void settle() {
    if (!settled) {
      settled = true;
      trail.keeper().ifPresent(Keeper::drop);
    }
  }

  private long largest() {
    return trail.keeper().map(Keeper::largest).orElse(0L);
  }

  private void keep(
      int status, String contentType, Map<String, String> all, byte[] body, boolean stream) {
    Keeper keeper = trail.keeper().orElse(null);
    if (settled || keeper == null || status >= 300 || body.length > keeper.largest()) {
      settle();
      return;
    }
    var told = new HashMap<>(all);
    told.keySet().retainAll(HEADERS);
    try {
      keeper.keep(new Replay(status, contentType, told, body, stream, trail.id()));
      settled = true;
    } catch (Failure failed) {
      settle();
      if (failed.kind() == Failure.Kind.CANCELLED) {
        throw failed;
      }
      // The answer is there and paid for: it goes out all the same.
      LOG.warn("the reply of {} is not kept: {}", trail.id(), failed.message());
    }
  }
}
