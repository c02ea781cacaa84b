package dev.lintel.store;

import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * A day's sums as one value of a table: each word once, deflated. A version that knows more figures
 * reads the rows of one that knows fewer.
 */
final class CostRows {
  private static final int FORM = 1;
  private static final int WORDS = 7;
  private static final int BUFFER = 1 << 14;

  private CostRows() {}

  static byte[] bytes(Map<CostKey, Sums> sums) {
    var words = new LinkedHashMap<String, Integer>();
    sums.keySet()
        .forEach(key -> key.words().forEach(word -> words.putIfAbsent(word, words.size())));
    var bytes = new ByteArrayOutputStream(sums.size() * 40 + 64);
    bytes.write(FORM);
    var deflater = new Deflater(Deflater.BEST_SPEED);
    try (var out =
        new DataOutputStream(
            new BufferedOutputStream(new DeflaterOutputStream(bytes, deflater), BUFFER))) {
      number(out, words.size());
      for (String word : words.keySet()) {
        out.writeUTF(word);
      }
      number(out, Figure.values().length);
      number(out, sums.size());
      for (var one : sums.entrySet()) {
        out.writeBoolean(one.getKey().tagged());
        for (String word : one.getKey().words()) {
          number(out, words.getOrDefault(word, 0));
        }
        for (long figure : one.getValue().all()) {
          number(out, figure);
        }
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    } finally {
      deflater.end();
    }
    return bytes.toByteArray();
  }

  static Map<CostKey, Sums> of(byte[] bytes) {
    if (bytes[0] != FORM) {
      throw new IllegalStateException("The costs of calls were written by a newer version.");
    }
    try (var in =
        new DataInputStream(
            new BufferedInputStream(
                new InflaterInputStream(new ByteArrayInputStream(bytes, 1, bytes.length - 1)),
                BUFFER))) {
      var words = new String[(int) number(in)];
      for (int i = 0; i < words.length; i++) {
        words[i] = in.readUTF();
      }
      int figures = (int) number(in);
      int rows = (int) number(in);
      var sums = HashMap.<CostKey, Sums>newHashMap(rows);
      for (int row = 0; row < rows; row++) {
        boolean tagged = in.readBoolean();
        var named = new String[WORDS];
        for (int i = 0; i < WORDS; i++) {
          named[i] = words[(int) number(in)];
        }
        var all = new long[figures];
        for (int i = 0; i < figures; i++) {
          all[i] = number(in);
        }
        sums.put(
            new CostKey(
                named[0], named[1], named[2], named[3], named[4], named[5], tagged, named[6]),
            new Sums(all));
      }
      return sums;
    } catch (IOException torn) {
      throw new UncheckedIOException(torn);
    }
  }

  /** Seven bits a byte, the lowest first. */
  private static void number(DataOutputStream out, long number) throws IOException {
    long rest = number;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private static long number(DataInputStream in) throws IOException {
    long number = 0;
    int shift = 0;
    int next;
    do {
      next = in.readUnsignedByte();
      number |= (next & 0x7fL) << shift;
      shift += 7;
    } while (next >= 0x80);
    return number;
  }
}
