package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Trail;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that is never held as a whole: small pieces are gathered to larger ones, and who reads
 * slowly is waited for. What cannot be ended is broken off, so that it is not taken for complete.
 */
final class Pieces implements Consumer<byte[]> {
  private static final Logger LOG = LoggerFactory.getLogger(Pieces.class);
  static final String LINES = "application/x-ndjson";
  private static final int PIECE = 1 << 15;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Writes the answer to one request. */
  @FunctionalInterface
  interface Writing {
    /** What fails before the first piece is sent is told with a status of its own. */
    void write(Exchange exchange, Pieces out);
  }

  private final Exchange exchange;
  private final Map<String, String> headers;
  private final ByteArrayOutputStream some = new ByteArrayOutputStream(PIECE);
  private String type = LINES;
  private boolean begun;

  private Pieces(Exchange exchange, Map<String, String> headers) {
    this.exchange = exchange;
    this.headers = headers;
  }

  /**
   * @param envelope in which failures are told
   */
  static Endpoint answer(Dialect envelope, Writing writing) {
    return new Endpoint() {
      @Override
      public void serve(Exchange exchange) {
        var trail = Trail.begin(exchange.arrived());
        Map<String, String> headers = Map.of("x-lintel-request-id", trail.id());
        var pieces = new Pieces(exchange, headers);
        boolean ended = false;
        try {
          writing.write(exchange, pieces);
          pieces.flush();
          exchange.end();
          ended = true;
        } catch (Failure failure) {
          if (!pieces.begun) {
            ended = true;
            exchange.answer(refuse(failure, trail), headers);
          } else {
            LOG.info("{} is broken off: {}", exchange.path(), failure.getMessage());
          }
        } finally {
          if (!ended && pieces.begun) {
            exchange.abort();
          }
        }
      }

      @Override
      public Answer refuse(Failure failure, Trail trail) {
        return envelope.error(failure, trail);
      }
    };
  }

  /** Before the first piece; lines of JSON where nobody says. */
  void type(String contentType) {
    type = contentType;
  }

  /** Whether some of it is on its way, so that it has a status. */
  boolean begun() {
    return begun;
  }

  @Override
  public void accept(byte[] piece) {
    some.writeBytes(piece);
    if (some.size() >= PIECE) {
      flush();
    }
  }

  private void flush() {
    if (!begun) {
      begun = true;
      exchange.begin(200, type, headers);
    }
    exchange.write(some.toByteArray(), CallThread.nanoTime() + PATIENCE.toNanos());
    some.reset();
  }
}
