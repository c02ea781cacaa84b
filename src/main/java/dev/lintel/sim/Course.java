package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The steps of an answer, with and without a fault. */
final class Course {
  /** RFC 9110 §5.6.7. */
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Long enough for what was sent before to leave in a packet of its own. */
  private static final Duration PACKET = Duration.ofMillis(5);

  private final Reply reply;
  private final Vendor vendor;
  private final List<Step> steps = new ArrayList<>();

  private Course(Reply reply, Vendor vendor) {
    this.reply = reply;
    this.vendor = vendor;
  }

  static List<Step> of(Reply reply, Vendor vendor) {
    return new Course(reply, vendor).clean();
  }

  /**
   * @param now from when a date in a {@code Retry-After} is counted
   */
  static List<Step> of(Reply reply, Vendor vendor, Fault fault, Instant now) {
    return new Course(reply, vendor).broken(fault, now);
  }

  private List<Step> clean() {
    if (!reply.whole()) {
      return begin()
          .send(reply.opening())
          .content(0, size())
          .send(reply.closing())
          .then(new Step.End());
    }
    byte[] body = new Bytes(256).add(reply.content().getFirst()).add(reply.closing()).take();
    return pause().then(new Step.Whole(new Answer(200, reply.type(), body), Map.of()));
  }

  private List<Step> broken(Fault fault, Instant now) {
    int middle = (size() + 1) / 2;
    return switch (fault) {
      case RESET_BEFORE_HEADERS -> pause().then(new Step.Reset());
      case STALL_BEFORE_HEADERS -> then(new Step.Stall());
      case STATUS_401,
          STATUS_403,
          STATUS_404,
          STATUS_429_SECONDS,
          STATUS_429_DATE,
          STATUS_429_MS,
          STATUS_429_RESET,
          STATUS_500,
          STATUS_502,
          STATUS_503,
          STATUS_504,
          STATUS_529 ->
          refuse(fault.trouble().orElseThrow(), headers(fault.hint(), now));
      case ERROR_BODY -> pause().then(new Step.Whole(error(Trouble.OVERLOADED, 200), Map.of()));
      case EMPTY -> begin().then(new Step.End());
      case ERROR_FIRST -> begin().send(reply.error(vendor)).then(new Step.End());
      case ROLE_ONLY -> begin().flush().send(reply.opening()).then(new Step.Stall());
      case STALL_AFTER_HEADERS -> begin().flush().then(new Step.Stall());
      case STALL_MID_STREAM ->
          begin().send(reply.opening()).content(0, middle).then(new Step.Stall());
      case RESET_MID_STREAM ->
          begin().send(reply.opening()).content(0, middle).rest(PACKET).then(new Step.Reset());
      case NO_TERMINAL -> begin().send(reply.opening()).content(0, size()).then(new Step.End());
      case MALFORMED_EVENT ->
          begin()
              .send(reply.opening())
              .content(0, middle)
              .send(malformed(middle < size() ? reply.content().get(middle) : reply.closing()))
              .content(middle + 1, size())
              .send(middle < size() ? reply.closing() : new byte[0])
              .then(new Step.End());
      case ERROR_MID_STREAM ->
          reply.whole()
              ? broken(Fault.ERROR_BODY, now)
              : begin()
                  .send(reply.opening())
                  .content(0, middle)
                  .send(reply.error(vendor))
                  .then(new Step.End());
      case LONG_LINE -> clean();
      case BYTE_BY_BYTE -> cut(false);
      case SPLIT_CHARACTERS -> cut(true);
    };
  }

  private int size() {
    return reply.content().size();
  }

  private Course pause() {
    return rest(reply.delay());
  }

  private Course rest(Duration time) {
    if (!time.isZero()) {
      steps.add(new Step.Wait(time));
    }
    return this;
  }

  private Course begin() {
    pause();
    steps.add(new Step.Begin(reply.type()));
    return this;
  }

  /** Sends the headers, which may otherwise wait for the first bytes. */
  private Course flush() {
    steps.add(new Step.Send(new byte[0]));
    return this;
  }

  private Course send(byte[] bytes) {
    if (bytes.length > 0) {
      steps.add(new Step.Send(bytes));
    }
    return this;
  }

  private Course content(int from, int to) {
    for (int i = from; i < to; i++) {
      if (i > 0) {
        rest(reply.pace());
      }
      send(reply.content().get(i));
    }
    return this;
  }

  private List<Step> then(Step last) {
    steps.add(last);
    return List.copyOf(steps);
  }

  private List<Step> refuse(Trouble trouble, Map<String, String> headers) {
    return pause().then(new Step.Whole(error(trouble, trouble.status()), headers));
  }

  private Answer error(Trouble trouble, int status) {
    return vendor.refusal(trouble, status, trouble.message());
  }

  private Map<String, String> headers(Fault.Hint hint, Instant now) {
    Duration asked = reply.options().duration(Option.RETRY_AFTER);
    return switch (hint) {
      case NONE -> Map.of();
      case SECONDS -> Map.of("retry-after", Long.toString(asked.plusMillis(999).toSeconds()));
      case DATE -> Map.of("retry-after", HTTP_DATE.format(now.plus(asked).plusMillis(999)));
      case MS -> Map.of("retry-after-ms", Long.toString(asked.toMillis()));
      case RESET ->
          Map.of(
              "x-ratelimit-limit-requests", "60",
              "x-ratelimit-remaining-requests", "0",
              "x-ratelimit-reset-requests", asked.toMillis() + "ms",
              "x-ratelimit-limit-tokens", "150000",
              "x-ratelimit-remaining-tokens", "149984",
              "x-ratelimit-reset-tokens", "6ms");
    };
  }

  /** The same without its closing braces, and so never JSON. */
  private static byte[] malformed(byte[] event) {
    var kept = new ByteArrayOutputStream(event.length);
    for (byte one : event) {
      if (one != '}') {
        kept.write(one);
      }
    }
    return kept.toByteArray();
  }

  /**
   * The clean answer in more writes than it needs.
   *
   * @param characters cut only where a character of several bytes goes on
   */
  private List<Step> cut(boolean characters) {
    var cut = new ArrayList<Step>();
    for (Step step : inPieces()) {
      if (!(step instanceof Step.Send sent)) {
        cut.add(step);
        continue;
      }
      byte[] bytes = sent.bytes();
      int from = 0;
      for (int i = 1; i < bytes.length; i++) {
        boolean continues = (bytes[i] & 0xc0) == 0x80 && (bytes[i - 1] & 0xc0) == 0xc0;
        if (!characters || continues) {
          cut.add(new Step.Send(Arrays.copyOfRange(bytes, from, i)));
          from = i;
          if (characters) {
            cut.add(new Step.Wait(PACKET));
          }
        }
      }
      cut.add(new Step.Send(Arrays.copyOfRange(bytes, from, bytes.length)));
    }
    return List.copyOf(cut);
  }

  private List<Step> inPieces() {
    return begin()
        .send(reply.opening())
        .content(0, size())
        .send(reply.closing())
        .then(new Step.End());
  }
}
