package dev.lintel.trace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;

/**
 * Writes messages in protocol buffers' wire format, field by field
 * (https://protobuf.dev/programming-guides/encoding).
 */
final class Protobuf {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final int MORE = 0x80;

  private byte[] bytes = new byte[1 << 12];
  private int size;

  byte[] bytes() {
    return Arrays.copyOf(bytes, size);
  }

  void number(int field, long value) {
    varint((long) field << 3 | VARINT);
    varint(value);
  }

  void fixed64(int field, long value) {
    varint((long) field << 3 | FIXED64);
    little(value, Long.BYTES);
  }

  void fixed32(int field, int value) {
    varint((long) field << 3 | FIXED32);
    little(value, Integer.BYTES);
  }

  void text(int field, String value) {
    blob(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** What those hexadecimal digits stand for. */
  void hex(int field, String digits) {
    blob(field, HexFormat.of().parseHex(digits));
  }

  /** A message in this one. Its length stands before it, and is known after it. */
  void message(int field, Consumer<Protobuf> inner) {
    varint((long) field << 3 | BYTES);
    int start = size;
    inner.accept(this);
    int length = size - start;
    int places = 1;
    for (int rest = length >>> 7; rest > 0; rest >>>= 7) {
      places++;
    }
    room(places);
    System.arraycopy(bytes, start, bytes, start + places, length);
    size = start;
    varint(length);
    size += length;
  }

  private void blob(int field, byte[] value) {
    varint((long) field << 3 | BYTES);
    varint(value.length);
    room(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
  }

  private void varint(long value) {
    room(10);
    long rest = value;
    while ((rest & -MORE) != 0) {
      bytes[size++] = (byte) (rest & 0x7f | MORE);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  private void little(long value, int length) {
    room(length);
    for (int i = 0; i < length; i++) {
      bytes[size++] = (byte) (value >>> (8 * i));
    }
  }

  private void room(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }
}
