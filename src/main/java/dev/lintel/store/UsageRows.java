package dev.lintel.store;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Sums of calls as one value of a table: each word once, numbers as short as they are, deflated. To
 * write and to read so many as rows of their own takes a database thirty times as long.
 */
final class UsageRows {
  private static final int FORM = 1;
  private static final int WORDS = UsageKey.NAMES.size();
  private static final int SUMS = UsageSum.COLUMNS.size();
  private static final long MINUTE = Duration.ofMinutes(1).toMillis();

  private final String[] words;
  private final long[] numbers;
  private final int rows;

  private UsageRows(String[] words, long[] numbers, int rows) {
    this.words = words;
    this.numbers = numbers;
    this.rows = rows;
  }

  /** Of sums whose starts are whole minutes. */
  static byte[] bytes(Map<UsageKey, UsageSum> sums) {
    var known = new LinkedHashMap<String, Integer>();
    var rows = new Out(sums.size() * 32);
    long first = sums.keySet().stream().mapToLong(UsageKey::start).min().orElse(0) / MINUTE;
    sums.forEach((key, sum) -> {
      rows.number(key.start() / MINUTE - first);
      for (String word : key.words()) {
        rows.number(known.computeIfAbsent(word, next -> known.size()));
      }
      for (long one : sum.all()) {
        rows.number(one);
      }
    });
    var head = new Out(known.size() * 16 + 32);
    head.number(first);
    head.number(known.size());
    for (String word : known.keySet()) {
      byte[] text = word.getBytes(StandardCharsets.UTF_8);
      head.number(text.length);
      head.bytes(text);
    }
    head.number(sums.size());
    return deflated(head, rows);
  }

  private static byte[] deflated(Out head, Out rows) {
    var all = new ByteArrayOutputStream((head.length + rows.length) / 2 + 64);
    var deflater = new Deflater(Deflater.BEST_SPEED);
    try (var data = new DataOutputStream(all)) {
      data.writeByte(FORM);
      data.writeInt(head.length + rows.length);
      var some = new byte[16_384];
      deflater.setInput(head.bytes, 0, head.length);
      while (!deflater.needsInput()) {
        data.write(some, 0, deflater.deflate(some));
      }
      deflater.setInput(rows.bytes, 0, rows.length);
      deflater.finish();
      while (!deflater.finished()) {
        data.write(some, 0, deflater.deflate(some));
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    } finally {
      deflater.end();
    }
    return all.toByteArray();
  }

  static UsageRows of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.get() != FORM) {
      throw new IllegalStateException("The sums of calls were written by a newer version.");
    }
    var inflated = new byte[in.getInt()];
    var inflater = new Inflater();
    try {
      inflater.setInput(in);
      int done = 0;
      while (done < inflated.length) {
        int some = inflater.inflate(inflated, done, inflated.length - done);
        if (some == 0) {
          throw new IllegalStateException("The sums of calls end too early.");
        }
        done += some;
      }
    } catch (DataFormatException broken) {
      throw new IllegalStateException("The sums of calls are torn.", broken);
    } finally {
      inflater.end();
    }
    return read(new In(inflated));
  }

  private static UsageRows read(In in) {
    long first = in.number();
    var words = new String[(int) in.number()];
    for (int i = 0; i < words.length; i++) {
      words[i] = in.text((int) in.number());
    }
    int rows = (int) in.number();
    var numbers = new long[rows * (1 + WORDS + SUMS)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = in.number();
      if (i % (1 + WORDS + SUMS) == 0) {
        numbers[i] = (numbers[i] + first) * MINUTE;
      }
    }
    return new UsageRows(words, numbers, rows);
  }

  int size() {
    return rows;
  }

  /** All that its rows name, each once. */
  List<String> words() {
    return List.of(words);
  }

  long start(int row) {
    return numbers[row * (1 + WORDS + SUMS)];
  }

  /** The place among {@link #words} of a row's word in that column. */
  int word(int row, int column) {
    return (int) numbers[row * (1 + WORDS + SUMS) + 1 + column];
  }

  UsageSum sum(int row) {
    return UsageSum.of(numbers, row * (1 + WORDS + SUMS) + 1 + WORDS);
  }

  /** Of all rows. */
  long calls() {
    long calls = 0;
    for (int row = 0; row < rows; row++) {
      calls += numbers[row * (1 + WORDS + SUMS) + 1 + WORDS];
    }
    return calls;
  }

  /** Adds a row's sums to those that are there. */
  void addTo(int row, long[] sums) {
    int from = row * (1 + WORDS + SUMS) + 1 + WORDS;
    for (int i = 0; i < SUMS; i++) {
      sums[i] = Math.addExact(sums[i], numbers[from + i]);
    }
  }

  /** Adds every row to those that are there, of spans of that length. */
  void addTo(Map<UsageKey, UsageSum> sums, long length) {
    for (int row = 0; row < rows; row++) {
      var named = new String[WORDS];
      for (int column = 0; column < WORDS; column++) {
        named[column] = words[word(row, column)];
      }
      long start = start(row);
      UsageKey key = UsageKey.of(start - Math.floorMod(start, length), List.of(named));
      UsageKey.merge(sums, key, sum(row));
    }
  }

  /** The same calls by longer spans. */
  static Map<UsageKey, UsageSum> coarser(Map<UsageKey, UsageSum> sums, long length) {
    var coarser = HashMap.<UsageKey, UsageSum>newHashMap(sums.size());
    sums.forEach((key, sum) ->
        UsageKey.merge(coarser, key.from(key.start() - Math.floorMod(key.start(), length)), sum));
    return coarser;
  }

  private static final class Out {
    private byte[] bytes;
    private int length;

    Out(int capacity) {
      bytes = new byte[Math.max(64, capacity)];
    }

    private void room(int more) {
      if (length + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
      }
    }

    /** Seven bits a byte, the lowest first. */
    void number(long number) {
      room(10);
      long rest = number;
      while ((rest & ~0x7fL) != 0) {
        bytes[length++] = (byte) (rest | 0x80);
        rest >>>= 7;
      }
      bytes[length++] = (byte) rest;
    }

    void bytes(byte[] some) {
      room(some.length);
      System.arraycopy(some, 0, bytes, length, some.length);
      length += some.length;
    }
  }

  private static final class In {
    private final byte[] bytes;
    private int at;

    In(byte[] bytes) {
      this.bytes = bytes;
    }

    long number() {
      byte next = bytes[at++];
      long number = next & 0x7f;
      for (int shift = 7; next < 0; shift += 7) {
        next = bytes[at++];
        number |= (next & 0x7fL) << shift;
      }
      return number;
    }

    String text(int length) {
      at += length;
      return new String(bytes, at - length, length, StandardCharsets.UTF_8);
    }
  }
}
