package dev.lintel;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * Trees of hashes, by whose root and few hashes more anybody can see that a leaf is among many: as
 * RFC 6962 (2013), section 2.1, makes them, with SHA-256.
 */
public final class Merkle {
  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private Merkle() {}

  /** One step from a leaf to the root. */
  public record Step(boolean left, byte[] hash) {}

  /** The hash of what a leaf holds. */
  public static byte[] leaf(byte[] held) {
    MessageDigest digest = sha256();
    digest.update(LEAF);
    return digest.digest(held);
  }

  /**
   * @param leaves their hashes, at least one
   */
  public static byte[] root(List<byte[]> leaves) {
    if (leaves.size() == 1) {
      return leaves.getFirst();
    }
    int half = half(leaves.size());
    return node(root(leaves.subList(0, half)), root(leaves.subList(half, leaves.size())));
  }

  /** What leads from that leaf to the root, from below. */
  public static List<Step> path(List<byte[]> leaves, int index) {
    var steps = new ArrayList<Step>();
    path(leaves, index, steps);
    return steps;
  }

  private static void path(List<byte[]> leaves, int index, List<Step> steps) {
    if (leaves.size() == 1) {
      return;
    }
    int half = half(leaves.size());
    List<byte[]> left = leaves.subList(0, half);
    List<byte[]> right = leaves.subList(half, leaves.size());
    if (index < half) {
      path(left, index, steps);
      steps.add(new Step(false, root(right)));
    } else {
      path(right, index - half, steps);
      steps.add(new Step(true, root(left)));
    }
  }

  /** Where those steps lead from a leaf's hash. */
  public static byte[] root(byte[] leaf, List<Step> steps) {
    byte[] at = leaf;
    for (Step step : steps) {
      at = step.left ? node(step.hash, at) : node(at, step.hash);
    }
    return at;
  }

  /** The largest power of two that is smaller. */
  private static int half(int size) {
    return Integer.highestOneBit(size - 1);
  }

  private static byte[] node(byte[] left, byte[] right) {
    MessageDigest digest = sha256();
    digest.update(NODE);
    digest.update(left);
    return digest.digest(right);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
