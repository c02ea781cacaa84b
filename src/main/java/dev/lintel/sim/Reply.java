package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Json;
import dev.lintel.ReplyWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The bytes of one answer in the pieces between which something can go wrong.
 *
 * @param whole answered at once unless a fault wants it in pieces
 * @param opening what says nothing yet; empty in a whole reply
 * @param content what answers, piece by piece; the first half of a whole reply
 * @param closing what marks the end; the second half of a whole reply
 * @param delay before anything is sent
 * @param pace between the pieces
 */
record Reply(
    boolean whole,
    String type,
    byte[] opening,
    List<byte[]> content,
    byte[] closing,
    Duration delay,
    Duration pace,
    SimOptions options) {
  private static final BigDecimal SECOND = BigDecimal.valueOf(1_000_000_000);

  static Reply stream(Script script, ReplyWriter writer, Vendor vendor, SimOptions options) {
    var out = new Bytes(256);
    writer.event(script.opening(), out);
    byte[] opening = out.take();
    var content = new ArrayList<byte[]>();
    for (Chunk chunk : script.content()) {
      writer.event(chunk, out);
      if (out.length() > 0) {
        content.add(out.take());
      }
    }
    writer.event(script.closing(), out);
    writer.end(out);
    return new Reply(
        false,
        writer.streamType(),
        opening.length == 0 ? vendor.silence() : opening,
        content,
        out.take(),
        options.duration(Option.TTFT),
        pace(options),
        options);
  }

  static Reply whole(Script script, ReplyWriter writer, SimOptions options) {
    var chunks = new ArrayList<Chunk>();
    chunks.add(script.opening());
    chunks.addAll(script.content());
    chunks.add(script.closing());
    return whole(writer.whole(chunks), script.content().size(), options);
  }

  /**
   * A whole reply, which takes as long as its tokens would.
   *
   * @param tokens how many it stands for
   */
  static Reply whole(byte[] body, int tokens, SimOptions options) {
    return whole(Answer.JSON, body, pace(options).multipliedBy(tokens), options);
  }

  /** A whole reply of another type. */
  static Reply whole(String type, byte[] body, SimOptions options) {
    return whole(type, body, Duration.ZERO, options);
  }

  private static Reply whole(String type, byte[] body, Duration time, SimOptions options) {
    int half = body.length / 2;
    return new Reply(
        true,
        type,
        new byte[0],
        List.of(Arrays.copyOf(body, half)),
        Arrays.copyOfRange(body, half, body.length),
        options.duration(Option.TTFT).plus(time),
        Duration.ZERO,
        options);
  }

  /** A reply that is no chat's and comes piece by piece. */
  static Reply live(String type, List<byte[]> content, byte[] closing, SimOptions options) {
    return new Reply(
        false,
        type,
        new byte[0],
        content,
        closing,
        options.duration(Option.TTFT),
        pace(options),
        options);
  }

  /** The same as Bedrock's InvokeModel streams it: each event in base64 within one of AWS's. */
  Reply invoked() {
    return new Reply(
        whole,
        AwsEvent.STREAM,
        invoked(opening),
        content.stream().map(Reply::invoked).toList(),
        invoked(closing),
        delay,
        pace,
        options);
  }

  private static byte[] invoked(byte[] events) {
    var out = new Bytes(events.length * 2);
    for (String event : new String(events, StandardCharsets.UTF_8).split("\n\n", -1)) {
      int data = event.indexOf("data: ");
      if (data >= 0) {
        byte[] json = event.substring(data + 6).getBytes(StandardCharsets.UTF_8);
        String bytes = Base64.getEncoder().encodeToString(json);
        AwsEvent.named("chunk").write(Json.bytes(Json.object().put("bytes", bytes)), out);
      }
    }
    return out.take();
  }

  /** What the vendor sends in such a reply to say that it fails. */
  byte[] error(Vendor vendor) {
    return whole
        ? Json.bytes(vendor.error(Trouble.OVERLOADED, Trouble.OVERLOADED.message()))
        : vendor.errorEvent(Trouble.OVERLOADED);
  }

  private static Duration pace(SimOptions options) {
    BigDecimal rate = options.number(Option.TOKENS_PER_SECOND);
    return rate.signum() <= 0
        ? Duration.ZERO
        : Duration.ofNanos(SECOND.divide(rate, 0, RoundingMode.HALF_UP).longValue());
  }
}
