package dev.lintel.journal;

import dev.lintel.CallRecord;
import dev.lintel.Counters;
import dev.lintel.Json;
import dev.lintel.Records;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import tools.jackson.core.JsonGenerator;

/**
 * Words entries, one after the other, into a buffer that it keeps: the length of the record's JSON,
 * the JSON, or none, and the charges. For one thread at a time.
 */
final class Pen extends OutputStream {
  /** A buffer that has grown beyond it is not kept. */
  private static final int USUAL = 1 << 16;

  /** So many targets of a decision are kept where all of them would be too long for an entry. */
  private static final int FEWER = 20;

  final CRC32C sum = new CRC32C();
  private byte[] buffer = new byte[1 << 12];
  private int used;

  /** Returns whether it can be written: a record may be longer than an entry may be. */
  boolean write(CallRecord record, String when, List<Counters.Charge> charges) {
    record(record, when, Integer.MAX_VALUE);
    if (used > Segment.LONGEST / 2) {
      record(record, when, FEWER);
    }
    return end(charges);
  }

  /** The same without a record. */
  boolean write(List<Counters.Charge> charges) {
    used = 4;
    return end(charges);
  }

  private boolean end(List<Counters.Charge> charges) {
    set(0, used - 4);
    for (Counters.Charge charge : charges) {
      text(charge.account());
      number(charge.period().getEpochSecond());
      number(charge.amount());
    }
    return used <= Segment.LONGEST;
  }

  private void record(CallRecord record, String when, int most) {
    used = 4;
    try (JsonGenerator json = Json.MAPPER.createGenerator(this)) {
      record.write(json, when, most);
    }
  }

  byte[] buffer() {
    return buffer;
  }

  int used() {
    return used;
  }

  /** Gives back what an unusual entry took. */
  void rest() {
    if (buffer.length > USUAL) {
      buffer = new byte[1 << 12];
    }
  }

  /** What {@link #write} wrote. */
  static Records.Entry read(long position, ByteBuffer in) {
    var json = new byte[in.getInt()];
    in.get(json);
    var charges = new ArrayList<Counters.Charge>(in.hasRemaining() ? 4 : 0);
    while (in.hasRemaining()) {
      var account = new byte[in.getInt()];
      in.get(account);
      charges.add(
          new Counters.Charge(
              new String(account, StandardCharsets.UTF_8),
              Instant.ofEpochSecond(in.getLong()),
              in.getLong()));
    }
    return new Records.Entry(position, json, charges);
  }

  @Override
  public void write(int one) {
    room(1);
    buffer[used++] = (byte) one;
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    room(length);
    System.arraycopy(bytes, from, buffer, used, length);
    used += length;
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    room(4);
    set(used, bytes.length);
    used += 4;
    write(bytes, 0, bytes.length);
  }

  private void number(long number) {
    room(8);
    set(used, (int) (number >>> 32));
    set(used + 4, (int) number);
    used += 8;
  }

  private void set(int at, int number) {
    buffer[at] = (byte) (number >>> 24);
    buffer[at + 1] = (byte) (number >>> 16);
    buffer[at + 2] = (byte) (number >>> 8);
    buffer[at + 3] = (byte) number;
  }

  private void room(int more) {
    if (buffer.length - used < more) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, used + more));
    }
  }
}
