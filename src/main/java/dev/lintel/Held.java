package dev.lintel;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A body on its way from a caller to a provider. Its beginning stays in memory; the rest is on disk
 * where somebody had to look at it first, and otherwise still to come, to be had once.
 *
 * <p>So a body that is small or on disk can be sent again to another target; a large one that is
 * handed on as it comes, only until its rest has been touched.
 */
public final class Held implements AutoCloseable {
  /** A body up to this size is held whole. */
  public static final int SMALL = 1 << 20;

  /** Of one whose size nobody said, or that is larger, so much and no more is held. */
  private static final int UNKNOWN = 256 << 10;

  private static final int LARGE = 64 << 10;
  private static final int PIECE = 64 << 10;

  /** A run of bytes of a body as it goes out: some of its own, or others in their place. */
  public sealed interface Slice {
    /**
     * @param to {@link Long#MAX_VALUE} for the end
     */
    record Own(long from, long to) implements Slice {}

    record Other(byte[] bytes) implements Slice {}
  }

  private final Upload source;
  private final Spool spool;
  private final long most;
  private byte[] memory;
  private int inMemory;
  private Spool.@Nullable Slot disk;
  private long onDisk;
  private boolean whole;
  private boolean touched;

  public Held(Upload source, Spool spool) {
    this.source = source;
    this.spool = spool;
    long length = source.length();
    boolean small = length >= 0 && length <= SMALL;
    this.most = small ? length + 1 : length < 0 ? UNKNOWN : LARGE;
    this.memory = new byte[small ? (int) length : 0];
  }

  public static Held of(byte[] bytes) {
    var held = new Held(new Given(bytes), Spool.NOWHERE);
    held.memory = bytes;
    held.inMemory = bytes.length;
    held.whole = true;
    return held;
  }

  /** Whether no more fits into memory: what is asked for now goes to disk. */
  public boolean full() {
    return inMemory >= most;
  }

  /** Whether nothing is left to come. */
  public boolean whole() {
    return whole;
  }

  /** Takes the next bytes from the caller, keeps them and shows them; {@code null} at the end. */
  public byte @Nullable [] more() {
    byte[] bytes = whole ? null : source.next();
    if (bytes == null) {
      whole = true;
    } else if (full()) {
      Spool.Slot slot = disk == null ? opened() : disk;
      disk = slot;
      onDisk += bytes.length;
      aside(() -> {
        slot.write(bytes);
        return true;
      });
    } else {
      keep(bytes);
    }
    return bytes;
  }

  /** Reads on until all is there or the memory is full. */
  public Held begin() {
    while (!whole && !full()) {
      more();
    }
    return this;
  }

  /** Whether some of it is on disk. */
  public boolean spooled() {
    return disk != null;
  }

  /** Takes all of it into memory. Throws {@link Failure} {@code PAYLOAD_TOO_LARGE} beyond that. */
  public void gather(int most) {
    while (!whole) {
      byte[] bytes = source.next();
      if (bytes == null) {
        whole = true;
      } else if (inMemory + bytes.length > most) {
        throw Failure.of(
            Failure.Kind.PAYLOAD_TOO_LARGE,
            "The request body is larger than "
                + most
                + " bytes, the most that can be signed for this provider.");
      } else {
        keep(bytes);
      }
    }
  }

  private void keep(byte[] bytes) {
    if (memory.length - inMemory < bytes.length) {
      memory = Arrays.copyOf(memory, Math.max(2 * memory.length, inMemory + bytes.length));
    }
    System.arraycopy(bytes, 0, memory, inMemory, bytes.length);
    inMemory += bytes.length;
  }

  /** All of it, where it is in memory. */
  public byte[] bytes() {
    if (!whole || disk != null) {
      throw new IllegalStateException("the body is not in memory");
    }
    return inMemory == memory.length ? memory : Arrays.copyOf(memory, inMemory);
  }

  /** Whether all of it is in memory. */
  public boolean small() {
    return whole && disk == null;
  }

  /** Of the whole body; -1 where nobody said. */
  public long length() {
    return whole ? inMemory + onDisk : source.length();
  }

  /** The body in that form, from its beginning. */
  public Upload open(List<Slice> slices) {
    return new Sliced(slices);
  }

  /** Gives the disk back. */
  @Override
  public void close() {
    Spool.Slot slot = disk;
    disk = null;
    if (slot != null) {
      // Whoever waited for the bytes may have been interrupted, and would not wait for this.
      Thread.ofVirtual().start(slot::close);
    }
  }

  /** Who leaves meanwhile does not get it, and nobody else would close it. */
  private Spool.Slot opened() {
    var given = new CompletableFuture<Spool.Slot>();
    try {
      return aside(() -> {
        Spool.Slot slot = spool.open();
        if (!given.complete(slot)) {
          slot.close();
        }
        return slot;
      });
    } catch (Failure notHere) {
      if (!given.completeExceptionally(notHere)) {
        Thread.ofVirtual().start(given.join()::close);
      }
      throw notHere;
    }
  }

  /** Disks hold their thread; a call's own carries others, too. */
  private static <T> T aside(Callable<T> work) {
    return CallThread.current().offload(work);
  }

  private final class Sliced implements Upload {
    private final List<Slice> slices;
    private int slice;
    private long at = -1;

    Sliced(List<Slice> slices) {
      this.slices = List.copyOf(slices);
    }

    @Override
    public long length() {
      long all = Held.this.length();
      if (all < 0) {
        return -1;
      }
      long sum = 0;
      for (Slice one : slices) {
        sum +=
            switch (one) {
              case Slice.Own own -> Math.min(own.to, all) - own.from;
              case Slice.Other other -> other.bytes.length;
            };
      }
      return sum;
    }

    @Override
    public boolean repeatable() {
      return !touched;
    }

    @Override
    public byte @Nullable [] next(BooleanSupplier enough) {
      while (slice < slices.size()) {
        switch (slices.get(slice)) {
          case Slice.Other other -> {
            slice++;
            if (other.bytes.length > 0) {
              return other.bytes;
            }
          }
          case Slice.Own own -> {
            at = at < 0 ? own.from : at;
            byte[] bytes = at < own.to ? own(own.to, enough) : null;
            if (bytes != null) {
              at += bytes.length;
              return bytes;
            }
            at = -1;
            slice++;
          }
        }
      }
      return null;
    }

    private byte @Nullable [] own(long to, BooleanSupplier enough) {
      if (at < inMemory) {
        int from = (int) at;
        return Arrays.copyOfRange(memory, from, (int) Math.min(Math.min(to, inMemory), at + PIECE));
      }
      if (!whole) {
        // Slices of bytes that are still to come go to the end: nobody knows what is in them.
        touched = true;
        return source.next(enough);
      }
      Spool.Slot slot = disk;
      long left = Math.min(to, inMemory + onDisk) - at;
      return slot == null || left <= 0
          ? null
          : aside(() -> slot.read(at - inMemory, (int) Math.min(left, PIECE)));
    }
  }

  /** Bytes that are all there. */
  private record Given(byte[] bytes) implements Upload {
    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public byte @Nullable [] next(BooleanSupplier enough) {
      return null;
    }
  }
}
