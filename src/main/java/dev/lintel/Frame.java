package dev.lintel;

import java.nio.charset.StandardCharsets;

/**
 * The provider's own bytes of one event, or of a whole reply.
 *
 * @param dialect whose words they are; empty where nobody knows
 * @param whole a whole reply; else one event of a stream
 * @param event the event's name in the event stream, empty where it has none
 * @param dataOffset where the event's JSON begins in {@code data}
 * @param rawOffset where the event begins in {@code raw}, its framing included and its closing
 *     blank line, so that it may be passed on as it stands; {@code rawLength} is 0 where that
 *     cannot be
 */
public record Frame(
    String dialect,
    boolean whole,
    String event,
    byte[] data,
    int dataOffset,
    int dataLength,
    byte[] raw,
    int rawOffset,
    int rawLength) {

  private static final byte[] EMPTY = {};

  /** No bytes: the chunk was made or changed by the gateway. */
  public static final Frame NONE = new Frame("", false, "", EMPTY, 0, 0, EMPTY, 0, 0);

  public static Frame whole(String dialect, byte[] body) {
    return new Frame(dialect, true, "", body, 0, body.length, body, 0, body.length);
  }

  /** The event's JSON. */
  public String text() {
    return new String(data, dataOffset, dataLength, StandardCharsets.UTF_8);
  }

  public boolean isEmpty() {
    return dataLength == 0;
  }

  /** Whether a writer of that dialect may send these bytes as one event of its stream. */
  public boolean eventOf(String name) {
    return !whole && rawLength > 0 && dialect.equals(name);
  }

  /** Whether a writer of that dialect may send these bytes as its whole reply. */
  public boolean wholeOf(String name) {
    return whole && dataLength > 0 && dialect.equals(name);
  }
}
