package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing run of bytes on its way to a socket. Not safe for more than one thread. */
public final class Bytes {
  private static final byte[] NONE = {};

  private byte[] array;
  private int length;
  private int usual;

  public Bytes(int capacity) {
    array = new byte[capacity];
  }

  public Bytes add(byte[] source, int offset, int count) {
    room(count);
    System.arraycopy(source, offset, array, length, count);
    length += count;
    return this;
  }

  public Bytes add(byte[] source) {
    return add(source, 0, source.length);
  }

  /** Adds the text in UTF-8. */
  public Bytes add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  public int length() {
    return length;
  }

  /** The bytes so far; this run is empty afterwards, and its next array about as large. */
  public byte[] take() {
    byte[] taken = length == array.length ? array : Arrays.copyOf(array, length);
    array = NONE;
    usual = Math.min(length, 4096);
    length = 0;
    return taken;
  }

  private void room(int count) {
    int needed = Math.addExact(length, count);
    if (needed > array.length) {
      array =
          Arrays.copyOf(
              array,
              Math.max(
                  Math.max(needed, usual),
                  (int) Math.min(Integer.MAX_VALUE - 8L, array.length * 2L)));
    }
  }
}
