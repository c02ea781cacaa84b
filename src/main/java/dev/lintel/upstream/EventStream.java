package dev.lintel.upstream;

import dev.lintel.Failure;
import dev.lintel.Frame;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Cuts server-sent events out of bytes as they arrive, in pieces of any size: WHATWG HTML §9.2.6,
 * with lines that end in LF, CRLF or CR, {@code data:} with and without a space, several data
 * lines, comments, and a last event without its blank line.
 *
 * <p>Frames point into the arrays that were put in where they can, so those must not change
 * afterwards.
 */
public final class EventStream implements Framing {
  /** A provider that never ends its line must not fill the memory. */
  private static final int LONGEST_EVENT = 64 << 20;

  private static final byte[] EMPTY = {};

  private final String dialect;
  private byte[] bytes = EMPTY;
  private int event;
  private int line;
  private int scanned;
  private int end;
  private boolean own;
  private boolean ended;

  /**
   * The data of the event under way: one line is a place in {@code bytes}, relative to {@code
   * event}.
   */
  private int dataOffset = -1;

  private int dataLength;
  private @Nullable StringBuilder joined;
  private String name = "";

  public EventStream(String dialect) {
    this.dialect = dialect;
  }

  /**
   * Takes the next bytes, which now belong to the stream's frames. Call {@link #next} until it is
   * empty before more.
   */
  @Override
  public void put(byte[] more) {
    int left = end - event;
    if (left == 0) {
      bytes = more;
      own = false;
      event = 0;
      line = 0;
      scanned = 0;
      end = more.length;
      return;
    }
    if (left + (long) more.length > LONGEST_EVENT) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider sent an event longer than 64 MB.");
    }
    if (!own || bytes.length - end < more.length) {
      byte[] larger = new byte[Math.max(1024, Math.max(left + more.length, 2 * left))];
      System.arraycopy(bytes, event, larger, 0, left);
      bytes = larger;
      own = true;
      line -= event;
      scanned -= event;
      end = left;
      event = 0;
    }
    System.arraycopy(more, 0, bytes, end, more.length);
    end += more.length;
  }

  /** No more bytes will come: what stands there is the last event. */
  @Override
  public void end() {
    ended = true;
  }

  /** The next whole event that has data, or {@code null} until more bytes come. */
  @Override
  public @Nullable Frame next() {
    while (true) {
      int stop = scanned;
      while (stop < end && bytes[stop] != '\n' && bytes[stop] != '\r') {
        stop++;
      }
      scanned = stop;
      if (stop == end) {
        return ended ? last() : null;
      }
      int after = stop + 1;
      if (bytes[stop] == '\r') {
        if (after == end && !ended) {
          return null;
        }
        if (after < end && bytes[after] == '\n') {
          after++;
        }
      }
      if (stop == line) {
        Frame frame = dispatch(after - event);
        line = after;
        scanned = after;
        event = after;
        if (frame != null) {
          return frame;
        }
      } else {
        field(line, stop);
        line = after;
        scanned = after;
      }
    }
  }

  private @Nullable Frame last() {
    if (line < end) {
      field(line, end);
    }
    // Without its blank line an event cannot be passed on as it stands.
    Frame frame = dispatch(0);
    event = end;
    line = end;
    scanned = end;
    return frame;
  }

  private void field(int from, int to) {
    if (startsWith(from, to, "data")) {
      int value = valueAt(from + 4, to);
      if (value < 0) {
        return;
      }
      if (dataOffset < 0) {
        dataOffset = value - event;
        dataLength = to - value;
      } else {
        if (joined == null) {
          joined = new StringBuilder(text(event + dataOffset, event + dataOffset + dataLength));
        }
        joined.append('\n').append(text(value, to));
      }
    } else if (startsWith(from, to, "event")) {
      int value = valueAt(from + 5, to);
      if (value >= 0) {
        name = text(value, to);
      }
    }
  }

  /** Where the field's value begins; -1 where the name goes on and is another one. */
  private int valueAt(int at, int to) {
    if (at == to) {
      return to;
    }
    if (bytes[at] != ':') {
      return -1;
    }
    int value = at + 1;
    return value < to && bytes[value] == ' ' ? value + 1 : value;
  }

  private boolean startsWith(int from, int to, String word) {
    if (to - from < word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (bytes[from + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private @Nullable Frame dispatch(int rawLength) {
    if (dataOffset < 0) {
      name = "";
      return null;
    }
    Frame frame;
    StringBuilder lines = joined;
    if (lines != null) {
      byte[] data = lines.toString().getBytes(StandardCharsets.UTF_8);
      frame = new Frame(dialect, false, name, data, 0, data.length, bytes, event, rawLength);
    } else {
      frame =
          new Frame(
              dialect, false, name, bytes, event + dataOffset, dataLength, bytes, event, rawLength);
    }
    dataOffset = -1;
    dataLength = 0;
    joined = null;
    name = "";
    if (own) {
      // The frame keeps this array: what follows moves to one of its own at the next put.
      own = false;
    }
    return frame;
  }

  private String text(int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }
}
