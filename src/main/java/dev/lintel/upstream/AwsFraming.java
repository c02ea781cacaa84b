package dev.lintel.upstream;

import dev.lintel.AwsEvent;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the messages of AWS's binary event stream ({@link AwsEvent}) out of bytes as they arrive, in
 * pieces of any size, and checks both of their checksums.
 *
 * <p>A frame's event is the message's {@code :event-type}; of an exception it is {@code exception/}
 * and its {@code :exception-type}, of an error without a model {@code error/} and its {@code
 * :error-code}, with the error's message as JSON.
 */
public final class AwsFraming implements Framing {
  /** AWS's own bound on a message: https://smithy.io/2.0/aws/amazon-eventstream.html. */
  private static final int LONGEST = 24 << 20;

  private static final int LONGEST_HEADERS = 128 << 10;

  private static final byte[] EMPTY = {};

  private final String dialect;
  private byte[] bytes = EMPTY;
  private int at;
  private int end;

  /** Whether no frame points into the array yet, so that more may be added to it. */
  private boolean own;

  private boolean ended;

  public AwsFraming(String dialect) {
    this.dialect = dialect;
  }

  @Override
  public void put(byte[] more) {
    int left = end - at;
    if (left == 0) {
      bytes = more;
      at = 0;
      end = more.length;
      own = false;
      return;
    }
    if (!own || bytes.length - end < more.length) {
      // As large as the message under way, so that a long one is not copied at each piece.
      int wanted = left < AwsEvent.PRELUDE ? 0 : length();
      byte[] larger = new byte[Math.max(left + more.length, wanted)];
      System.arraycopy(bytes, at, larger, 0, left);
      bytes = larger;
      own = true;
      at = 0;
      end = left;
    }
    System.arraycopy(more, 0, bytes, end, more.length);
    end += more.length;
  }

  @Override
  public void end() {
    ended = true;
  }

  @Override
  public @Nullable Frame next() {
    int there = end - at;
    if (there >= AwsEvent.PRELUDE) {
      int length = length();
      int headers = ByteBuffer.wrap(bytes).getInt(at + 4);
      check(length, headers);
      if (there >= length) {
        Frame frame = frame(length, headers);
        at += length;
        own = false;
        return frame;
      }
    }
    if (ended && there > 0) {
      throw nonsense("an event stream that ends within a message");
    }
    return null;
  }

  private int length() {
    return ByteBuffer.wrap(bytes).getInt(at);
  }

  /** Before anything is kept for it: what is no event stream must not fill the memory. */
  private void check(int length, int headers) {
    if (crc(8) != ByteBuffer.wrap(bytes).getInt(at + 8)) {
      throw nonsense("something that is no AWS event stream: the checksum of a length is wrong");
    }
    if (length > LONGEST || headers < 0 || headers > LONGEST_HEADERS) {
      throw nonsense("an event that is longer than AWS allows");
    }
    if (length - headers < AwsEvent.FRAME) {
      throw nonsense("an event that is longer than its length");
    }
  }

  private Frame frame(int length, int headersLength) {
    if (crc(length - 4) != ByteBuffer.wrap(bytes).getInt(at + length - 4)) {
      throw nonsense("an event whose checksum is wrong");
    }
    int payload = at + AwsEvent.PRELUDE + headersLength;
    var headers = new Headers(at + AwsEvent.PRELUDE, payload);
    int payloadLength = length - headersLength - AwsEvent.FRAME;
    return switch (headers.messageType) {
      case "event" ->
          new Frame(
              dialect, false, headers.eventType, bytes, payload, payloadLength, bytes, at, length);
      case "exception" ->
          new Frame(
              dialect,
              false,
              "exception/" + headers.exceptionType,
              bytes,
              payload,
              payloadLength,
              bytes,
              at,
              length);
      case "error" -> {
        byte[] data = Json.bytes(Json.object().put("message", headers.errorMessage));
        yield new Frame(
            dialect, false, "error/" + headers.errorCode, data, 0, data.length, bytes, at, length);
      }
      default -> throw nonsense("an event of an unknown type");
    };
  }

  /** Those of a message's headers that say what it is. */
  private final class Headers {
    private static final byte[] MESSAGE_TYPE = ":message-type".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENT_TYPE = ":event-type".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXCEPTION = ":exception-type".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR_CODE = ":error-code".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR = ":error-message".getBytes(StandardCharsets.US_ASCII);

    private final int end;
    private String messageType = "event";
    private String eventType = "";
    private String exceptionType = "";
    private String errorCode = "";
    private String errorMessage = "";

    Headers(int from, int end) {
      this.end = end;
      int next = from;
      while (next < end) {
        int name = next + 1;
        int type = name + (bytes[next] & 0xff);
        if (type >= end) {
          throw broken();
        }
        int value = type + 1;
        next = after(bytes[type], value);
        if (next > end) {
          throw broken();
        }
        if (bytes[type] == AwsEvent.TEXT) {
          read(name, type, value + 2, next);
        }
      }
    }

    private void read(int name, int nameEnd, int value, int to) {
      if (is(MESSAGE_TYPE, name, nameEnd)) {
        messageType = text(value, to);
      } else if (is(EVENT_TYPE, name, nameEnd)) {
        eventType = text(value, to);
      } else if (is(EXCEPTION, name, nameEnd)) {
        exceptionType = text(value, to);
      } else if (is(ERROR_CODE, name, nameEnd)) {
        errorCode = text(value, to);
      } else if (is(ERROR, name, nameEnd)) {
        errorMessage = text(value, to);
      }
    }

    private boolean is(byte[] word, int from, int to) {
      return Arrays.equals(word, 0, word.length, bytes, from, to);
    }

    private String text(int from, int to) {
      return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /** Where a value of that type ends; every type of the specification has its own length. */
    private int after(int type, int value) {
      return switch (type) {
        case 0, 1 -> value;
        case 2 -> value + 1;
        case 3 -> value + 2;
        case 4 -> value + 4;
        case 5, 8 -> value + 8;
        case 9 -> value + 16;
        case 6, AwsEvent.TEXT -> {
          if (value + 2 > end) {
            throw broken();
          }
          yield value + 2 + ((bytes[value] & 0xff) << 8 | (bytes[value + 1] & 0xff));
        }
        default -> throw broken();
      };
    }

    private Failure broken() {
      return nonsense("an event whose headers make no sense");
    }
  }

  /** Of that many bytes of the message under way. */
  private int crc(int length) {
    var crc = new CRC32();
    crc.update(bytes, at, length);
    return (int) crc.getValue();
  }

  private static Failure nonsense(String what) {
    return Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider sent " + what + ".");
  }
}
