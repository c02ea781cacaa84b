package dev.lintel.store;

import dev.lintel.AuditTrail.Leaf;
import dev.lintel.Whose;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/** How the leaves of one entry lie in a row: first whose they are, each once, then each leaf. */
final class Leaves {
  private static final int DIGEST = 32;

  private Leaves() {}

  static byte[] written(List<Leaf> leaves) {
    var whose = new LinkedHashMap<Whose, Integer>();
    leaves.forEach(leaf -> whose.putIfAbsent(leaf.whose(), whose.size()));
    var bytes = new ByteArrayOutputStream(64 * leaves.size() + 64);
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(whose.size());
      for (Whose one : whose.keySet()) {
        out.writeUTF(cut(one.tenant()));
        out.writeUTF(cut(one.app()));
        out.writeUTF(cut(one.useCase()));
      }
      out.writeInt(leaves.size());
      for (Leaf leaf : leaves) {
        out.writeUTF(leaf.id());
        out.writeInt(whose.getOrDefault(leaf.whose(), 0));
        out.write(leaf.digest());
      }
    } catch (IOException inMemory) {
      throw new UncheckedIOException(inMemory);
    }
    return bytes.toByteArray();
  }

  /** Empty where it was changed to what makes no sense. */
  static List<Leaf> read(byte[] bytes) {
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      var whose = new ArrayList<Whose>();
      for (int left = in.readInt(); left > 0; left--) {
        whose.add(new Whose(in.readUTF(), in.readUTF(), in.readUTF()));
      }
      var leaves = new ArrayList<Leaf>();
      for (int left = in.readInt(); left > 0; left--) {
        String id = in.readUTF();
        Whose its = whose.get(in.readInt());
        byte[] digest = in.readNBytes(DIGEST);
        if (digest.length < DIGEST) {
          throw new EOFException();
        }
        leaves.add(new Leaf(id, its, digest));
      }
      return leaves;
    } catch (IOException | IndexOutOfBoundsException changed) {
      return List.of();
    }
  }

  /** A use case is a caller's own word, of whatever length. */
  static String cut(String text) {
    return text.length() <= 1000 ? text : text.substring(0, 1000);
  }
}
