package bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads HTTP/1.1 messages, requests or replies, out of bytes that arrive in pieces of any size. A
 * message that says nothing of its length has no body.
 */
abstract class Incoming {
  private enum State {
    HEAD,
    LENGTH,
    SIZE,
    EXTENSION,
    CHUNK,
    CHUNK_END,
    TRAILER
  }

  private static final byte[] NOTHING = {};
  private static final byte[] CONTENT_LENGTH = "content-length".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRANSFER_ENCODING =
      "transfer-encoding".getBytes(StandardCharsets.US_ASCII);

  private State state = State.HEAD;
  private byte[] held = NOTHING;
  private int heldLength;
  private long left;
  private int trailerLine;

  /** The request line or status line. */
  abstract void start(byte[] bytes, int from, int to);

  /** Some more of the body, without its chunk framing. */
  abstract void body(byte[] bytes, int from, int to);

  /** The message is complete. */
  abstract void end();

  final void feed(byte[] bytes, int from, int to) {
    int i = from;
    while (i < to) {
      switch (state) {
        case HEAD -> i = head(bytes, i, to);
        case LENGTH, CHUNK -> {
          int n = (int) Math.min(left, to - i);
          body(bytes, i, i + n);
          i += n;
          left -= n;
          if (left == 0) {
            if (state == State.LENGTH) {
              finish();
            } else {
              state = State.CHUNK_END;
            }
          }
        }
        case SIZE, EXTENSION -> {
          byte c = bytes[i++];
          if (c == '\n') {
            state = left == 0 ? State.TRAILER : State.CHUNK;
            trailerLine = 0;
          } else if (c == ';') {
            state = State.EXTENSION;
          } else if (state == State.SIZE && c != '\r') {
            left = left * 16 + Character.digit(c, 16);
          }
        }
        case CHUNK_END -> {
          if (bytes[i++] == '\n') {
            state = State.SIZE;
          }
        }
        case TRAILER -> {
          byte c = bytes[i++];
          if (c == '\n' && trailerLine == 0) {
            finish();
          } else if (c == '\n') {
            trailerLine = 0;
          } else if (c != '\r') {
            trailerLine++;
          }
        }
      }
    }
  }

  private void finish() {
    state = State.HEAD;
    end();
  }

  /** Returns where in {@code bytes} the head ends, or {@code to} where it goes on beyond. */
  private int head(byte[] bytes, int from, int to) {
    if (heldLength == 0) {
      int end = blankLine(bytes, from, to);
      if (end >= 0) {
        parse(bytes, from, end);
        return end;
      }
    }
    int before = heldLength;
    if (held.length < before + to - from) {
      held = Arrays.copyOf(held, Math.max(512, (before + to - from) * 2));
    }
    System.arraycopy(bytes, from, held, before, to - from);
    heldLength += to - from;
    int end = blankLine(held, 0, heldLength);
    if (end < 0) {
      return to;
    }
    byte[] whole = held;
    held = NOTHING;
    heldLength = 0;
    parse(whole, 0, end);
    return from + end - before;
  }

  private static int blankLine(byte[] b, int from, int to) {
    for (int i = from + 3; i < to; i++) {
      if (b[i] == '\n' && b[i - 1] == '\r' && b[i - 2] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  private void parse(byte[] b, int from, int end) {
    long length = 0;
    boolean chunked = false;
    int line = from;
    for (int i = from; i < end; i++) {
      if (b[i] != '\n') {
        continue;
      }
      if (line == from) {
        start(b, from, i - 1);
      } else if (named(b, line, CONTENT_LENGTH)) {
        for (int k = line + CONTENT_LENGTH.length + 1; k < i; k++) {
          if (b[k] >= '0' && b[k] <= '9') {
            length = length * 10 + b[k] - '0';
          }
        }
      } else if (named(b, line, TRANSFER_ENCODING)) {
        chunked = true;
      }
      line = i + 1;
    }
    left = chunked ? 0 : length;
    if (chunked) {
      state = State.SIZE;
    } else if (length > 0) {
      state = State.LENGTH;
    } else {
      finish();
    }
  }

  private static boolean named(byte[] b, int at, byte[] name) {
    if ((b[at] | 0x20) != name[0] || b[at + name.length] != ':') {
      return false;
    }
    for (int i = 1; i < name.length; i++) {
      if ((b[at + i] | 0x20) != name[i]) {
        return false;
      }
    }
    return true;
  }
}
