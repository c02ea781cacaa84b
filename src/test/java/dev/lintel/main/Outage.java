package dev.lintel.main;

import dev.lintel.main.RawProvider.Request;
import dev.lintel.main.RawProvider.Visit;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** How an {@link UnwellProvider} fails before it has said anything; {@link #NONE}: it does not. */
enum Outage {
  NONE(200),
  /** Nobody listens: connections are refused. */
  REFUSED,
  /** The connection is taken and never answered. */
  SILENT,
  /** The connection ends before the head of an answer. */
  CLOSED,
  RESET,
  HALF_HEAD,
  /** A record of TLS, as from a port that wants a handshake. */
  NOT_HTTP,
  STATUS_500(500),
  /** A proxy's page in the place of an answer. */
  HTML_502(502),
  PLAIN_503(503),
  OVERLOADED_503(503),
  STATUS_529(529),
  LIMITED_FOR_A_SECOND(429),
  LIMITED_FOR_AN_HOUR(429),
  LIMITED(429),
  /** The first key is refused; with the other one it fails too. */
  REFUSED_KEY,
  NO_SUCH_MODEL(404),
  REDIRECT(302),
  ERROR_IN_200(200),
  ERROR_AS_FIRST_EVENT(200),
  EMPTY_200(200),
  /** An event that only opens the reply, then silence. */
  OPENED_ONLY(200),
  /** The same, then the end. */
  CUT(200),
  /** The connection breaks in the middle of the first event. */
  BROKEN_EVENT(200),
  GARBAGE(200),
  BROKEN_GZIP(200),
  /** The first content comes later than is waited for. */
  LATE(200);

  /** What an attempt has to show; 0: none, or it depends. */
  final int status;

  Outage() {
    this(0);
  }

  Outage(int status) {
    this.status = status;
  }

  /** Those after which a key rests. */
  static final Set<Outage> OF_KEYS =
      EnumSet.of(LIMITED_FOR_A_SECOND, LIMITED_FOR_AN_HOUR, LIMITED, REFUSED_KEY);

  private static final int LATE_MS = 5_000;

  /** Answers a request in that way; the connection is of no more use where this returns false. */
  boolean answer(Visit visit, Speech speech, Request request, String nonce)
      throws IOException, InterruptedException {
    boolean stream = request.body().contains("\"stream\":true");
    switch (this) {
      case NONE -> speech.answer(visit, nonce, stream);
      case REFUSED, CLOSED -> {
        return false;
      }
      case RESET -> {
        visit.reset();
        return false;
      }
      case SILENT -> visit.hold();
      case HALF_HEAD -> {
        visit.write("HTTP/1.1 200 OK\r\nContent-Type: applica");
        return false;
      }
      case NOT_HTTP -> {
        visit.write(new byte[] {0x15, 3, 1, 0, 2, 2, 0x28});
        return false;
      }
      case STATUS_500 -> visit.answer("500 Oops", "", speech.error("It broke.", "api_error"));
      case HTML_502 ->
          visit.write(
              "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + Speech.chunk("<html><h1>502</h1></html>")
                  + Speech.END);
      case PLAIN_503 -> visit.answer("503 Later", "", speech.error("Not now.", "api_error"));
      case OVERLOADED_503 ->
          visit.answer("503 Later", "", speech.error("Busy.", "overloaded_error"));
      case STATUS_529 -> visit.answer("529 Busy", "", speech.error("Busy.", "overloaded_error"));
      case LIMITED_FOR_A_SECOND ->
          visit.answer("429 Slow", "Retry-After: 1\r\n", speech.error("Too many.", "rate_limit"));
      case LIMITED_FOR_AN_HOUR ->
          visit.answer(
              "429 Slow", "Retry-After: 3600\r\n", speech.error("Too many.", "rate_limit"));
      case LIMITED -> visit.answer("429 Slow", "", speech.error("Too many.", "rate_limit"));
      case REFUSED_KEY -> {
        if (request.head().contains(UnwellProvider.FIRST_KEY)) {
          visit.answer("401 No", "", speech.error("Who is it?", "authentication_error"));
        } else {
          visit.answer("500 Oops", "", speech.error("It broke.", "api_error"));
        }
      }
      case NO_SUCH_MODEL ->
          visit.answer("404 No", "", speech.error("No model.", "not_found_error"));
      case REDIRECT -> visit.answer("302 There", "Location: http://127.0.0.1:1/\r\n", "");
      case ERROR_IN_200 -> visit.answer("200 OK", "", speech.error("It broke.", "api_error"));
      case ERROR_AS_FIRST_EVENT -> {
        if (stream) {
          Speech.begin(visit);
          visit.write(Speech.chunk(speech.failing("It broke.", "api_error")) + Speech.END);
        } else {
          visit.answer("200 OK", "", speech.error("It broke.", "api_error"));
        }
      }
      case EMPTY_200 -> visit.answer("200 OK", "", "");
      case OPENED_ONLY -> {
        Speech.begin(visit);
        visit.write(Speech.chunk(stream ? speech.opening() : "{"));
        visit.hold();
      }
      case CUT -> {
        Speech.begin(visit);
        visit.write(Speech.chunk(stream ? speech.opening() : "{") + Speech.END);
      }
      case BROKEN_EVENT -> {
        Speech.begin(visit);
        visit.write(Speech.chunk(speech.whole(nonce).substring(0, 40)));
        return false;
      }
      case GARBAGE -> visit.answer("200 OK", "", "{\"choices\":[{\"mess");
      case BROKEN_GZIP -> visit.answer("200 OK", "Content-Encoding: gzip\r\n", "no gzip at all");
      case LATE -> {
        Thread.currentThread().join(LATE_MS);
        speech.answer(visit, nonce, stream);
      }
    }
    return true;
  }
}
