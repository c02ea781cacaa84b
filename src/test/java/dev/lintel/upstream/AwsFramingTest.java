package dev.lintel.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Failure;
import dev.lintel.Frame;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/** Against AWS's own library for its event streams. */
class AwsFramingTest {
  private static Map<String, HeaderValue> type(String type) {
    return Map.of(
        ":message-type", HeaderValue.fromString("event"),
        ":event-type", HeaderValue.fromString(type),
        ":content-type", HeaderValue.fromString("application/json"));
  }

  private static byte[] encoded(Map<String, HeaderValue> headers, String payload) {
    ByteBuffer buffer = new Message(headers, payload.getBytes(UTF_8)).toByteBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static List<Frame> frames(List<byte[]> pieces) {
    var framing = new AwsFraming("bedrock");
    var frames = new ArrayList<Frame>();
    for (byte[] piece : pieces) {
      framing.put(piece);
      for (Frame frame = framing.next(); frame != null; frame = framing.next()) {
        frames.add(frame);
      }
    }
    framing.end();
    assertThat(framing.next()).isNull();
    return frames;
  }

  private static byte[] joined(List<byte[]> arrays) {
    var all = new Bytes(256);
    arrays.forEach(all::add);
    return all.take();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 11, 12, 13, 100, 1000, 100_000})
  void reads_what_aws_writes_in_pieces_of_any_size(int size) {
    var random = new Random(size);
    var messages = new ArrayList<byte[]>();
    var payloads = new ArrayList<String>();
    for (int i = 0; i < 20; i++) {
      String payload = "{\"text\":\"" + "é".repeat(random.nextInt(i == 7 ? 30_000 : 300)) + "\"}";
      payloads.add(payload);
      messages.add(encoded(type("contentBlockDelta"), payload));
    }
    byte[] all = joined(messages);
    var pieces = new ArrayList<byte[]>();
    for (int from = 0; from < all.length; from += size) {
      pieces.add(Arrays.copyOfRange(all, from, Math.min(all.length, from + size)));
    }
    List<Frame> frames = frames(pieces);
    assertThat(frames).extracting(Frame::text).isEqualTo(payloads);
    assertThat(frames).extracting(Frame::event).containsOnly("contentBlockDelta");
    for (int i = 0; i < messages.size(); i++) {
      Frame frame = frames.get(i);
      assertThat(
              Arrays.copyOfRange(
                  frame.raw(), frame.rawOffset(), frame.rawOffset() + frame.rawLength()))
          .isEqualTo(messages.get(i));
    }
  }

  @Test
  void steps_over_headers_of_every_type() {
    var headers = new HashMap<>(type("metadata"));
    headers.put("a", HeaderValue.fromBoolean(true));
    headers.put("b", HeaderValue.fromBoolean(false));
    // No byte and no short: version 1.0.1 of the library leaves their values out.
    headers.put("e", HeaderValue.fromInteger(1));
    headers.put("f", HeaderValue.fromLong(1));
    headers.put("g", HeaderValue.fromByteArray(new byte[] {1, 2, 3}));
    headers.put("i", HeaderValue.fromTimestamp(Instant.EPOCH));
    headers.put("j", HeaderValue.fromUuid(new UUID(1, 2)));
    assertThat(frames(List.of(encoded(headers, "{}"))))
        .singleElement()
        .extracting(Frame::event)
        .isEqualTo("metadata");
  }

  @Test
  void aws_reads_what_is_written() {
    var out = new Bytes(16);
    AwsEvent.named("messageStart").write("{\"role\":\"assistant\"}".getBytes(UTF_8), out);
    AwsEvent.exception("throttlingException").write("{\"message\":\"é\"}".getBytes(UTF_8), out);
    var read = new ArrayList<Message>();
    new MessageDecoder(read::add).feed(out.take());
    assertThat(read).hasSize(2);
    assertThat(read.getFirst().getHeaders())
        .containsEntry(":message-type", HeaderValue.fromString("event"))
        .containsEntry(":event-type", HeaderValue.fromString("messageStart"))
        .containsEntry(":content-type", HeaderValue.fromString("application/json"));
    assertThat(read.getFirst().getPayload()).asString(UTF_8).contains("assistant");
    assertThat(read.getLast().getHeaders())
        .containsEntry(":message-type", HeaderValue.fromString("exception"))
        .containsEntry(":exception-type", HeaderValue.fromString("throttlingException"));
    assertThat(read.getLast().getPayload()).asString(UTF_8).contains("é");
  }

  @Test
  void exceptions_and_errors_are_told_apart_from_events() {
    byte[] exception =
        encoded(
            Map.of(
                ":message-type", HeaderValue.fromString("exception"),
                ":exception-type", HeaderValue.fromString("validationException")),
            "{\"message\":\"no\"}");
    byte[] error =
        encoded(
            Map.of(
                ":message-type", HeaderValue.fromString("error"),
                ":error-code", HeaderValue.fromString("InternalFailure"),
                ":error-message", HeaderValue.fromString("it \"broke\"")),
            "");
    List<Frame> frames = frames(List.of(exception, error));
    assertThat(frames)
        .extracting(Frame::event)
        .containsExactly("exception/validationException", "error/InternalFailure");
    assertThat(frames.getLast().text()).isEqualTo("{\"message\":\"it \\\"broke\\\"\"}");
  }

  @Test
  void any_flipped_bit_is_noticed() {
    byte[] good = encoded(type("messageStop"), "{\"stopReason\":\"end_turn\"}");
    for (int i = 0; i < good.length * 8; i++) {
      byte[] bad = good.clone();
      bad[i / 8] ^= (byte) (1 << (i % 8));
      assertThatThrownBy(() -> frames(List.of(bad)))
          .as("bit " + i)
          .isInstanceOf(Failure.class)
          .hasFieldOrPropertyWithValue("kind", Failure.Kind.UPSTREAM_ERROR);
    }
  }

  @Test
  void what_is_no_event_stream_is_an_upstream_error() {
    for (String text : List.of("{\"message\":\"I am JSON.\"}", "<html>gone</html>", "short")) {
      assertThatThrownBy(() -> frames(List.of(text.getBytes(UTF_8)))).isInstanceOf(Failure.class);
    }
  }

  @Test
  void lengths_are_bounded_before_memory_is_taken() {
    for (int[] lengths : new int[][] {{Integer.MAX_VALUE, 10}, {-1, 10}, {100, -1}, {100, 90}}) {
      byte[] prelude = new byte[12];
      var crc = new CRC32();
      ByteBuffer.wrap(prelude).putInt(lengths[0]).putInt(lengths[1]);
      crc.update(prelude, 0, 8);
      ByteBuffer.wrap(prelude).putInt(8, (int) crc.getValue());
      var framing = new AwsFraming("bedrock");
      framing.put(prelude);
      assertThatThrownBy(framing::next).isInstanceOf(Failure.class);
    }
  }

  @Test
  void a_stream_that_ends_within_a_message_is_broken() {
    byte[] whole = encoded(type("messageStop"), "{}");
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> frames(List.of(cut))).isInstanceOf(Failure.class);
    }
  }
}
